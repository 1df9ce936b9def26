package policies

import (
	"fmt"
	"net/http"
	"slices"
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
		sum := 0
		for _, i := range instances {
			n := s.hostStat(t, s.service, i.address, "rq_active")
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
