package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

const readOnlyEvent = "\x01R"

// A consumer's calls reach the provider as they were made, and its answers come back.
func TestConsumer(t *testing.T) {
	calls := make(chan hosttest.Call, 4)
	p := startProvider(t, keeps(calls))
	r := startConsumerRig(t, "", route{prefix: "/com.example.Hello/", providers: []*provider{p}})
	c := dial(t, r)
	for i, argument := range []string{"hello", "", strings.Repeat("large ", 200_000), "again"} {
		id := ^uint64(i)
		c.send(callFrame(id, argument, "userId", "5", "timeout", "2500"))
		got := <-calls
		if got.Argument != argument || got.Flags != 0xc2 || !strings.Contains(string(got.Body), "\x06userId\x015") || !strings.Contains(string(got.Body), "\x07timeout\x042500") {
			t.Errorf("the provider got flags %x, %.300q", got.Flags, got.Body)
		}
		c.expectValue(id, argument)
	}
	c.send(serviceCall(0, "com.example.Hello", 5, "one-way"))
	if got := <-calls; got.Argument != "one-way" || got.Flags != 0x82 {
		t.Errorf("the provider got flags %x, %.300q", got.Flags, got.Body)
	}
	// Heartbeats are answered here, whatever is under way.
	c.send([]byte("\xda\xbb\xe2\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x01N"))
	if a := c.next(); a.Flags != 0x22 || a.Status != dubbo.StatusOK || a.ID != 0x0102030405060708 || a.body != "N" {
		t.Errorf("heartbeat: got %+v %q", a.Header, a.body)
	}
	c.send(serviceCall(dubbo.FlagTwoWay, "com.example.Other", 6, "x"))
	c.expectStatus(6, dubbo.StatusServiceNotFound, "HTTP 404")
	c.send(callFrame(7, "after"))
	<-calls
	c.expectValue(7, "after")
	for name, want := range map[string]uint64{"consumer_connections": 1, "consumer_requests": 7, "consumer_heartbeats": 1, "consumer_rejected": 0, "consumer_protocol_errors": 0, "panics": 0} {
		r.WaitStat("dubbo."+name, func(n uint64) bool { return n == want })
	}
}

// A thousand calls are under way on one connection. They are answered in the opposite order.
func TestThousandCalls(t *testing.T) {
	const n = 1000
	type under struct {
		peer *peer
		call call
	}
	arrived := make(chan under, n)
	p := startProvider(t, func(p *peer, c call) { arrived <- under{p, c} })
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}, options: "timeout: 60s"})
	c := dial(t, r)
	var all []byte
	for i := range n {
		all = append(all, callFrame(uint64(i), fmt.Sprint("call ", i))...)
	}
	c.send(all)
	var calls []under
	for late := time.After(2 * time.Minute); len(calls) < n; {
		select {
		case u := <-arrived:
			calls = append(calls, u)
		case <-late:
			t.Fatalf("%d of %d calls have reached the provider", len(calls), n)
		}
	}
	for i := n - 1; i >= 0; i-- {
		echo(calls[i].peer, calls[i].call)
	}
	seen := map[uint64]bool{}
	for range n {
		a := c.next()
		if want := fmt.Sprint("call ", a.ID); a.Status != dubbo.StatusOK || a.value() != want || seen[a.ID] {
			t.Fatalf("got %+v %q", a.Header, a.body)
		}
		seen[a.ID] = true
	}
}

// More calls than the manager takes at once wait for their turn.
func TestCallsQueue(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "\n          http2_protocol_options: {max_concurrent_streams: 3, initial_stream_window_size: 65535, initial_connection_window_size: 65535}",
		route{prefix: "/", providers: []*provider{p}})
	c := dial(t, r)
	want := map[uint64]string{}
	var all []byte
	for i := range 200 {
		want[uint64(i)] = strings.Repeat("x", i*i*7)
		all = append(all, callFrame(uint64(i), want[uint64(i)])...)
	}
	go func() { _, _ = c.conn.Write(all) }() // seen in the answers
	for range 200 {
		a := c.next()
		if a.Status != dubbo.StatusOK || a.value() != want[a.ID] {
			t.Fatalf("got %+v and %d bytes %.50q, want %d", a.Header, len(a.body), a.body, len(want[a.ID]))
		}
		delete(want, a.ID)
	}
}

