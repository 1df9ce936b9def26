package policies

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// breakerOfService opens a breaker by failing calls, and sees it close again.
func breakerOfService(t *testing.T, s target) {
	for range 5 {
		if a := s.ask(t, "x-break", "yes"); a.status != http.StatusInternalServerError {
			t.Fatalf("failing: %d %s", a.status, a.body)
		}
	}
	for range 20 {
		if a := s.ask(t); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "urn:dubbomesh:breaker-open") || a.header.Get("retry-after") == "" {
			t.Fatalf("open: %d %v %s", a.status, a.header, a.body)
		}
	}
	eventually(t, "it tries calls", func() error {
		if a := s.ask(t); a.status != http.StatusOK {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
	eventually(t, "it closes", func() error {
		if seen := s.tally(t, 100); seen["503"] > 0 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
}

// breakerOfInstance adds an instance that has crashed, which is soon out.
func breakerOfInstance(t *testing.T, s target) {
	s.dead(t)
	eventually(t, "it is out", func() error {
		if seen := s.tally(t, 100); seen["503"] > 0 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	s.always(t, 300, s.names())
}

// fallbackResponse requires the policy's answer in place of failures alone.
func fallbackResponse(t *testing.T, s target) {
	for range 50 {
		a := s.ask(t, "x-break", "yes")
		if a.status != http.StatusNonAuthoritativeInfo || a.body != `{"was": 503, "sure": "100%"}` || a.header.Get("x-from") != "fallback" {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
	}
	s.always(t, 50, s.names())
}

// fallbackService requires that failed calls are answered elsewhere.
func fallbackService(t *testing.T, s target) {
	s.always(t, 100, s.v1)
	s.always(t, 100, s.v2, "x-break", "yes")
	if s.service == dubboService {
		if a := s.send(t, http.MethodPost, "/"+dubboService+"/hash", `["hello"]`); a.status != http.StatusOK || a.body != "99162322" {
			t.Errorf("another service: %d %s", a.status, a.body)
		}
	}
}

// bulkhead fills the pool of a slow method while a fast one is called.
func bulkhead(t *testing.T, m *mesh) {
	var running sync.WaitGroup
	statuses := make(chan int, 40)
	for range cap(statuses) {
		running.Go(func() {
			a, err := m.request(t, http.MethodPost, "/"+dubboService+"/slow", "[1500]")
			if err != nil {
				t.Error(err)
			}
			statuses <- a.status
		})
	}
	if status := <-statuses; status != http.StatusServiceUnavailable {
		t.Errorf("beyond the pool: %d", status)
	}
	for range 50 {
		began := time.Now()
		if a := m.send(t, http.MethodPost, "/"+dubboService+"/whoami", ""); a.status != http.StatusOK || time.Since(began) > time.Second {
			t.Errorf("beside it: %d after %s", a.status, time.Since(began))
		}
	}
	running.Wait()
	close(statuses)
	seen := map[int]int{http.StatusServiceUnavailable: 1}
	for status := range statuses {
		seen[status]++
	}
	if seen[200] == 0 || seen[200] > 16 || seen[200]+seen[503] != cap(statuses) {
		t.Errorf("answers of the slow method: %v", seen)
	}
}
