package policies

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logFolder is where the example's policies let Envoy write.
const logFolder = "/tmp/dubbomesh-log"

// makeLogFolder makes it anew, for as long as the test runs. Envoy keeps files open that it has written once.
func makeLogFolder(t *testing.T, m *mesh) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(logFolder), os.MkdirAll(logFolder, 0o700)); err != nil {
		t.Fatal(err)
	}
	r, err := client.Post("http://"+m.Admin+"/reopen_logs", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	t.Cleanup(func() { _ = os.RemoveAll(logFolder) })
}

// lines are those of an access log, once there are enough.
func lines(t *testing.T, file string, enough int) []map[string]any {
	t.Helper()
	var out []map[string]any
	eventually(t, file+" is written", func() error {
		text, err := os.ReadFile(filepath.Join(logFolder, file))
		if err != nil {
			return err
		}
		out = nil
		for line := range strings.Lines(string(text)) {
			var l map[string]any
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			out = append(out, l)
		}
		if len(out) < enough {
			return fmt.Errorf("%d lines of %d", len(out), enough)
		}
		return nil
	})
	return out
}

// telemetryAccessLog makes calls of which some are to be told of, and holds the files against them.
func telemetryAccessLog(t *testing.T, m *mesh) {
	const failures, slow = 30, 5
	m.web().always(t, 60, m.web().names(), "x-user", "ann")
	m.dubbo().always(t, 60, m.dubbo().names())
	m.send(t, http.MethodPost, "/"+dubboService+"/fail", `["x"]`) // fails, but is not slow
	for i := range failures {
		m.send(t, http.MethodGet, fmt.Sprintf("/%s/nothing?%d", httpService, i), "", "x-user", fmt.Sprint("user", i))
	}
	for range slow {
		m.send(t, http.MethodPost, "/"+dubboService+"/slow", "[301]")
	}
	// Envoy writes at once what is more than 64 KiB, and all else every ten seconds.
	filler := "?" + strings.Repeat("x", 40_000)
	for range 2 {
		m.send(t, http.MethodGet, "/"+httpService+"/nothing"+filler, "")
		m.send(t, http.MethodPost, "/"+dubboService+"/slow"+filler, "[301]")
	}
	seen := map[string]bool{}
	for _, l := range lines(t, "failed.json", failures+2) {
		path, _ := l["path"].(string)
		if strings.HasSuffix(path, filler) {
			continue
		}
		seen[path] = true
		user := "user" + path[strings.IndexByte(path, '?')+1:]
		if len(l) != 3 || l["status"] != 404.0 || l["user"] != user {
			t.Errorf("a failure is told of as %v", l)
		}
	}
	if len(seen) != failures {
		t.Errorf("%d failures are told of, want %d", len(seen), failures)
	}
	told := lines(t, "slow.json", slow+2)
	for _, l := range told {
		ms, _ := l["ms"].(float64)
		cluster, _ := l["cluster"].(string)
		path, _ := l["path"].(string)
		if ms < 300 || strings.TrimSuffix(path, filler) != "/"+dubboService+"/slow" || l["dubbo"] != "20" || !strings.Contains(cluster, dubboService) || l["instance"] == nil {
			t.Errorf("a slow call is told of as %v", l)
		}
	}
	if len(told) != slow+2 {
		t.Errorf("%d slow calls are told of, want %d", len(told), slow+2)
	}
}
