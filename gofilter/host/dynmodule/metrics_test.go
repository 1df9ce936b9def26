package main_test

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const ofHash = `service="com.example.Hello",method="hash"`

// scrape returns the samples of the module's families at /stats/prometheus by their text up to the value.
func (r *rig) scrape(t *testing.T) map[string]uint64 {
	t.Helper()
	samples := map[string]uint64{}
	for line := range strings.Lines(r.Get("/stats/prometheus")) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok || !strings.HasPrefix(name, "envoy_dubbo_") {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		samples[name+"}"] = n
	}
	return samples
}

// await waits until Envoy's statistics tell that many calls of a status.
func (r *rig) await(service, method, status string, n uint64) {
	name := fmt.Sprintf("dubbo.calls.service.%s.method.%s.status.%s", service, method, status)
	r.WaitStat(name, func(got uint64) bool { return got == n })
}

func TestMetrics(t *testing.T) {
	const calls = 30
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}, options: "timeout: 1s"})
	// None of these makes a series of its own: the provider never confirms them.
	p.Become(busy)
	for i := range 20 {
		r.expect(t, fmt.Sprintf("/com.example.Hello/guess%d", i), "x", reply{status: http.StatusServiceUnavailable})
		r.expect(t, fmt.Sprintf("/com.example.Guess%d/hash", i), "x", reply{status: http.StatusServiceUnavailable})
	}
	p.Become(echo)
	for i := range calls {
		r.expect(t, hash, fmt.Sprint("call ", i+10), ok(fmt.Sprint("call ", i+10)))
	}
	p.Become(busy)
	r.expect(t, hash, "x", reply{status: http.StatusServiceUnavailable})
	r.expect(t, "/com.example.Hello/guess", "x", reply{status: http.StatusServiceUnavailable})
	p.Become(silent)
	r.expect(t, hash, "x", reply{status: http.StatusGatewayTimeout})
	p.Become(garbage)
	r.expect(t, hash, "x", reply{status: http.StatusBadGateway})
	r.await("com.example.Hello", "hash", "unanswered", 2)
	r.await("com.example.Hello", "hash", "20", calls)

	got := r.scrape(t)
	for sample, want := range map[string]uint64{
		`envoy_dubbo_calls{` + ofHash + `,status="20"}`:                              calls,
		`envoy_dubbo_calls{` + ofHash + `,status="100"}`:                             1,
		`envoy_dubbo_calls{service="com.example.Hello",method="other",status="100"}`: 1,
		`envoy_dubbo_calls{service="other",method="other",status="100"}`:             40,
		`envoy_dubbo_response_bytes{` + ofHash + `}`:                                 calls*uint64(dubbo.HeaderSize+1+8) + uint64(dubbo.HeaderSize+1+len("no room")),
		`envoy_dubbo_requests{}`:                                                     40 + calls + 4,
	} {
		if got[sample] != want {
			t.Errorf("%s is %d, want %d", sample, got[sample], want)
		}
	}
	for _, name := range []string{"request_bytes", "encode_microseconds", "decode_microseconds"} {
		if sample := "envoy_dubbo_" + name + "{" + ofHash + "}"; got[sample] == 0 {
			t.Errorf("there is no %s", sample)
		}
	}
	for sample := range got {
		if strings.Contains(strings.ToLower(sample), "guess") {
			t.Errorf("a name that nobody confirmed has a series: %s", sample)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// thrower answers with an exception.
func thrower(p *peer, c call) {
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: c.ID}))
	w.Int(dubbo.ResponseException)
	w.Object("com.example.NoGreeting", "detailMessage")
	w.String("no greeting")
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	p.Send(w.Buf)
}

// The calls of Dubbo consumers count as those of HTTP clients do, and so do one-way calls and exceptions.
func TestMetricsOfConsumers(t *testing.T) {
	p := startProvider(t, echo)
	r := startConsumerRig(t, "", route{prefix: "/", providers: []*provider{p}})
	c := dial(t, r)
	frames := 0
	for id := range uint64(7) {
		frame := callFrame(id, "hello")
		frames += len(frame)
		c.send(frame)
		c.expectValue(id, "hello")
	}
	p.Become(thrower)
	c.send(callFrame(7, "hello"))
	if a := c.next(); a.Status != dubbo.StatusOK || !strings.Contains(a.body, "no greeting") {
		t.Fatalf("got %+v", a)
	}
	r.expect(t, hash, "hello", reply{status: http.StatusInternalServerError})
	p.Become(keeps(make(chan call, 1)))
	if got, _ := r.post(t, `["hello"]`, append(jsonCall, "x-dubbo-one-way", "true")...); got.status != http.StatusAccepted {
		t.Fatalf("got %v, want 202", got)
	}
	r.await("com.example.Hello", "hash", "one_way", 1)
	got := r.scrape(t)
	for sample, want := range map[string]uint64{
		`envoy_dubbo_calls{` + ofHash + `,status="20"}`:      9,
		`envoy_dubbo_calls{` + ofHash + `,status="one_way"}`: 1,
		`envoy_dubbo_exceptions{` + ofHash + `}`:             2,
		`envoy_dubbo_consumer_requests{}`:                    8,
	} {
		if got[sample] != want {
			t.Errorf("%s is %d, want %d", sample, got[sample], want)
		}
	}
	if n := got[`envoy_dubbo_request_bytes{`+ofHash+`}`]; n < uint64(frames) {
		t.Errorf("%d bytes of requests, want at least those of the consumer's first calls, %d", n, frames)
	}
}

