package translate_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// edge is a gateway with a real Envoy, in which policies take effect.
type edge struct {
	t      *testing.T
	server *xds.Server
	url    string
	envoy  *testenvoy.Envoy

	expected string // words of problems that there may be; without them there may be none
}

// newEdge starts one that has services and policies.
func newEdge(t *testing.T, services []model.Service, policies string) *edge {
	t.Helper()
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish(services, policies)
	e.envoy = testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port), Args: []string{"--file-flush-interval-msec", "20"}})
	accepted(t, server)
	e.url = e.envoy.ListenerURL(translate.GatewayListener)
	return e
}

func (e *edge) publish(services []model.Service, policies string) {
	e.t.Helper()
	opt := translate.DefaultOptions()
	opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
	snap := model.Snapshot{Services: services}
	var list []model.Policy
	for _, p := range policy.Parse("test", []byte(policies)) {
		if err := p.Err(); err != nil {
			e.t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	snap.Policies = model.NewPolicies(list...)
	r := translate.Translate(snap, opt)
	for _, p := range r.Problems {
		if e.expected == "" || !strings.Contains(p.Reason, e.expected) {
			e.t.Errorf("problem: %+v", p)
		}
	}
	e.server.Publish(r)
}

// replaced publishes anew and waits until Envoy has it.
func (e *edge) replaced(services []model.Service, policies string) {
	e.t.Helper()
	e.publish(services, policies)
	accepted(e.t, e.server)
}

// refuses waits until Envoy refuses something with these words, or nothing for "".
func (e *edge) refuses(words string) {
	e.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var said []string
	for late := time.After(time.Minute); ; {
		said = nil
		for _, p := range e.server.Proxies() {
			for _, typ := range p.Types {
				if len(typ.Refused) > 0 {
					said = append(said, typ.LastNACK)
				}
			}
			if len(said) == 0 && p.InSync && words == "" || len(said) > 0 && words != "" && strings.Contains(strings.Join(said, " "), words) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-late:
			e.t.Fatalf("it says %q, want %q", said, words)
		}
	}
}

// ask asks by HTTP; headers are name, value, name, value.
func (e *edge) ask(verb, path string, body io.Reader, headers ...string) (status int, header http.Header, text string) {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), verb, e.url+path, body)
	if err != nil {
		e.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(all)
}

// get asks without a body.
func (e *edge) get(verb, path string, headers ...string) (status int, header http.Header, body string) {
	e.t.Helper()
	return e.ask(verb, path, nil, headers...)
}

// consume calls a method without arguments as a Dubbo consumer does; attachments are key, value, key, value.
func (e *edge) consume(service, method string, attachments ...string) (dubbo.Status, string) {
	e.t.Helper()
	return e.consumeOn(e.dial(), service, method, attachments...)
}

func (e *edge) dial() net.Conn {
	e.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		e.t.Fatal(err)
	}
	return conn
}

// consumeOn calls a method on a connection, and closes it.
func (e *edge) consumeOn(conn net.Conn, service, method string, attachments ...string) (dubbo.Status, string) {
	e.t.Helper()
	return e.callOn(conn, service, method, "", func(*dubbo.Writer) {}, append([]string{"path", service}, attachments...)...)
}

// callOn calls a method with arguments of these types on a connection, and closes it.
func (e *edge) callOn(conn net.Conn, service, method, types string, arguments func(w *dubbo.Writer), attachments ...string) (dubbo.Status, string) {
	e.t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		e.t.Fatal(err)
	}
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: 7}))
	for _, s := range []string{"2.0.2", service, "0.0.0", method, types} {
		w.String(s)
	}
	arguments(&w)
	w.UntypedMap()
	for _, s := range attachments {
		w.String(s)
	}
	w.End()
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	if _, err := conn.Write(w.Buf); err != nil {
		e.t.Fatal(err)
	}
	h, body, err := readFrame(conn)
	if err != nil {
		e.t.Fatal(err)
	}
	return h.Status, string(body)
}

func readFrame(r io.Reader) (h dubbo.Header, body []byte, err error) {
	head := make([]byte, dubbo.HeaderSize)
	if _, err = io.ReadFull(r, head); err != nil {
		return h, nil, err
	}
	if h, err = dubbo.ParseHeader(head); err != nil {
		return h, nil, err
	}
	body = make([]byte, h.Length)
	_, err = io.ReadFull(r, body)
	return h, body, err
}

func instance(protocol model.Protocol, address string, labels map[string]string) model.Instance {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	in := model.Instance{Address: host, Protocol: protocol, Labels: labels, Weight: model.DefaultWeight, Status: model.StatusUp}
	if _, err := fmt.Sscan(port, &in.Port); err != nil {
		panic(err)
	}
	return in
}

