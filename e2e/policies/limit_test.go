package policies

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"time"
)

// measured is how long a rate is measured, and pace how often at most each caller offers a call meanwhile.
const (
	measured = 2 * time.Second
	pace     = 2 * time.Millisecond
)

// rateLimits has the Dubbo service's buckets fill again before its consumer has its turn.
func rateLimits(t *testing.T, m *mesh) { eachOf(t, rateLimit, m.dubbo(), m.web(), m.consumer()) }

// rateLimit measures what each limit admits: that of two tenants and of two methods at once, which have buckets of their own,
// then that of the service.
func rateLimit(t *testing.T, s target) {
	tenant, plan := []string{"x-tenant"}, []string{"x-plan", "small"}
	if s.service == dubboService {
		tenant, plan = []string{attachmentPrefix + "tenant"}, []string{attachmentPrefix + "plan", "small"}
	}
	var running sync.WaitGroup
	for _, name := range []string{"acme", "shop"} {
		running.Go(func() { s.admits(t, 20, http.StatusServiceUnavailable, s.dial(t), append(tenant, name)...) })
	}
	running.Go(func() { s.admits(t, 20, http.StatusTooManyRequests, s.dial(t), plan...) })
	running.Go(func() { s.admits(t, 20, http.StatusTooManyRequests, s.another()(t), plan...) })
	running.Wait()
	s.admits(t, 100, http.StatusTooManyRequests, s.dial(t))
	if s.name == "consumer" {
		return // it gets the status in a text
	}
	eventually(t, "a tenant gets the limit's own answer", func() error {
		if a := s.ask(t, append(tenant, "acme")...); a.status != http.StatusServiceUnavailable || a.body != `{"wait": "a second"}` {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
}

// another is a method other than whoami.
func (s target) another() func(*testing.T) func([]string) (answer, error) {
	if s.service == httpService {
		return s.over(http.MethodGet, "/"+httpService+"/hello")
	}
	return s.over(http.MethodPost, "/"+dubboService+"/attachments")
}

// admits requires that a limit admits that many calls a second. A bucket that has just refused is empty, so that from one
// refusal to another as much was admitted as flowed in, whatever its size and however often it is filled.
func (s target) admits(t *testing.T, rate float64, refusal int, call func([]string) (answer, error), headers ...string) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var first, last time.Time
	offered, passed, admitted := 0, 0, 0 // since the first refusal; admitted up to the last
	for began := time.Now(); last.Sub(first) < measured; <-tick.C {
		if time.Since(began) > patience {
			t.Errorf("%q: %d calls, and no refusal for %s", headers, offered, measured)
			return
		}
		a, err := call(headers)
		offered++
		switch {
		case err != nil || a.status != http.StatusOK && a.status != refusal:
			t.Errorf("%q: %d %s %v", headers, a.status, a.body, err)
			return
		case a.status == http.StatusOK:
			passed++
		case first.IsZero():
			first, last, offered, passed = time.Now(), time.Now(), 0, 0
		default:
			last, admitted = time.Now(), passed
		}
	}
	got := float64(admitted) / last.Sub(first).Seconds()
	t.Logf("%q: %.1f calls/s of %.0f calls/s, the limit is %.0f", headers, got, float64(offered)/last.Sub(first).Seconds(), rate)
	if math.Abs(got-rate) > rate/20 {
		t.Errorf("%q: %.2f calls/s are admitted, want %.0f ± 5 %%", headers, got, rate)
	}
}
