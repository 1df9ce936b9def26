package policies

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const helloService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"

func balanceWeighted(t *testing.T, s target) { s.shares(t, 1200, s.weights, 2) }

func balanceRandom(t *testing.T, s target) {
	s.shares(t, 6000, s.equal(), 3) // five standard deviations
	if names := s.sequence(t, 60); inTurns(names, len(s.weights)) {
		t.Errorf("they take turns: %v", names)
	}
}

func balanceRoundRobin(t *testing.T, s target) {
	s.shares(t, 600, s.equal(), 1)
	if names := s.sequence(t, 60); !inTurns(names, len(s.weights)) {
		t.Errorf("they do not take turns: %v", names)
	}
}

// inTurns tells whether each of n instances answers once in any n calls in a row.
func inTurns(names []string, n int) bool {
	for i := range len(names) - n {
		if len(slices.Compact(slices.Sorted(slices.Values(names[i:i+n])))) < n {
			return false
		}
	}
	return true
}

// balanceLeastRequest adds an instance that is slow and, in a service whose weights differ, has half of all weight.
func balanceLeastRequest(t *testing.T, m *mesh) {
	t.Run("web", func(t *testing.T) {
		slow := m.join(t, httpService, "slow", []string{"--delay", "100ms"}, nil)
		s := m.web()
		seen := s.tally(t, 800)
		t.Logf("%v", seen)
		if seen["slow"] > 80 || seen["slow"] != m.hostStat(t, httpService, slow.address, "rq_total") {
			t.Errorf("the slow one answers more than a tenth: %v", seen)
		}
	})
	t.Run("dubbo", func(t *testing.T) {
		slow := m.join(t, helloService, "slow", []string{"--delay", "300ms"}, []string{"--weight", "600"})
		s := m.dubbo()
		s.dial = func(t *testing.T) func([]string) (answer, error) {
			return func([]string) (answer, error) {
				return m.request(t, http.MethodPost, "/"+helloService+"/hash", `["x"]`)
			}
		}
		s.tally(t, 320)
		if n := m.hostStat(t, helloService, slow.address, "rq_total"); n == 0 || n > 80 { // by weight it would be 160
			t.Errorf("of 320 calls the slow one got %d", n)
		}
	})
}

// homes tells for each of n keys which instance answers its calls. It is an error when that is not always the same.
func (s target) homes(t *testing.T, n int, headers func(i int) []string) ([]string, error) {
	t.Helper()
	call := s.dial(t)
	home := make([]string, n)
	for round := range 3 {
		for i := range n {
			a, err := call(headers(i))
			if err != nil || a.status != http.StatusOK {
				return nil, fmt.Errorf("key %d: %d %s, %w", i, a.status, a.body, err)
			}
			if round > 0 && a.by != home[i] {
				return nil, fmt.Errorf("key %d is at %s, then at %s", i, home[i], a.by)
			}
			home[i] = a.by
		}
	}
	return home, nil
}

