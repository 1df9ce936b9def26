package host_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// script is a core that does what its fields say and records what it was told.
type script struct {
	told          []string
	body, request *transcode.Response
	answers       map[string]*transcode.Response // by the bytes that complete them
	sends         map[string]string
	panicAt       string
	outcome       transcode.Outcome
}

func (c *script) tell(what string) {
	c.told = append(c.told, what)
	if what == c.panicAt {
		panic("scripted")
	}
}

func (c *script) Reset(*config.Bridge)      { c.told = nil; c.tell("reset") }
func (c *script) Header(name, value []byte) { c.tell(string(name) + "=" + string(value)) }

func (c *script) Body(part []byte) *transcode.Response {
	c.tell("body " + string(part))
	return c.body
}

func (c *script) Request() ([]byte, *transcode.Response) {
	c.tell("request")
	if c.request != nil {
		return nil, c.request
	}
	return []byte("frame"), nil
}

func (c *script) Upstream(part []byte, end bool) ([]byte, *transcode.Response) {
	c.tell("upstream " + string(part))
	return []byte(c.sends[string(part)]), c.answers[string(part)]
}

func (c *script) Outcome() transcode.Outcome { return c.outcome }

func (c *script) Broken() *transcode.Response {
	return &transcode.Response{Status: http.StatusInternalServerError}
}

func bytesOf(parts ...string) (out [][]byte) {
	for _, p := range parts {
		out = append(out, []byte(p))
	}
	return out
}

var head = []host.Field{{Name: []byte(":path"), Value: []byte("/a/b")}}

func TestAnswer(t *testing.T) {
	answer := &transcode.Response{Status: http.StatusOK}
	core := &script{
		answers: map[string]*transcode.Response{"rest": answer},
		sends:   map[string]string{"heartbeat": "pong", "again": "pang"},
	}
	x := host.NewExchange(core, func(m string) { t.Error(m) })
	got := []host.Step{
		x.Begin(nil, head),
		x.Request(bytesOf("one", "two"), false),
		x.Request(nil, true),
		x.Upstream(bytesOf("heartbeat", "again"), false),
		x.Upstream(bytesOf("rest", "left over"), false),
		x.Upstream(bytesOf("late"), false),
	}
	want := []host.Step{
		{Events: host.Started}, {}, {Send: []byte("frame")}, {Send: []byte("pongpang")}, {Response: answer, Send: []byte{}}, {},
	}
	for i := range want {
		if string(got[i].Send) == "" {
			got[i].Send, want[i].Send = nil, nil
		}
	}
	// A step's bytes are valid only until the next one.
	want[3].Send, got[3].Send = nil, nil
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	told := []string{"reset", ":path=/a/b", "body one", "body two", "request", "upstream heartbeat", "upstream again", "upstream rest"}
	if d := cmp.Diff(told, core.told); d != "" {
		t.Errorf("the core was told (-want +got):\n%s", d)
	}
}

func TestHeartbeatAnswersAreJoined(t *testing.T) {
	x := host.NewExchange(&script{sends: map[string]string{"heartbeat": "pong", "again": "pang"}}, nil)
	x.Begin(nil, head)
	if got := string(x.Upstream(bytesOf("heartbeat", "again"), false).Send); got != "pongpang" {
		t.Errorf("sent %q, want pongpang", got)
	}
}

func TestRejected(t *testing.T) {
	refusal := &transcode.Response{Status: http.StatusBadRequest}
	for name, core := range map[string]*script{"body": {body: refusal}, "request": {request: refusal}} {
		t.Run(name, func(t *testing.T) {
			x := host.NewExchange(core, nil)
			x.Begin(nil, head)
			if d := cmp.Diff(host.Step{Response: refusal, Events: host.Rejected}, x.Request(bytesOf("one"), true)); d != "" {
				t.Errorf("step (-want +got):\n%s", d)
			}
			if d := cmp.Diff(host.Step{}, x.Request(bytesOf("more"), true)); d != "" {
				t.Errorf("after the response (-want +got):\n%s", d)
			}
		})
	}
}

