package main_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

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