// overHTTP answers with its name and the headers of the request that are of interest; on /fail with a 500.
func overHTTP(t *testing.T, name string, echoed ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fail" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, name)
		for _, h := range echoed {
			fmt.Fprintf(w, " %s=%s", h, strings.Join(r.Header.Values(h), ","))
		}
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// listening has connections served, each by a goroutine, until the test ends.
func listening(t *testing.T, serve func(conn net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

// serveDubbo answers calls, each connection's one after the other.
func serveDubbo(t *testing.T, answer func(body []byte) (dubbo.Status, string)) (address string) {
	t.Helper()
	return listening(t, func(conn net.Conn) {
		for {
			h, body, err := readFrame(conn)
			if err != nil {
				return
			}
			var w dubbo.Writer
			reply := dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: h.ID}
			if h.Flags&dubbo.FlagEvent != 0 {
				w.Reset(dubbo.AppendHeader(nil, reply))
				w.Null()
			} else {
				var text string
				reply.Status, text = answer(body)
				w.Reset(dubbo.AppendHeader(nil, reply))
				if reply.Status == dubbo.StatusOK {
					w.Int(dubbo.ResponseValue)
				}
				w.String(text)
			}
			dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
			if _, err := conn.Write(w.Buf); err != nil {
				return
			}
		}
	})
}

// overDubbo answers every call with its name and all that came with the call, or with an error while broken says so.
func overDubbo(t *testing.T, name string, broken *atomic.Bool) string {
	t.Helper()
	return serveDubbo(t, func(body []byte) (dubbo.Status, string) {
		if broken.Load() {
			return dubbo.StatusServiceError, "broken"
		}
		return dubbo.StatusOK, name + " " + strings.ToValidUTF8(string(body), ".")
	})
}

// never is for providers that always answer.
var never atomic.Bool

const hello = "com.example.Hello"

// In place of a failure callers get what the policy says, over HTTP and over Dubbo.
func TestFallback(t *testing.T) {
	web := overHTTP(t, "web")
	e := newEdge(t, []model.Service{
		{Name: "com.example.Gone", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "com.example.List", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "com.example.Refused", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "com.example.Safe", Instances: []model.Instance{instance(model.ProtocolDubbo, testenvoy.FreeAddress(t), nil)}},
		{Name: "empty", Instances: []model.Instance{{Address: "127.0.0.1", Port: 1, Protocol: model.ProtocolHTTP, Weight: 0, Status: model.StatusUp}}},
		{Name: "gone", Instances: []model.Instance{instance(model.ProtocolHTTP, testenvoy.FreeAddress(t), nil)}},
		{Name: "limited", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}, `
{kind: Traffic, name: gone, service: gone, fallback: {status: 203, headers: {x-from: fallback, x-was: "%RESPONSE_CODE% 100%"}, body: '{"was": "%RESPONSE_CODE%", "sure": "100%"}'}}
---
{kind: Traffic, name: empty, service: empty, fallback: {on: open, body: "[]"}}
---
{kind: Traffic, name: web, service: web, fallback: [{on: rateLimited, body: never}, {on: 5xx, status: 503, body: sorry}]}
---
{kind: Traffic, name: limited, service: limited, rateLimit: {requests: 1, per: 1h}, fallback: {on: rateLimited, status: 200, body: later}}
---
{kind: Traffic, name: nothing, service: com.example.Gone, fallback: {status: 200}}
---
{kind: Traffic, name: list, service: com.example.List, fallback: {on: open, body: "[]"}}
---
{kind: Traffic, name: safe, service: com.example.Safe, strategy: failsafe}
---
{kind: Traffic, name: refused, service: com.example.Refused, fallback: {on: open, status: 403, body: not today}}
`)
	for _, x := range []struct {
		verb, path string
		status     int
		kind, body string
	}{
		{"GET", "/gone/", 203, "application/json", `{"was": "503", "sure": "100%"}`},
		{"GET", "/empty/", 200, "application/json", "[]"},
		{"GET", "/web/fine", 200, "", "web"},
		{"GET", "/web/fail", 503, "text/plain; charset=utf-8", "sorry"},
		{"GET", "/limited/", 200, "", "web"},
		{"GET", "/limited/", 200, "text/plain; charset=utf-8", "later"},
		{"POST", "/com.example.List/all", 200, "application/json", "[]"},
		{"POST", "/com.example.Safe/all", 200, "application/json", "null"},
		{"POST", "/com.example.Refused/all", 403, "text/plain; charset=utf-8", "not today"},
	} {
		status, header, body := e.get(x.verb, x.path)
		if status != x.status || body != x.body || x.kind != "" && header.Get("content-type") != x.kind {
			t.Errorf("%s %s: %d %v %s, want %d %s %s", x.verb, x.path, status, header, body, x.status, x.kind, x.body)
		}
	}
	if _, header, _ := e.get("GET", "/gone/"); header.Get("x-from") != "fallback" || header.Get("x-was") != "503 100%" {
		t.Errorf("headers of a fallback: %v", header)
	}
	for _, x := range []struct {
		service, answer string
	}{
		{"com.example.Gone", "\x92"},
		{"com.example.List", "\x91\x78"},
		{"com.example.Safe", "\x92"},
		{"gone", "\x92"}, // of services that speak HTTP
		{"empty", "\x91\x78"},
		{"limited", "\x92"}, // the limit is the same for all who call
		{"com.example.Refused", "HTTP 403 Forbidden: not today"},
	} {
		if status, answer := e.consume(x.service, "all"); status != dubbo.StatusOK || !strings.Contains(answer, x.answer) {
			t.Errorf("a consumer of %s: %v %q, want %q", x.service, status, answer, x.answer)
		}
	}
}
