package host_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

var breakerSettings = config.Breaker{
	Service: "hello", ErrorPercent: 50, MinRequests: 1, WindowMs: 10_000, OpenMs: 29_001, Probes: 1, StepPercent: 100, EveryMs: 10_000,
}

func TestBreakerRefuses(t *testing.T) {
	var set breaker.Set
	var told []string
	b, err := host.LoadBreaker(&set, breakerSettings.Text(), 0, func(c breaker.Change) {
		message, worse := host.BreakerChange(c)
		told = append(told, fmt.Sprint(message, worse))
	})
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(m string) { t.Error(m) }
	turn, s := host.AskBreaker(b, 0, quiet)
	if turn == 0 || s.Response != nil {
		t.Fatalf("closed: %d %+v", turn, s)
	}
	host.AnswerBreaker(b, turn, 0, 0, host.Answer{Status: 500, GRPC: -1}, quiet)
	turn, s = host.AskBreaker(b, int64(time.Second), quiet)
	if turn != 0 || s.Response == nil || s.Response.Status != 503 || !strings.Contains(string(s.Response.Body), "urn:dubbomesh:breaker-open") {
		t.Fatalf("open: %d %+v", turn, s)
	}
	want := map[string]string{"content-type": "application/problem+json", "retry-after": "29", "x-envoy-overloaded": "true"}
	got := map[string]string{}
	for _, h := range s.Response.Headers {
		got[h.Name] = h.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"breaker of hello: closed -> open (1 calls, 1 failed, 0 slow)true"}, told); diff != "" {
		t.Error(diff)
	}
	if _, err := host.LoadBreaker(&set, []byte("{"), 0, nil); err == nil {
		t.Error("a broken configuration is taken")
	}
}

// What counts as a failure of the service, and what says nothing of it.
func TestBreakerCounts(t *testing.T) {
	for name, x := range map[string]struct {
		answer        host.Answer
		opens, counts bool
	}{
		"fine":              {host.Answer{Status: 200, GRPC: -1}, false, true},
		"not found":         {host.Answer{Status: 404, GRPC: -1}, false, true},
		"failed":            {host.Answer{Status: 500, GRPC: -1}, true, true},
		"gRPC fine":         {host.Answer{Status: 200, GRPC: 0}, false, true},
		"gRPC not found":    {host.Answer{Status: 200, GRPC: 5}, false, true},
		"gRPC unavailable":  {host.Answer{Status: 200, GRPC: 14}, true, true},
		"gone":              {host.Answer{GRPC: -1}, false, false},
		"nobody":            {host.Answer{Status: 503, GRPC: -1, Local: "no_healthy_upstream"}, true, true},
		"timeout":           {host.Answer{Status: 504, GRPC: -1, Local: "response_timeout"}, true, true},
		"a limit":           {host.Answer{Status: 503, GRPC: -1, Local: "upstream_reset_before_response_started{overflow}"}, false, false},
		"adaptive":          {host.Answer{Status: 503, GRPC: -1, Local: "reached_concurrency_limit"}, false, false},
		"refused by itself": {host.Answer{Status: 413, GRPC: -1, Local: "request_payload_too_large"}, false, false},
	} {
		b := breaker.New(breakerSettings, 0, func(breaker.Change) {})
		turn, _ := host.AskBreaker(b, 0, nil)
		host.AnswerBreaker(b, turn, 0, 0, x.answer, func(m string) { t.Error(m) })
		if opens := b.Ask(0).State == breaker.Open; opens != x.opens {
			t.Errorf("%s: open is %v", name, opens)
		}
		// Of two calls, one of which has failed, a breaker of 50% opens: so this one counts if it does.
		settings := breakerSettings
		settings.MinRequests = 2
		b = breaker.New(settings, 0, func(breaker.Change) {})
		for _, a := range []host.Answer{{Status: 500, GRPC: -1}, x.answer} {
			turn, _ := host.AskBreaker(b, 0, nil)
			host.AnswerBreaker(b, turn, 0, 0, a, nil)
		}
		if counts := b.Ask(0).State == breaker.Open; counts != x.counts {
			t.Errorf("%s: counts is %v", name, counts)
		}
	}
}

func TestBreakerStats(t *testing.T) {
	var got []string
	sink := host.BreakerSink{
		State: func(service, method string, state, refused uint64) {
			got = append(got, fmt.Sprintf("%s %s state=%d refused=%d", service, method, state, refused))
		},
		Entered: func(service, method, state string, n uint64) {
			got = append(got, fmt.Sprintf("%s %s %s+%d", service, method, state, n))
		},
	}
	var stats host.BreakerStats
	flush := func(want []string, all ...breaker.Status) {
		t.Helper()
		got = nil
		stats.Flush(all, sink, func(m string) { t.Error(m) })
		less := func(a, b string) bool { return a < b } // those that are gone come in any order
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(less)); diff != "" {
			t.Error(diff)
		}
	}
	one := breaker.Status{ID: 1, Service: "hello"}
	flush([]string{"hello all state=0 refused=0"}, one)
	one.State, one.Refused, one.Entered[breaker.Open] = breaker.Open, 7, 1
	flush([]string{"hello all state=3 refused=7", "hello all open+1"}, one)
	one.Refused = 9
	two := breaker.Status{ID: 2, Service: "hello", Method: "slow"}
	flush([]string{"hello all state=3 refused=2", "hello slow state=0 refused=0"}, one, two)
	anew := breaker.Status{ID: 3, Service: "hello", Refused: 1}
	flush([]string{"hello all state=0 refused=0", "hello slow state=0 refused=0", "hello all state=0 refused=1"}, anew)
}