// So do their calls to HTTP services. Only the schema and answers that are successes confirm a method.
func TestMetricsOfHTTPServices(t *testing.T) {
	r := startRestRig(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/com.example.Plain/greet" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("content-type", "application/json")
		fmt.Fprint(w, `"hello"`)
	})
	for range 3 {
		r.consume(t, "/com.example.Plain/greet", "x")
	}
	r.consume(t, "/com.example.Plain/guess", "x")
	r.consume(t, "/com.example.Users/find", int64(5), func(req *http.Request) { req.Header.Set(config.SchemaHeader, usersSchema.ID()) })
	r.consume(t, "/dead/greet", "x")
	r.await("com.example.Users", "find", "20", 1)
	got := r.scrape(t)
	for sample, want := range map[string]uint64{
		`envoy_dubbo_calls{service="com.example.Plain",method="greet",status="20"}`: 3,
		`envoy_dubbo_calls{service="com.example.Plain",method="other",status="20"}`: 1,
		`envoy_dubbo_exceptions{service="com.example.Plain",method="other"}`:        1,
		`envoy_dubbo_exceptions{service="com.example.Users",method="find"}`:         1,
		`envoy_dubbo_calls{service="other",method="other",status="unanswered"}`:     1,
	} {
		if got[sample] != want {
			t.Errorf("%s is %d, want %d", sample, got[sample], want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// What was counted last leaves Envoy before it ends.
func TestMetricsAtTheEnd(t *testing.T) {
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	p := startProvider(t, echo)
	// The interval is longer than the test: only the end of Envoy brings anything.
	text := fmt.Sprintf(`
stats_flush_interval: 200s
stats_config: {stats_matcher: {inclusion_list: {patterns: [{prefix: dubbo.}, {prefix: listener}, {prefix: server}]}}}
stats_sinks:
- name: envoy.stat_sinks.dog_statsd
  typed_config:
    "@type": type.googleapis.com/envoy.config.metrics.v3.DogStatsdSink
    address: {socket_address: {protocol: UDP, address: 127.0.0.1, port_value: %d}}
    max_bytes_per_datagram: 8000
`, sink.LocalAddr().(*net.UDPAddr).Port) + bootstrap([]route{{prefix: "/", providers: []*provider{p}}})
	t.Run("Envoy", func(t *testing.T) { // it is stopped when this ends
		e := testenvoy.Start(t, testenvoy.Options{Bootstrap: text})
		r := &rig{e, e.ListenerURL("in")}
		for range 5 {
			r.expect(t, hash, "hello", ok("hello"))
		}
	})
	if err := sink.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	calls := uint64(0)
	for room := make([]byte, 64<<10); calls < 5; {
		n, _, err := sink.ReadFrom(room)
		if err != nil {
			t.Fatalf("Envoy has ended and told of %d calls, not 5: %v", calls, err)
		}
		for line := range strings.Lines(string(room[:n])) {
			value, labels, found := strings.Cut(strings.TrimPrefix(line, "envoy.dubbo.calls:"), "|c|#")
			if more, err := strconv.ParseUint(value, 10, 64); found && err == nil && strings.Contains(labels, "method:hash") {
				calls += more
			}
		}
	}
}

// A module that no bootstrap extension has loaded counts as well, for nobody.
func TestWithoutBootstrapExtension(t *testing.T) {
	p := startProvider(t, echo)
	_, text, _ := strings.Cut(bootstrap([]route{{prefix: "/", providers: []*provider{p}}}), "static_resources:")
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: "static_resources:" + text})
	r := &rig{e, e.ListenerURL("in")}
	for range 5 {
		r.expect(t, hash, "hello", ok("hello"))
	}
}
