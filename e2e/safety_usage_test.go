package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// usage is what a mesh takes of the machine.
type usage struct {
	envoyBytes, listeners, clusters uint64
	goroutines, planeBytes          float64
}

func (s *safety) usage(t *testing.T) usage {
	t.Helper()
	u := usage{
		envoyBytes: s.envoy.Stat("server.memory_allocated"), listeners: s.envoy.Stat("listener_manager.total_listeners_active"),
		clusters: s.envoy.Stat("cluster_manager.active_clusters"),
	}
	answer, err := http.Get("http://" + s.apiAddress + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for name, to := range map[string]*float64{"go_goroutines ": &u.goroutines, "go_memstats_heap_inuse_bytes ": &u.planeBytes} {
			if value, ok := strings.CutPrefix(line, name); ok {
				if *to, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return u
}

// What an Envoy and a control plane may have more in the end than in the beginning: statistics of what was, buffers,
// histories.
const (
	moreBytes      = 96 << 20
	moreGoroutines = 10
)

// bounded waits until the mesh takes no more than in the beginning, but for what is bounded.
func (before usage) bounded(t *testing.T, s *safety) {
	t.Helper()
	var now usage
	eventually(t, "nothing is left behind", func() error {
		now = s.usage(t)
		if now.listeners != before.listeners || now.clusters != before.clusters || now.goroutines > before.goroutines+moreGoroutines ||
			now.envoyBytes > before.envoyBytes+moreBytes || now.planeBytes > before.planeBytes+moreBytes {
			return fmt.Errorf("%+v, and %+v before", now, before)
		}
		return nil
	})
	t.Logf("before %+v\nafter  %+v", before, now)
	if panics := s.envoy.Stat("dubbo.panics"); panics > 0 {
		t.Errorf("%d panics in the module", panics)
	}
}