// HTTP/1.1 and HTTP/2 pass through on the port of the Dubbo consumers, at any pace.
func TestOnePort(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}})
	r.expect(t, hash, "hello", ok("hello"))
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	h2 := &http.Client{Transport: transport}
	for range 3 {
		request, err := http.NewRequest(http.MethodPost, r.url+hash, strings.NewReader(`["over HTTP/2"]`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("content-type", "application/json")
		request.Header.Set("x-dubbo-parameter-types", "java.lang.String")
		resp, err := h2.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.ProtoMajor != 2 || string(body) != `"over HTTP/2"` {
			t.Errorf("got %s %s", resp.Proto, body)
		}
	}
	for _, first := range []string{"\xda", "\xda\xbb", "\xda\xbb\xc2"} {
		c := dial(t, r)
		frame := callFrame(1, "split")
		c.send([]byte(first))
		r.expect(t, hash, "between", ok("between")) // Envoy has had its time
		for _, b := range frame[len(first):] {
			c.send([]byte{b})
		}
		c.expectValue(1, "split")
	}
	c := dial(t, r)
	c.send([]byte("\xda\xbaGET / HTTP/1.1\r\n\r\n"))
	if answer, _ := io.ReadAll(c.conn); !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("got %q, want the manager's word", answer)
	}
	r.WaitStat("dubbo.consumer_connections", func(n uint64) bool { return n == 3 })
}

// What cannot be read is answered when it is one call, and ends the connection when it is the stream of frames.
func TestConsumerErrors(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}})
	c := dial(t, r)
	c.send(callFrame(1, strings.Repeat("x", 5<<20)))
	c.expectStatus(1, dubbo.StatusBadRequest, "the limit is 4194304")
	c.send([]byte("\xda\xbb\xc2\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x05wrong"))
	c.expectStatus(2, dubbo.StatusBadRequest, "cannot read this call")
	c.send(callFrame(3, "after"))
	c.expectValue(3, "after")
	c.send([]byte("GET / HTTP/1.1\r\n\r\n"))
	c.expectEnd()
	r.WaitStat("dubbo.consumer_protocol_errors", func(n uint64) bool { return n == 1 })
	r.WaitStat("dubbo.consumer_rejected", func(n uint64) bool { return n == 2 })
}

// What Envoy says of a call is told in Dubbo's words.
func TestConsumerFailures(t *testing.T) {
	mute, gone, full := startProvider(t, silent), startProvider(t, hangUp), startProvider(t, busy)
	r := startConsumerRig(t, "",
		route{prefix: "/com.example.Mute/", providers: []*provider{mute}},
		route{prefix: "/com.example.Gone/", providers: []*provider{gone}},
		route{prefix: "/com.example.Full/", providers: []*provider{full}},
		route{prefix: "/com.example.Nobody/"})
	c := dial(t, r)
	for i, tt := range []struct {
		service string
		status  dubbo.Status
		text    string
	}{
		{"Mute", dubbo.StatusServerTimeout, "HTTP 504"}, // within the consumer's own time
		{"Gone", dubbo.StatusThreadPoolExhausted, "HTTP 503"},
		{"Full", dubbo.StatusThreadPoolExhausted, "no room"}, // the provider's own word
		{"Nobody", dubbo.StatusThreadPoolExhausted, "no healthy upstream"},
		{"Other", dubbo.StatusServiceNotFound, "HTTP 404"},
	} {
		c.send(serviceCall(dubbo.FlagTwoWay, "com.example."+tt.service, uint64(i), "x", "timeout", "150"))
		c.expectStatus(uint64(i), tt.status, tt.text)
	}
}
