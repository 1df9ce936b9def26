package policies

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func releaseCanaryWeight(t *testing.T, s target) {
	s.shares(t, 5000, s.versions(90, 10), 2) // almost five standard deviations
}

func releaseCanaryMatch(t *testing.T, s target) {
	key := "x-user"
	if s.name == "consumer" {
		key = attachmentPrefix + "user"
	}
	s.always(t, 100, s.v2, key, "ann")
	s.always(t, 100, s.v1, key, "eve")
	s.always(t, 100, s.v1)
}

// releaseBlueGreen switches to the other colour and back while calls flow.
func releaseBlueGreen(t *testing.T, s target) {
	s.always(t, 200, s.v1)
	text := strings.ReplaceAll(read(t, "examples/policies/release-blue-green/policy.yaml"), "v1", "v2")
	file := filepath.Join(t.TempDir(), "green.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var running sync.WaitGroup
	for range callers {
		call := s.dial(t)
		running.Go(func() {
			for !done.Load() {
				if a, err := call(nil); err != nil || a.by == "" {
					t.Errorf("a call failed: %d %s, %v", a.status, a.body, err)
					return
				}
			}
		})
	}
	s.dubbomesh(t, "apply", "-f", file, "--wait", patience.String())
	s.always(t, 200, s.v2)
	for _, service := range []string{"http", "dubbo"} {
		s.dubbomesh(t, "rollback", "route/release-blue-green-"+service, "--wait", patience.String())
	}
	s.always(t, 200, s.v1)
	done.Store(true)
	running.Wait()
}

func releaseAB(t *testing.T, s target) {
	for group, names := range map[string][]string{"a": s.v1, "b": s.v2} {
		s.always(t, 100, names, "cookie", "group="+group)
		if a := s.ask(t, "cookie", "group="+group); a.header.Get("x-group") != group {
			t.Errorf("group %s is told as %v", group, a.header)
		}
	}
	if s.name == "dubbo" {
		s.always(t, 100, s.v2, attachmentPrefix+"user", "4712")
		s.always(t, 100, s.v1, attachmentPrefix+"user", "4711")
	}
}

// releaseDarkLaunch counts the copies: a fifth of the calls, five standard deviations more or less.
func releaseDarkLaunch(t *testing.T, s target) {
	const calls = 5000
	address := s.process(t, s.v2[0]).Address
	count := func() int { return s.hostStat(t, s.service, address, "rq_total") }
	before := count()
	s.always(t, calls, s.v1)
	eventually(t, "a fifth of the calls is copied", func() error {
		if share := float64(count()-before) / calls; math.Abs(share-0.2) > 5*math.Sqrt(0.2*0.8/calls) {
			return fmt.Errorf("%.3f", share)
		}
		return nil
	})
	if failed := s.hostStat(t, s.service, address, "rq_error"); failed > 0 {
		t.Errorf("%d copies were not answered", failed)
	}
}

func releaseLane(t *testing.T, s target) {
	lane, user := "x-lane", "x-user"
	if s.name == "consumer" {
		lane, user = attachmentPrefix+"x-lane", attachmentPrefix+"user"
	}
	s.always(t, 100, s.v2, user, "ann")
	s.always(t, 100, s.v2, lane, "gray")
	s.always(t, 100, s.v1)
	s.always(t, 100, s.v1, user, "eve")
	s.always(t, 100, s.v1, lane, "blue")
	switch s.name {
	case "web":
		if r, _ := s.show(t, http.MethodGet, "/request/1", user, "ann"); r.By != s.v2[0] || r.Headers["x-lane"] != "gray" {
			t.Errorf("the lane is not passed on: %+v", r)
		}
		s.fullLink(t)
	case "dubbo":
		a := s.send(t, http.MethodPost, "/"+dubboService+"/attachments", "", user, "ann")
		var got map[string]string
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got["x-lane"] != "gray" {
			t.Errorf("the lane is not passed on: %s, %v", a.body, err)
		}
	}
}

// fullLink calls the Dubbo service by way of the HTTP service: who is in the lane meets its instances in both, others in
// neither, and of a lane without instances nobody knows.
func (s target) fullLink(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		headers []string
		first   string
		then    []string
	}{
		{[]string{"x-user", "ann"}, s.v2[0], s.dubbo().v2},
		{[]string{"x-lane", "gray"}, s.v2[0], s.dubbo().v2},
		{[]string{"x-lane", "blue"}, s.v1[0], s.dubbo().v1},
		{nil, s.v1[0], s.dubbo().v1},
	} {
		for range 40 {
			a := s.send(t, http.MethodPost, "/"+httpService+"/relay/"+dubboService+"/whoami", "", c.headers...)
			var way struct{ By, Answer string }
			if err := json.Unmarshal([]byte(a.body), &way); err != nil || way.By != c.first || !slices.Contains(c.then, way.Answer) {
				t.Errorf("with %q: %s, %v; want %s, then one of %q", c.headers, a.body, err, c.first, c.then)
			}
		}
	}
}
