package policies

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// limits has three slow instances serve alone, and looks at what is under way while many call at once.
func limits(t *testing.T, s target) {
	var slow []joined
	for i := range 3 {
		name := fmt.Sprintf("slow-%d", i)
		slow = append(slow, s.join(t, s.service, name, []string{"--delay", "500ms"}, nil))
	}
	for _, name := range s.names() {
		s.weigh(t, s.service, name, "0")
	}
	var running sync.WaitGroup
	statuses := make(chan int, 30)
	for range cap(statuses) {
		running.Go(func() {
			a, err := s.slowly(t)
			if err != nil {
				t.Error(err)
			}
			statuses <- a.status
		})
	}
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
		close(statuses)
	}()
	most, mostOfOne := s.underWay(t, slow, done)
	seen := map[int]int{}
	for status := range statuses {
		seen[status]++
	}
	t.Logf("answers %v; under way %d, at one instance %d", seen, most, mostOfOne)
	if most == 0 || most > 4 || mostOfOne > 2 {
		t.Errorf("under way are %d, at one instance %d, want 4 and 2 at most", most, mostOfOne)
	}
	if n := seen[http.StatusOK]; n < 2 || n > 6 || n+seen[http.StatusServiceUnavailable] != cap(statuses) {
		t.Errorf("answers are %v, want 2 to 6 good ones, and refusals", seen)
	}
	if names := s.sequence(t, 3); slices.Contains(names, "") {
		t.Errorf("one after another are refused: %q", names)
	}
}

// bulkheadOfPath has the slow paths take all that they may, and calls others meanwhile. Without the rule these are refused.
func bulkheadOfPath(t *testing.T, m *mesh) {
	slow, fast := besideSlowPaths(t, m)
	t.Logf("slow paths %v, others %v", slow, fast)
	if slow[http.StatusOK] == 0 || slow[http.StatusOK] > 16 || slow[http.StatusServiceUnavailable] == 0 || len(fast) != 1 || fast[http.StatusOK] == 0 {
		t.Errorf("slow paths %v, want some and refusals; others %v, want good ones alone", slow, fast)
	}
	m.dubbomesh(t, "delete", "Route/resilience-bulkhead-path")
	eventually(t, "the rule is gone", func() error {
		config, err := m.config()
		if err == nil && strings.Contains(config, "version=v2") {
			err = errors.New("its pool is there")
		}
		return err
	})
	if slow, fast := besideSlowPaths(t, m); fast[http.StatusServiceUnavailable] == 0 {
		t.Errorf("without the rule: slow paths %v, others %v, want refusals of both", slow, fast)
	}
}

// besideSlowPaths makes 40 slow calls at once and, from the first refusal to the last answer, others. It counts the statuses.
func besideSlowPaths(t *testing.T, m *mesh) (slow, fast map[int]int) {
	t.Helper()
	var running sync.WaitGroup
	statuses := make(chan int, 40)
	for range cap(statuses) {
		running.Go(func() {
			a, err := m.request(t, http.MethodGet, "/demo-http/slow/2s", "")
			if err != nil {
				t.Error(err)
			}
			statuses <- a.status
		})
	}
	slow, fast = map[int]int{<-statuses: 1}, map[int]int{}
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	for under := true; under; {
		fast[m.send(t, http.MethodGet, "/demo-http/whoami", "").status]++
		select {
		case <-done:
			under = false
		default:
		}
	}
	close(statuses)
	for status := range statuses {
		slow[status]++
	}
	return slow, fast
}

// slowly is a call that takes half a second: a method of the Dubbo service, or any of the slow instances of the HTTP service.
func (s target) slowly(t *testing.T) (answer, error) {
	if s.service == dubboService {
		return s.request(t, http.MethodPost, "/"+dubboService+"/slow", "[500]")
	}
	return s.dial(t)(nil)
}

// underWay looks at the calls that Envoy counts at instances until done: the most at all, and at one.
func (s target) underWay(t *testing.T, instances []joined, done <-chan struct{}) (all, one int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		sum, page := 0, s.clusters(t) // one page, or a call would count at two instances
		for _, i := range instances {
			n := hostStat(t, page, s.service, i.address, "rq_active")
			sum, one = sum+n, max(one, n)
		}
		all = max(all, sum)
		select {
		case <-done:
			return all, one
		case <-tick.C:
		}
	}
}
