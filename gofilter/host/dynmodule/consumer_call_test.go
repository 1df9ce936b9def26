package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// post makes a request with these headers in pairs.
func (r *rig) post(t *testing.T, body string, headers ...string) (reply, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+hash, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	got, answered, err := exchange(t, request)
	if err != nil {
		t.Fatal(err)
	}
	return got, answered
}

// keeps is a provider that tells of every call, and answers those that want it.
func keeps(calls chan<- hosttest.Call) hosttest.Behaviour {
	return func(p *hosttest.Peer, c hosttest.Call) {
		calls <- c
		if c.Flags.TwoWay() {
			hosttest.Echo(p, c)
		}
	}
}

var jsonCall = []string{"content-type", "application/json", "x-dubbo-parameter-types", "java.lang.String"}

// The provider takes a one-way call, the client hears at once, and the connection is used again.
func TestOneWayCall(t *testing.T) {
	calls := make(chan hosttest.Call, 64)
	p := startProvider(t, keeps(calls))
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	large := strings.Repeat("x", 1<<20)
	for i := range 20 {
		for _, argument := range []string{fmt.Sprint("call ", i), large} {
			got, _ := r.post(t, `["`+argument+`"]`, append(jsonCall, "x-dubbo-one-way", "true")...)
			if got != (reply{http.StatusAccepted, ""}) {
				t.Fatalf("got %v, want 202", got)
			}
			c := <-calls
			if c.Argument != argument || c.Flags != 0x82 {
				t.Fatalf("call %.20s with flags %x, want %.20s with 82", c.Argument, c.Flags, argument)
			}
		}
		argument := fmt.Sprint("answered ", i)
		r.expect(t, hash, argument, ok(argument))
		<-calls
	}
	if n := p.Connections.Load(); n > 2 { // one for each of Envoy's two workers at most
		t.Errorf("60 calls one after the other took %d connections", n)
	}
}

// A provider that goes away before it has taken the call is replaced by another.
func TestOneWayRetry(t *testing.T) {
	calls := make(chan hosttest.Call, 64)
	good, bad := startProvider(t, keeps(calls)), startProvider(t, hosttest.HangUp)
	r := startRig(t, route{prefix: "/", providers: []*provider{good, bad}, options: retry})
	for range 4 {
		if got, _ := r.post(t, `["x"]`, append(jsonCall, "x-dubbo-one-way", "true")...); got.status != http.StatusAccepted {
			t.Fatalf("got %v, want 202", got)
		}
		<-calls
	}
}

// What is left of the route's timeout goes along, for each attempt anew.
func TestDeadline(t *testing.T) {
	calls := make(chan hosttest.Call, 1)
	p := startProvider(t, keeps(calls))
	r := startRig(t, route{prefix: "/", providers: []*provider{p}, options: "timeout: 0.7s"})
	for asked, want := range map[string]string{"": "700", "300": "300", "9000": "700"} {
		headers := jsonCall
		if asked != "" {
			headers = append(headers, "x-dubbo-attachment-timeout", asked)
		}
		if got, _ := r.post(t, `["x"]`, headers...); got != ok("x") {
			t.Fatalf("got %v", got)
		}
		if c := <-calls; !bytes.Contains(c.Body, []byte("\x07timeout\x03"+want)) || bytes.Contains(c.Body, []byte("_TO")) {
			t.Errorf("asked for %q: %q, want %s", asked, c.Body, want)
		}
	}
}

// The call of a Dubbo consumer reaches the provider byte for byte, and so does the answer.
func TestConsumerCall(t *testing.T) {
	calls := make(chan hosttest.Call, 1)
	p := startProvider(t, keeps(calls))
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	for _, argument := range []string{"hello", strings.Repeat("large ", 200_000)} {
		var w dubbo.Writer
		w.String(argument)
		n := len(w.Buf)
		w.UntypedMap()
		w.String("userId")
		w.String("5")
		attached := string(w.Buf[n:])
		w.End()
		headers := []string{
			"content-type", "application/x-dubbo", "x-dubbo-arguments", strconv.Itoa(n), "x-dubbo-protocol", "2.0.2",
			"x-dubbo-parameter-types", "Ljava/lang/String;", "x-dubbo-attachment-userid", "5", "x-dubbo-attachment-lane", "blue",
		}
		got, answered := r.post(t, string(w.Buf), headers...)
		want := string(hosttest.Frame(0, argument)[dubbo.HeaderSize:])
		if got != (reply{http.StatusOK, want}) || answered.Get("content-type") != "application/x-dubbo" || answered.Get("x-dubbo-status") != "20" {
			t.Errorf("got %.80v %v", got, answered)
		}
		c := <-calls
		if c.Flags != 0xc2 || !strings.HasSuffix(string(c.Body), string(w.Buf[:n])+attached+"\x04lane\x04blue\x07timeout\x0515000Z") {
			t.Errorf("flags %x, body %.400q", c.Flags, c.Body)
		}
		if got, _ := r.post(t, string(w.Buf), append(headers, "x-dubbo-one-way", "true")...); got != (reply{http.StatusAccepted, ""}) {
			t.Errorf("one-way: got %.80v", got)
		}
		if c := <-calls; c.Flags != 0x82 || c.Argument != argument {
			t.Errorf("one-way: flags %x", c.Flags)
		}
	}
	p.Become(hosttest.Busy)
	got, answered := r.post(t, "N", "content-type", "application/x-dubbo", "x-dubbo-arguments", "0")
	if got.status != http.StatusServiceUnavailable || answered.Get("x-dubbo-status") != "100" || answered.Get("x-dubbo-retriable") != "true" {
		t.Errorf("got %v %v", got, answered)
	}
	if got, _ := r.post(t, "N", "content-type", "application/x-dubbo", "x-dubbo-arguments", "2"); got.status != http.StatusBadRequest {
		t.Errorf("got %v, want 400", got)
	}
}

// What does not speak Dubbo is answered for at once, even when it never closes; what it sends later closes the
// connection.
func TestStubbornGarbage(t *testing.T) {
	release := make(chan struct{})
	p := startProvider(t, func(p *peer, c call) {
		garbage(p, c)
		<-release
		garbage(p, c)
	})
	r := startRig(t, route{prefix: "/", providers: []*provider{p}, options: "timeout: 60s"})
	r.expect(t, hash, "hello", reply{status: http.StatusBadGateway})
	p.Become(echo)
	close(release)
	r.WaitStat("cluster.cluster0.upstream_cx_destroy_local", func(n uint64) bool { return n == 1 })
	r.expect(t, hash, "after", ok("after"))
}
