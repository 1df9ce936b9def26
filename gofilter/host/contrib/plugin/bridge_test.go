package plugin

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

func TestMain(m *testing.M) {
	api.SetCommonCAPI(silent{})
	os.Exit(m.Run())
}

// silent is Envoy's log.
type silent struct{}

func (silent) Log(api.LogType, string) {}
func (silent) LogLevel() api.LogType   { return api.Critical }

// buffer is Envoy's memory; the methods that are not here are not used.
type buffer struct {
	api.BufferInstance
	text []byte
}

func (b *buffer) Bytes() []byte { return append([]byte(nil), b.text...) }
func (b *buffer) Len() int      { return len(b.text) }
func (b *buffer) Reset()        { b.text = nil }

func (b *buffer) Set(text []byte) error {
	b.text = append([]byte(nil), text...)
	return nil
}

// request is a request's headers.
type request struct {
	api.RequestHeaderMap
	fields map[string]string
}

func (r request) Get(name string) (string, bool) { v, ok := r.fields[name]; return v, ok }
func (r request) Path() string                   { return r.fields[":path"] }
func (r request) Method() string                 { return r.fields[":method"] }
func (r request) SetPath(path string)            { r.fields[":path"] = path }

func (r request) Range(f func(name, value string) bool) {
	for name, value := range r.fields {
		if !f(name, value) {
			return
		}
	}
}

// response is a response's headers.
type response struct {
	api.ResponseHeaderMap
	fields map[string][]string
}

func (r response) Set(name, value string) { r.fields[name] = []string{value} }
func (r response) Add(name, value string) { r.fields[name] = append(r.fields[name], value) }

func post() request {
	return request{fields: map[string]string{":method": "POST", ":path": "/a.B/hash", "content-type": "application/json", "x-dubbo-parameter-types": "java.lang.String"}}
}

var limits = &parsed{bridge: &config.Bridge{MaxRequestBytes: 1 << 10, MaxResponseBytes: 1 << 10}}

// encode hands over a request in the parts given and returns what is for the provider.
func encode(b api.HttpTcpBridge, head request, parts ...string) (sent []byte) {
	var buf buffer
	b.EncodeHeaders(head, &buf, len(parts) == 0)
	sent = append(sent, buf.text...)
	for i, part := range parts {
		buf.text = []byte(part)
		b.EncodeData(&buf, i == len(parts)-1)
		sent = append(sent, buf.text...)
	}
	return sent
}

// upstream hands over bytes of the provider and returns the response, nil when there is none yet.
func upstream(t *testing.T, b api.HttpTcpBridge, part []byte, end bool) (map[string][]string, string) {
	t.Helper()
	head, buf := response{fields: map[string][]string{}}, &buffer{text: part}
	switch status := b.OnUpstreamData(head, buf, end); status {
	case api.HttpTcpBridgeStopAndBuffer:
		if len(head.fields) != 0 || len(buf.text) != 0 {
			t.Errorf("without a response: headers %v, %d bytes left in the buffer", head.fields, len(buf.text))
		}
		return nil, ""
	case api.HttpTcpBridgeEndStream:
	default:
		t.Fatalf("status %v would send the headers alone", status)
	}
	if want := fmt.Sprint(len(buf.text)); head.fields["content-length"][0] != want {
		t.Errorf("content-length %s, want %s", head.fields["content-length"], want)
	}
	return head.fields, string(buf.text)
}

func idOf(t *testing.T, frame []byte) uint64 {
	t.Helper()
	h, err := dubbo.ParseHeader(frame)
	if err != nil {
		t.Fatalf("%x: %v", frame, err)
	}
	return h.ID
}

// The provider's bytes may be cut anywhere.
func TestAnswerCutAnywhere(t *testing.T) {
	length := len(hosttest.Frame(0, "hello")) * 2
	for cut := 1; cut < length; cut++ {
		b := NewBridge(limits, nil)
		id := idOf(t, encode(b, post(), `["hel`, `lo"`, `]`))
		stream := append(hosttest.Frame(id+1, "other"), hosttest.Frame(id, "hello")...)
		if head, _ := upstream(t, b, stream[:cut], false); head != nil {
			t.Fatalf("cut at %d: answered early with %v", cut, head)
		}
		head, body := upstream(t, b, stream[cut:], false)
		if head == nil || head[":status"][0] != "200" || body != `"hello"` {
			t.Fatalf("cut at %d: got %v %s", cut, head, body)
		}
		b.OnDestroy()
	}
}