// sticky is homes where every key must have one.
func (s target) sticky(t *testing.T, n int, headers func(i int) []string) []string {
	t.Helper()
	home, err := s.homes(t, n, headers)
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// requireSpread requires that every instance has some of the keys.
func (s target) requireSpread(t *testing.T, home []string) {
	t.Helper()
	seen := map[string]int{}
	for _, name := range home {
		seen[name]++
	}
	t.Logf("%d keys: %v", len(home), seen)
	for _, name := range s.names() {
		if seen[name] == 0 {
			t.Errorf("%s has none: %v", name, seen)
		}
	}
}

// balanceHash takes an instance away and gives it back: its users move, then come home.
func balanceHash(mayMove int) func(t *testing.T, s target) {
	return func(t *testing.T, s target) {
		users := func(i int) []string {
			return []string{"x-user", fmt.Sprint("user-", i), attachmentPrefix + "user", fmt.Sprint("user-", i)}
		}
		home := s.sticky(t, 200, users)
		s.requireSpread(t, home)
		gone := s.v1[len(s.v1)-1]
		t.Run("an instance goes", func(t *testing.T) {
			s.weigh(t, s.service, gone, "0")
			moved := 0
			for i, name := range s.sticky(t, len(home), users) {
				switch {
				case name == gone:
					t.Errorf("user %d is still at %s", i, gone)
				case home[i] != gone && home[i] != name:
					moved++
				}
			}
			t.Logf("%d of the others' users moved", moved)
			if moved*100 > mayMove*len(home) {
				t.Errorf("%d of %d users moved who were not at %s, want %d %% at most", moved, len(home), gone, mayMove)
			}
		})
		eventually(t, "all users come home", func() error {
			again, err := s.homes(t, len(home), users)
			if err == nil && !slices.Equal(home, again) {
				err = fmt.Errorf("%v\n%v", home, again)
			}
			return err
		})
	}
}

func balanceHashCookie(t *testing.T, s target) {
	var home []string
	for range 200 {
		client.CloseIdleConnections() // Envoy makes the cookie of the connection
		first := s.ask(t)
		cookie, _, _ := strings.Cut(first.header.Get("set-cookie"), ";")
		if !strings.HasPrefix(cookie, "session=") {
			t.Fatalf("no cookie is set: %v", first.header)
		}
		for range 3 {
			if a := s.ask(t, "cookie", cookie); a.by != first.by || a.header.Get("set-cookie") != "" {
				t.Errorf("%s began at %s and goes on at %s, %v", cookie, first.by, a.by, a.header)
			}
		}
		home = append(home, first.by)
	}
	s.requireSpread(t, home)
}

func balanceHashQuery(t *testing.T, s target) {
	verb := map[string]string{"web": http.MethodGet, "dubbo": http.MethodPost}[s.name]
	var home []string
	for room := range 200 {
		path := fmt.Sprintf("/%s/whoami?room=%d", s.service, room)
		first := s.send(t, verb, path, "").body
		if again := s.send(t, verb, path+"&more=1", "").body; again != first {
			t.Errorf("room %d is at %s and at %s", room, first, again)
		}
		home = append(home, strings.Trim(first, "\"\n"))
	}
	s.requireSpread(t, home)
}

// balanceSourceIP calls from addresses of the loopback network, each with a connection of its own.
func balanceSourceIP(t *testing.T, s target) {
	verb := map[string]string{"web": http.MethodGet, "dubbo": http.MethodPost}[s.name]
	var home []string
	for i := range 200 {
		from := &net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}}
		own := &http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}}
		for round := range 3 {
			a, err := s.requestBy(t, own, verb, "/"+s.service+"/whoami", "")
			if err != nil {
				t.Fatal(err)
			}
			switch name := strings.Trim(a.body, "\"\n"); {
			case round == 0:
				home = append(home, name)
			case name != home[i]:
				t.Errorf("%v is served by %s, then by %s", from.LocalAddr, home[i], name)
			}
		}
	}
	s.requireSpread(t, home)
}

// balanceClientWeighted waits until the first reports count, then measures: 0.25 in use against 0.75, and 0.2, 0.4 and 0.8,
// which is another order than that of the registered weights.
func balanceClientWeighted(t *testing.T, s target) {
	first, want := "one", map[string]float64{"one": 75, "two": 25}
	if s.name != "web" {
		first, want = "small", map[string]float64{"small": 400. / 7, "medium": 200. / 7, "large": 100. / 7}
	}
	eventually(t, "reports count", func() error {
		if seen := s.tally(t, 200); float64(seen[first]) < 2*want[first]-10 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	s.shares(t, 2000, want, 2)
}

func balanceZoneWeights(t *testing.T, s target) {
	want := map[string]float64{"one": 80, "two": 20}
	if s.name != "web" {
		want = map[string]float64{"small": 80, "medium": 8, "large": 12}
	}
	s.shares(t, 2000, want, 2)
}

// balanceZoneFailover adds an instance in the first zone and has it crash: no call fails.
func balanceZoneFailover(t *testing.T, s target) {
	east := []string{map[string]string{"web": "one", "dubbo": "small", "consumer": "small"}[s.name]}
	s.always(t, 100, east)
	north := s.join(t, s.service, "north", nil, []string{"--zone", "north"})
	eventually(t, "the first zone has everything", func() error {
		if seen := s.tally(t, 40); seen["north"] != 40 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	north.kill(t)
	s.always(t, 400, east)
	s.weigh(t, s.service, east[0], "0")
	if seen := s.tally(t, 100); seen["north"]+seen[east[0]] > 0 || len(seen) != len(s.weights)-1 {
		t.Errorf("with two zones gone: %v", seen)
	}
}

// balancePriorities takes the instances of the first rank away.
func balancePriorities(t *testing.T, s target) {
	s.always(t, 200, s.v1)
	for _, name := range s.v1 {
		s.weigh(t, s.service, name, "0")
	}
	s.always(t, 200, s.v2)
}