// A provider that broke its protocol may still be sending: its connection is closed before the response is sent.
func TestBrokenProvider(t *testing.T) {
	broken := &transcode.Response{Status: http.StatusBadGateway, Broken: true, Unsafe: true}
	core := &script{answers: map[string]*transcode.Response{"garbage": broken}}
	x := host.NewExchange(core, nil)
	x.Begin(nil, head)
	x.Request(nil, true)
	got := []host.Step{
		x.Upstream(bytesOf("garbage"), false),
		x.Upstream(bytesOf("more"), false),
		x.Upstream(nil, true),
		x.Upstream(nil, true),
	}
	want := []host.Step{{Shut: true, Events: host.Broken}, {}, {Response: broken}, {}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if last := core.told[len(core.told)-1]; last != "upstream garbage" {
		t.Errorf("the core was still told %q", last)
	}
}

// What does not speak Dubbo may never close: nothing waits for it.
func TestNoDubboProvider(t *testing.T) {
	broken := &transcode.Response{Status: http.StatusBadGateway, Broken: true}
	core := &script{answers: map[string]*transcode.Response{"garbage": broken}, sends: map[string]string{"garbage": "ping"}}
	x := host.NewExchange(core, nil)
	x.Begin(nil, head)
	x.Request(nil, true)
	got := []host.Step{x.Upstream(bytesOf("garbage"), false), x.Upstream(bytesOf("more"), false)}
	want := []host.Step{{Send: []byte("ping"), Response: broken, Events: host.Broken}, {}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
}

func TestPanic(t *testing.T) {
	steps := map[string]func(x *host.Exchange) host.Step{
		"reset":      func(x *host.Exchange) host.Step { return x.Begin(nil, head) },
		":path=/a/b": func(x *host.Exchange) host.Step { return x.Begin(nil, head) },
		"body one":   func(x *host.Exchange) host.Step { x.Begin(nil, head); return x.Request(bytesOf("one"), false) },
		"request":    func(x *host.Exchange) host.Step { x.Begin(nil, head); return x.Request(nil, true) },
		"upstream data": func(x *host.Exchange) host.Step {
			x.Begin(nil, head)
			x.Request(nil, true)
			s := x.Upstream(bytesOf("data"), false)
			if s.Response != nil || !s.Shut {
				t.Errorf("step %+v: want the connection closed before the response", s)
			}
			s.Response = x.Upstream(nil, true).Response
			return s
		},
	}
	for at, run := range steps {
		t.Run(at, func(t *testing.T) {
			var logged []string
			core := &script{panicAt: at}
			x := host.NewExchange(core, func(m string) { logged = append(logged, m) })
			s := run(x)
			if s.Response == nil || s.Response.Status != http.StatusInternalServerError {
				t.Fatalf("response %+v, want a 500", s.Response)
			}
			if s.Events&host.Panicked == 0 {
				t.Error("the panic is not counted")
			}
			if len(logged) != 1 || !strings.Contains(logged[0], "scripted") {
				t.Errorf("logged %q, want the panic once", logged)
			}
			core.panicAt = ""
			if s := x.Begin(nil, head); s.Response != nil {
				t.Errorf("the next request got %+v", s.Response)
			}
		})
	}
}

func TestForm(t *testing.T) {
	refusal := &transcode.Response{Status: http.StatusBadRequest}
	for name, c := range map[string]struct {
		route  host.Router
		path   string
		status int
		events host.Event
	}{
		"routed":  {func([]byte) (string, *transcode.Response) { return "/a/b", nil }, "/a/b", 0, 0},
		"refused": {func([]byte) (string, *transcode.Response) { return "", refusal }, "", http.StatusBadRequest, host.Rejected},
		"panic":   {func([]byte) (string, *transcode.Response) { panic("scripted") }, "", http.StatusInternalServerError, host.Panicked},
	} {
		t.Run(name, func(t *testing.T) {
			path, s := host.Form(c.route, nil, func(string) {})
			status := 0
			if s.Response != nil {
				status = s.Response.Status
			}
			if path != c.path || status != c.status || s.Events != c.events {
				t.Errorf("got %q %d %b, want %q %d %b", path, status, s.Events, c.path, c.status, c.events)
			}
		})
	}
	var call transcode.Call
	call.Reset(&config.Bridge{MaxRequestBytes: 1024})
	want := string(call.Body(make([]byte, 1025)).Body) // as on a method's path
	if s := host.TooLarge(1024); s.Response.Status != http.StatusRequestEntityTooLarge || string(s.Response.Body) != want || !strings.Contains(want, `"urn:dubbomesh:request-too-large"`) {
		t.Errorf("too large: %d %s", s.Response.Status, s.Response.Body)
	}
}
