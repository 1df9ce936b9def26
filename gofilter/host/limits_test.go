package host_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/limiter"
)

// asked makes a request on a route with one limit that has just admitted another, and returns the answer to it.
func asked(t *testing.T, l config.Limit, now time.Duration) (status int, headers map[string]string, body string) {
	t.Helper()
	var set limiter.Set
	var r limiter.Request
	limits, err := host.LoadLimits(&set, config.Limits{Service: "hello", Limits: []config.Limit{l}}.Text())
	if err != nil {
		t.Fatal(err)
	}
	head := []host.Field{{Name: []byte("x"), Value: []byte("y")}}
	fails := func(m string) { t.Error(m) }
	host.AskLimits(limits, &r, head, nil, int64(time.Hour), fails)
	s := host.AskLimits(limits, &r, head, nil, int64(time.Hour+now), fails)
	if s.Response == nil {
		return 0, nil, ""
	}
	headers = map[string]string{}
	for _, h := range s.Response.Headers {
		headers[h.Name] = h.Value
	}
	return s.Response.Status, headers, string(s.Response.Body)
}

func TestLimitRefuses(t *testing.T) {
	l := config.Limit{Name: "rateLimit.0", Requests: 1, PerMs: 30_000, Burst: 1, Status: 430}
	status, headers, body := asked(t, l, 500*time.Millisecond)
	if want := `{"type":"urn:dubbomesh:rate-limited","title":"Too many requests","status":430,"detail":"rateLimit.0 of hello admits 1 in 30s"}`; status != 430 || body != want {
		t.Errorf("%d %s, want 430 %s", status, body, want)
	}
	want := map[string]string{
		"content-type": "application/problem+json", "retry-after": "30", "x-dubbomesh-limit": "rateLimit.0", "x-envoy-ratelimited": "true",
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Error(diff)
	}
	if status, _, _ := asked(t, l, 30*time.Second); status != 0 {
		t.Errorf("later: %d", status)
	}
	l.Body, l.Type, l.Requests = "no", "text/plain", 0
	status, headers, body = asked(t, l, 0)
	if status != 430 || body != "no" || headers["content-type"] != "text/plain" || headers["retry-after"] != "" {
		t.Errorf("%d %v %s", status, headers, body)
	}
	l.DryRun = true
	if status, _, _ := asked(t, l, 0); status != 0 {
		t.Errorf("a dry run: %d", status)
	}
	if _, err := host.LoadLimits(&limiter.Set{}, []byte("{")); err == nil {
		t.Error("a broken configuration is taken")
	}
}

// A panic lets the request through and is told.
func TestLimitPanics(t *testing.T) {
	var told []string
	s := host.AskLimits(nil, nil, nil, nil, 0, func(m string) { told = append(told, m) })
	if s.Response != nil || s.Events != host.Panicked || len(told) != 1 {
		t.Errorf("%+v %q", s, told)
	}
}

func TestLimitStats(t *testing.T) {
	var got []string
	var stats host.LimitStats
	flush := func(want []string, all ...limiter.Status) {
		t.Helper()
		got = nil
		stats.Flush(all, func(service, limit string, admitted, refused, tried uint64) {
			got = append(got, fmt.Sprintf("%s %s %d %d %d", service, limit, admitted, refused, tried))
		}, func(m string) { t.Error(m) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	one := limiter.Status{ID: 1, Service: "hello", Name: "a"}
	flush(nil, one)
	one.Admitted, one.Refused, one.Tried = 3, 2, 1
	flush([]string{"hello a 3 2 1"}, one)
	flush(nil, one)
	one.Refused = 5
	flush([]string{"hello a 0 3 0", "hello b 0 1 0"}, one, limiter.Status{ID: 2, Service: "hello", Name: "b", Refused: 1})
	flush([]string{"hello a 0 1 0"}, limiter.Status{ID: 3, Service: "hello", Name: "a", Refused: 1})
}
