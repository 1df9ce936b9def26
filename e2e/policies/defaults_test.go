package policies

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// meshDefaults adds a dead instance to both services, and one that is too late to that for which the defaults are.
func meshDefaults(t *testing.T, m *mesh) {
	web, dubbo := m.web(), m.dubbo()
	web.dead(t)
	if seen := web.sequence(t, 60); slices.Contains(seen, "") {
		t.Errorf("two more attempts find one that lives: %q", seen)
	}
	web.join(t, httpService, "late", []string{"--delay", "2s"}, nil)
	eventually(t, "the late one is asked, and given up", func() error {
		if seen := web.tally(t, 24); seen["504"] == 0 || seen["one"] == 0 || seen["late"] > 0 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	if a := m.send(t, http.MethodPost, "/"+dubboService+"/slow", "[800]"); a.status != http.StatusOK {
		t.Errorf("a time limit of its own: %d %s", a.status, a.body)
	}
	dubbo.dead(t)
	dubbo.shares(t, 600, map[string]float64{"small": 1, "medium": 2, "large": 3, "503": 2}, 2)
}

// requestSize sends bodies of the largest size that is taken, and one byte more.
func requestSize(t *testing.T, m *mesh) {
	for _, service := range []string{httpService, dubboService} {
		for size, want := range map[int]int{100: http.StatusOK, 1024: http.StatusOK, 1025: http.StatusRequestEntityTooLarge, 1 << 20: http.StatusRequestEntityTooLarge} {
			body := `["` + strings.Repeat("x", size-4) + `"]`
			if a := m.send(t, http.MethodPost, "/"+service+"/echo", body); a.status != want {
				t.Errorf("%s, %d bytes: %d %s, want %d", service, size, a.status, a.body, want)
			}
		}
	}
	if a := m.send(t, http.MethodPost, "/"+slowService+"/hash", `["`+strings.Repeat("x", 2048)+`"]`); a.status != http.StatusOK {
		t.Errorf("another service: %d %s", a.status, a.body)
	}
}
