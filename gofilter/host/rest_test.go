package host_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/rest"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// restScript is a core that does what its fields say and records what it was told.
type restScript struct {
	told          []string
	body, request *transcode.Response
	full          bool
	panicAt       string
}

var (
	rewritten = &rest.Message{Body: []byte("rewritten")}
	ownReply  = &transcode.Response{Status: 502}
	broken    = &transcode.Response{Status: 500}
)

func (c *restScript) tell(what string) {
	c.told = append(c.told, what)
	if what == c.panicAt {
		panic("scripted")
	}
}

func (c *restScript) Reset(*config.Bridge, rest.Schemas) { c.tell("reset") }
func (c *restScript) Header(name, value []byte)          { c.tell(string(name) + "=" + string(value)) }
func (c *restScript) Body(part []byte) *transcode.Response {
	c.tell("body " + string(part))
	return c.body
}
func (c *restScript) AnswerHeader(name, value []byte) { c.tell("answer " + string(name)) }
func (c *restScript) Expect(size int)                 { c.tell("expect " + strconv.Itoa(size)) }

func (c *restScript) AnswerBody(part []byte) bool {
	c.tell("answer body " + string(part))
	return !c.full
}
func (c *restScript) Answer() *rest.Message               { c.tell("answer"); return rewritten }
func (c *restScript) AnswerResponse() *transcode.Response { c.tell("answer response"); return ownReply }
func (c *restScript) Broken() *transcode.Response         { return broken }

func (c *restScript) Request() (*rest.Message, *transcode.Response) {
	c.tell("request")
	if c.request != nil {
		return nil, c.request
	}
	return rewritten, nil
}

func TestRest(t *testing.T) {
	refusal := &transcode.Response{Status: 400}
	request := func(c *restScript) host.Rewrite {
		return host.RestRequest(c, nil, nil, head, bytesOf("one", "two"), func(string) {})
	}
	answer := func(own bool) func(c *restScript) host.Rewrite {
		return func(c *restScript) host.Rewrite {
			return host.RestAnswer(c, head, bytesOf("one", "two"), own, func(string) {})
		}
	}
	for name, c := range map[string]struct {
		core restScript
		run  func(*restScript) host.Rewrite
		want host.Rewrite
		told string
	}{
		"request":          {restScript{}, request, host.Rewrite{Message: rewritten, Events: host.Started}, "reset, :path=/a/b, expect 6, body one, body two, request"},
		"refused":          {restScript{request: refusal}, request, host.Rewrite{Response: refusal, Events: host.Started | host.Rejected}, "reset, :path=/a/b, expect 6, body one, body two, request"},
		"body refused":     {restScript{body: refusal}, request, host.Rewrite{Response: refusal, Events: host.Started | host.Rejected}, "reset, :path=/a/b, expect 6, body one"},
		"answer":           {restScript{}, answer(false), host.Rewrite{Message: rewritten}, "answer :path, expect 6, answer body one, answer body two, answer"},
		"large answer":     {restScript{full: true}, answer(true), host.Rewrite{Response: ownReply}, "answer :path, expect 6, answer body one, answer response"},
		"panic in request": {restScript{panicAt: "body one"}, request, host.Rewrite{Response: broken, Events: host.Started | host.Panicked}, "reset, :path=/a/b, expect 6, body one"},
		"panic in answer":  {restScript{panicAt: "answer"}, answer(false), host.Rewrite{Response: broken, Events: host.Panicked}, "answer :path, expect 6, answer body one, answer body two, answer"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, c.run(&c.core)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if told := strings.Join(c.core.told, ", "); told != c.told {
				t.Errorf("told %s, want %s", told, c.told)
			}
		})
	}
}
