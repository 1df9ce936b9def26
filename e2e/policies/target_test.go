package policies

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The services of the demo.
const (
	httpService  = "demo-http"
	dubboService = "org.dubbomesh.demo.Echo"
)

// target is a service as one kind of client calls it.
type target struct {
	*mesh
	name    string // web, dubbo or consumer
	service string
	weights map[string]float64 // of its instances, by name
	v1, v2  []string           // the instances of each version
	// dial returns what calls whoami, from one goroutine at a time. Headers are pairs of name and value; a consumer sends
	// x-dubbo-attachment-<key> as an attachment, and nothing else.
	dial func(t *testing.T) func(headers []string) (answer, error)
}

// answer is what a client got.
type answer struct {
	status int    // for a consumer that got an exception that of its message, or 500
	by     string // the instance that answered whoami, "" for nobody
	header http.Header
	body   string
}

// web is the HTTP service, called over HTTP: small instances one (v1, zone east) and two (v2, zone west) of equal weight.
func (m *mesh) web() target {
	return target{
		mesh: m, name: "web", service: httpService, weights: map[string]float64{"one": 1, "two": 1}, v1: []string{"one"}, v2: []string{"two"},
		dial: m.over(http.MethodGet, "/"+httpService+"/whoami"),
	}
}

// dubbo is the Dubbo service, called over HTTP: instances small (v1, zone east), medium (v1, west) and large (v2, west) with
// weights 1 : 2 : 3.
func (m *mesh) dubbo() target {
	return target{
		mesh: m, name: "dubbo", service: dubboService, weights: map[string]float64{"small": 1, "medium": 2, "large": 3},
		v1: []string{"medium", "small"}, v2: []string{"large"}, dial: m.over(http.MethodPost, "/"+dubboService+"/whoami"),
	}
}

// consumer is the Dubbo service, called by a Dubbo consumer.
func (m *mesh) consumer() target {
	s := m.dubbo()
	s.name = "consumer"
	s.dial = func(t *testing.T) func([]string) (answer, error) { return m.consume(t, "whoami") }
	return s
}

// onBoth proves a policy on the HTTP and on the Dubbo service, both called over HTTP.
func onBoth(prove func(t *testing.T, s target)) proof {
	return func(t *testing.T, m *mesh) { eachOf(t, prove, m.web(), m.dubbo()) }
}

// onAll proves a policy on the HTTP service and on the Dubbo service, which is called over HTTP and by a Dubbo consumer.
func onAll(prove func(t *testing.T, s target)) proof {
	return func(t *testing.T, m *mesh) { eachOf(t, prove, m.web(), m.dubbo(), m.consumer()) }
}

func eachOf(t *testing.T, prove func(t *testing.T, s target), targets ...target) {
	t.Helper()
	for _, s := range targets {
		t.Run(s.name, func(t *testing.T) { prove(t, s) })
	}
}

// over calls whoami by HTTP.
func (m *mesh) over(verb, path string) func(*testing.T) func([]string) (answer, error) {
	return func(t *testing.T) func([]string) (answer, error) {
		return func(headers []string) (answer, error) {
			a, err := m.request(t, verb, path, "", headers...)
			if err == nil && a.status == http.StatusOK {
				a.by = strings.Trim(a.body, "\"\n")
			}
			return a, err
		}
	}
}

// ask calls whoami once.
func (s target) ask(t *testing.T, headers ...string) answer {
	t.Helper()
	a, err := s.dial(t)(headers)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// callers is how many calls are under way at once in a tally.
const callers = 8

// tally calls whoami n times and counts the answers, by the instance's name or, for a failure, the status.
func (s target) tally(t *testing.T, n int, headers ...string) map[string]int {
	t.Helper()
	return s.tallyOf(t, n, func(int) []string { return headers })
}

// tallyOf is tally with headers of its own for each call.
func (s target) tallyOf(t *testing.T, n int, headers func(i int) []string) map[string]int {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	seen := map[string]int{}
	for c := range callers {
		call := s.dial(t)
		running.Go(func() {
			for i := c; i < n; i += callers {
				a, err := call(headers(i))
				if err != nil {
					t.Errorf("call %d: %v", i, err)
					return
				}
				key := a.by
				if key == "" {
					key = fmt.Sprint(a.status)
				}
				mu.Lock()
				seen[key]++
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return seen
}

// sequence makes n calls in a row and lists who answers.
func (s target) sequence(t *testing.T, n int) []string {
	t.Helper()
	call := s.dial(t)
	names := make([]string, n)
	for i := range names {
		a, err := call(nil)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = a.by
	}
	return names
}

// always requires that only these answer n calls, and each of them at least once.
func (s target) always(t *testing.T, n int, names []string, headers ...string) {
	t.Helper()
	if seen := s.tally(t, n, headers...); !slices.Equal(slices.Sorted(maps.Keys(seen)), slices.Sorted(slices.Values(names))) {
		t.Errorf("%d calls with %q: %v, want %q alone", n, headers, seen, names)
	}
}

// shares requires that n calls are answered in these proportions; each share may differ by so many percent of all calls.
func (s target) shares(t *testing.T, n int, want map[string]float64, tolerance float64) {
	t.Helper()
	seen := s.tally(t, n)
	t.Logf("%d calls: %v", n, seen)
	requireShares(t, seen, want, tolerance)
}

// requireSome is an error when an instance answers none of some calls.
func (s target) requireSome(t *testing.T, name string) error {
	t.Helper()
	if seen := s.tally(t, 40); seen[name] == 0 {
		return fmt.Errorf("%v", seen)
	}
	return nil
}

func requireShares(t *testing.T, seen map[string]int, want map[string]float64, tolerance float64) {
	t.Helper()
	total, sum := 0, 0.0
	for _, n := range seen {
		total += n
	}
	for _, w := range want {
		sum += w
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		got, share := 100*float64(seen[name])/float64(total), 100*want[name]/sum
		if math.Abs(got-share) > tolerance {
			t.Errorf("%s got %.1f %% of %d calls, want %.1f ± %.1f: %v", name, got, total, share, tolerance, seen)
		}
	}
	for name := range seen {
		if _, meant := want[name]; !meant {
			t.Errorf("%s answered: %v", name, seen)
		}
	}
}

// names lists the instances.
func (s target) names() []string { return slices.Sorted(maps.Keys(s.weights)) }

// equal are equal shares.
func (s target) equal() map[string]float64 {
	out := map[string]float64{}
	for name := range s.weights {
		out[name] = 1
	}
	return out
}

// versions are the shares of instances when versions get those; inside of a version weights count.
func (s target) versions(v1, v2 float64) map[string]float64 {
	out := map[string]float64{}
	for share, names := range map[*float64][]string{&v1: s.v1, &v2: s.v2} {
		sum := 0.0
		for _, name := range names {
			sum += s.weights[name]
		}
		for _, name := range names {
			if *share > 0 {
				out[name] = *share * s.weights[name] / sum
			}
		}
	}
	return out
}