// A refused request is answered once the provider has answered a heartbeat; nothing else of it goes to the provider.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		head  map[string]string
		parts []string
		want  string
	}{
		"malformed JSON":     {nil, []string{"[", "1"}, "400"},
		"without a body":     {map[string]string{":method": "PUT"}, nil, "405"},
		"too large, not yet": {nil, []string{strings.Repeat("x", 2<<10), "more", "more"}, "413"},
	} {
		t.Run(name, func(t *testing.T) {
			head := post()
			for k, v := range c.head {
				head.fields[k] = v
			}
			b := NewBridge(limits, nil)
			defer b.OnDestroy()
			sent := encode(b, head, c.parts...)
			probe, err := dubbo.ParseHeader(sent)
			if err != nil || !probe.Flags.Event() || !probe.Flags.TwoWay() || len(sent) != dubbo.HeaderSize+probe.Length {
				t.Fatalf("the provider gets %x, want a heartbeat", sent)
			}
			answer := dubbo.AppendHeartbeatAnswer(nil, probe)
			for i := range answer[1:] {
				if got, _ := upstream(t, b, answer[i:i+1], false); got != nil {
					t.Fatalf("answered after %d bytes", i+1)
				}
			}
			if got, _ := upstream(t, b, answer[len(answer)-1:], false); got == nil || got[":status"][0] != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// A provider that closes its side ends the request, whatever was awaited.
func TestProviderCloses(t *testing.T) {
	for name, c := range map[string]struct {
		parts []string
		last  string
		want  string
	}{
		"before the answer":          {[]string{`["hello"]`}, "", "503"},
		"in the middle of it":        {[]string{`["hello"]`}, "\xda\xbb", "503"},
		"behind what is too large":   {[]string{`["hello"]`}, "\xda\xbb\x02\x14\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff", "502"},
		"before a probe is answered": {[]string{`[`}, "", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBridge(limits, nil)
			defer b.OnDestroy()
			encode(b, post(), c.parts...)
			if got, _ := upstream(t, b, []byte(c.last), false); got != nil {
				t.Fatalf("answered early with %v", got)
			}
			if got, _ := upstream(t, b, nil, true); got == nil || got[":status"][0] != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// broken is a core that panics where it is told to.
type broken struct{ at string }

func (c broken) fail(where string) {
	if c.at == where {
		panic("scripted")
	}
}

func (c broken) Reset(*config.Bridge)            { c.fail("reset") }
func (c broken) Header(_, _ []byte)              { c.fail("header") }
func (c broken) Body([]byte) *transcode.Response { c.fail("body"); return nil }
func (c broken) Request() ([]byte, *transcode.Response) {
	c.fail("request")
	return []byte("frame"), nil
}
func (c broken) Outcome() transcode.Outcome  { return transcode.Outcome{} }
func (c broken) Broken() *transcode.Response { return new(transcode.Call).Broken() }
func (c broken) Upstream(_ []byte, _ bool) ([]byte, *transcode.Response) {
	c.fail("upstream")
	return nil, nil
}

// A panic of the core is a 500, and Envoy never sees it: its SDK would make a 200 of it.
func TestPanics(t *testing.T) {
	for _, at := range []string{"reset", "header", "body", "request", "upstream"} {
		t.Run(at, func(t *testing.T) {
			logged := 0
			st := &state{exchange: host.NewExchange(broken{at}, func(string) { logged++ })}
			b := newBridge(limits, st)
			defer b.OnDestroy()
			encode(b, post(), "one", "two")
			head, body := upstream(t, b, []byte("HTTP/1.1 "), false)
			if at == "upstream" { // the connection is in doubt
				if head != nil {
					t.Fatalf("answered early with %v", head)
				}
				head, body = upstream(t, b, nil, true)
			}
			if head == nil || head[":status"][0] != "500" || !strings.Contains(body, "urn:dubbomesh:internal") || logged != 1 {
				t.Errorf("got %v %s, %d log lines; want a 500 and one", head, body, logged)
			}
		})
	}
}

// Envoy has the configuration parsed with each request.
func TestConfigurationIsKept(t *testing.T) {
	message := func(text string) *anypb.Any {
		a, err := anypb.New(wrapperspb.String(text))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	var p BridgeParser
	one, err := p.Parse(message(`{"maxRequestBytes": 2048}`))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := p.Parse(message(`{"maxRequestBytes": 2048}`))
	other, _ := p.Parse(message(`{"maxRequestBytes": 4096}`))
	if one != again || one == other || other.(*parsed).bridge.MaxRequestBytes != 4096 {
		t.Errorf("got %p, %p, %p", one, again, other)
	}
	if bad, err := p.Parse(message("{")); err != nil || bad.(*parsed).bridge != nil {
		t.Errorf("a configuration that cannot be used: %v, %v", bad, err)
	}
}
