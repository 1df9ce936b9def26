package main_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// A consumer that does not read stops the mesh from asking for more, and loses nothing.
func TestSlowConsumer(t *testing.T) {
	const n, size = 400, 200_000
	large := strings.Repeat("large", size/5)
	p := startProvider(t, says(large))
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}, options: "timeout: 120s"})
	c := dial(t, r)
	stuck := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := c.conn.Write(callFrame(uint64(i), strings.Repeat("x", 50_000))); err != nil {
				stuck <- err
				return
			}
		}
		stuck <- nil
	}()
	r.WaitStat("http.in.downstream_cx_tx_bytes_buffered", func(n uint64) bool { return n > 1<<19 })
	seen := map[uint64]bool{}
	for range n {
		a := c.next()
		if a.Status != dubbo.StatusOK || a.value() != large || seen[a.ID] {
			t.Fatalf("got %+v and %d bytes", a.Header, len(a.body))
		}
		seen[a.ID] = true
	}
	if err := <-stuck; err != nil {
		t.Error(err)
	}
}

// A consumer that goes away takes its calls with it and nothing else.
func TestConsumerGoesAway(t *testing.T) {
	arrived := make(chan bool, 8)
	p := startProvider(t, func(p *peer, c call) {
		if c.Argument == "wait" {
			arrived <- true
			return
		}
		echo(p, c)
	})
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}})
	stays := dial(t, r)
	for i := range 5 {
		leaves := dial(t, r)
		leaves.send(callFrame(1, "wait"))
		<-arrived
		_ = leaves.conn.Close()
		stays.send(callFrame(uint64(i), "hello"))
		stays.expectValue(uint64(i), "hello")
	}
	r.WaitStat("http.in.downstream_rq_active", func(n uint64) bool { return n == 0 })
}

// An Envoy that drains tells its consumers, also those without a call, and serves those that call all the same.
func TestConsumerDrain(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}})
	idle, busy := dial(t, r), dial(t, r)
	for _, c := range []*caller{idle, busy} {
		c.send(callFrame(1, "hello"))
		c.expectValue(1, "hello")
	}
	resp, err := http.Post(r.AdminURL+"/drain_listeners?graceful", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for _, c := range []*caller{idle, busy} {
		if a := c.next(); a.Flags != 0xa2 || a.body != readOnlyEvent {
			t.Errorf("got %+v %q, want READONLY", a.Header, a.body)
		}
	}
	busy.send(callFrame(2, "still"))
	busy.expectValue(2, "still")
}

// A connection that the manager takes no more calls on is closed when its last one is done.
func TestConsumerLastCall(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "\n          drain_timeout: 0.1s\n          common_http_protocol_options: {max_requests_per_connection: 3}", route{prefix: "/", providers: []*provider{p}})
	c := dial(t, r)
	for i := range 3 {
		c.send(callFrame(uint64(i), "hello"))
		a := c.next()
		if a.body == readOnlyEvent { // the manager says so together with its last answer
			a = c.next()
		}
		if a.ID != uint64(i) || a.Status != dubbo.StatusOK {
			t.Fatalf("got %+v", a.Header)
		}
	}
	for {
		if a, err := c.read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil || a.body != readOnlyEvent {
			t.Fatalf("got %+v %q %v, want READONLY and the end", a.Header, a.body, err)
		}
	}
}

// An HTTP/2 client that does not read for a while does not harm the connections that its answers came on.
func TestSlowHTTP2Client(t *testing.T) {
	const n, size = 300, 100_000
	large := strings.Repeat("large", size/5)
	p := startProvider(t, says(large))
	r := startConsumerRig(t, "\n          http2_protocol_options: {initial_stream_window_size: 65535}", route{prefix: "/", providers: []*provider{p}, options: "timeout: 120s"})
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var head bytes.Buffer
	f, fields := http2.NewFramer(conn, conn), hpack.NewEncoder(&head)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = io.WriteString(conn, http2.ClientPreface)
	check(err)
	check(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 24}))
	check(f.WriteWindowUpdate(0, 1<<30))
	for i := range uint32(n) {
		head.Reset()
		for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", hash}, {"content-type", "application/json"}, {"x-dubbo-parameter-types", "java.lang.String"}} {
			check(fields.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
		}
		check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: head.Bytes(), EndHeaders: true}))
		check(f.WriteData(2*i+1, true, []byte(`["x"]`)))
	}
	r.WaitStat("http.in.downstream_cx_tx_bytes_buffered", func(n uint64) bool { return n > 1<<19 })
	for ended := 0; ended < n; {
		frame, err := f.ReadFrame()
		check(err)
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			if got := frame.PseudoValue("status"); got != "200" {
				t.Fatalf("stream %d: status %s", frame.StreamID, got)
			}
		case *http2.DataFrame:
			if frame.StreamEnded() {
				ended++
			}
		}
	}
	for range 2 * n { // on every connection in the pool
		r.expect(t, hash, "x", ok(large))
	}
}
