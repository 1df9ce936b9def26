package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// wildService is an HTTP service whose policies may ask for anything, as those of helloService may.
const wildService = "wild"

// safety is a mesh under load. Of two services, an HTTP and a Dubbo one, policies never ask for a failure: each of their
// requests has to succeed. Of the two others they may ask for anything.
type safety struct {
	*mesh
	rnd      *rand.Rand
	inventor *inventor
	clean    *load
	wild     *load
	alive    []string          // keys of policies that are there
	written  map[string]string // by key
	edits    []string          // what was done, and when
}

// fromEnvironment is a number that a run can be made longer with.
func fromEnvironment(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// TestSafetyOfEdits writes, changes and removes random valid policies in random order under load: nothing fails that no
// policy asked for, what is left is what a fresh start makes of the same etcd, and nothing is left when all are gone.
// SAFETY_POLICIES and SAFETY_SEED make it longer, and repeat a run.
func TestSafetyOfEdits(t *testing.T) {
	policies := fromEnvironment(t, "SAFETY_POLICIES", 200)
	seed := uint64(fromEnvironment(t, "SAFETY_SEED", int(time.Now().UnixNano()%1_000_000)))
	t.Logf("%d policies; SAFETY_SEED=%d makes the same ones", policies, seed)
	s := startSafety(t, seed)
	before, usage := s.configuration(t, s.mesh), s.usage(t)
	s.load(t)
	for made := 0; made < policies; {
		made += s.edit(t)
	}
	for len(s.alive) > 20 {
		s.remove(t)
		s.clean.waitCalls(t, perEdit)
	}
	s.settled(t)
	s.clean.waitCalls(t, 10*perEdit)
	s.judgeLoad(t)
	s.sameAsFresh(t)
	for len(s.alive) > 0 {
		s.remove(t)
	}
	s.settled(t)
	eventually(t, "the configuration is that of the beginning", func() error {
		if diff := cmp.Diff(before, s.configuration(t, s.mesh)); diff != "" {
			return fmt.Errorf("%s", diff)
		}
		return nil
	})
	usage.bounded(t, s)
	if left := s.problems(t); len(left) > 0 {
		t.Errorf("problems are left: %+v", left)
	}
}

func startSafety(t *testing.T, seed uint64) *safety {
	t.Helper()
	// What a listener leaves behind when it changes is gone after five seconds, not after ten minutes.
	m := startMeshWith(t, []string{"--drain-time-s", "5"})
	rnd := rand.New(rand.NewPCG(seed, 1))
	s := &safety{mesh: m, rnd: rnd, inventor: newInventor(t, rnd), written: map[string]string{}}
	for _, version := range []string{"v1", "v2"} {
		dubbo := startProvider(t, version, 0)
		m.keep(t, echoService, dubbo.address, "dubbo", version)
		m.keep(t, helloService, dubbo.address, "dubbo", version)
		address := testenvoy.FreeAddress(t)
		start(t, "http service", repository("bin", "demo-http"), "--listen", address, "--name", version).waitOutput(t, "listening")
		m.keep(t, webService, address, "http", version)
		m.keep(t, wildService, address, "http", version)
	}
	for _, path := range []string{cleanDubbo, cleanHTTP} {
		eventually(t, path+" answers", func() error { _, err := s.visitClean(t.Context(), path); return err })
	}
	eventually(t, "all services are known", func() error {
		var list []api.Service
		err := get("http://"+m.apiAddress+"/api/services", &list)
		if err == nil && len(list) != 4 {
			err = fmt.Errorf("only %v", list)
		}
		return err
	})
	return s
}

// keep registers an instance for as long as etcd lives.
func (m *mesh) keep(t *testing.T, service, address, protocol, version string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	m.put(t, instanceKey(service, address), fmt.Sprintf("{address: %s, port: %s, protocol: %s, labels: {version: %s}}", host, port, protocol, version))
}

const (
	cleanDubbo = "/" + echoService + "/whoami"
	cleanHTTP  = "/" + webService + "/whoami"
)

// visitClean makes a request that no policy asks to fail.
func (s *safety) visitClean(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.gatewayURL+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := gatewayClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %.300s", path, answer.StatusCode, text)
	}
	if name := strings.Trim(string(text), "\"\n"); err == nil && name != "v1" && name != "v2" {
		err = fmt.Errorf("%s: nobody is called %q", path, text)
	}
	return "", err
}

// wildClient gives up soon: policies may ask for a delay of an hour.
var wildClient = &http.Client{
	Timeout:       time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// visitWild makes a request that policies may ask to fail. It has to get an answer all the same.
func (s *safety) visitWild(ctx context.Context, n int64) (string, error) {
	paths := []string{"/" + wildService + "/whoami", "/" + helloService + "/hash", "/" + wildService + "/hello?name=ann"}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if n%3 == 1 {
		method, body = http.MethodPost, strings.NewReader(`["hello"]`)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.gatewayURL+paths[n%3], body)
	if err != nil {
		return "", err
	}
	req.Header.Set("content-type", "application/json")
	req.Header.Set([]string{"x-user", "x-chaos", "x-lane"}[n%3], []string{"ann", "on", "gray"}[n/3%3])
	answer, err := wildClient.Do(req)
	if err != nil {
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
			return "late", nil
		}
		return "", err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // policies may cut it off
	return strconv.Itoa(answer.StatusCode), nil
}

// requestsPerSecond is the load, a third of it on the services whose policies may ask for anything.
const requestsPerSecond = 1000

// load begins with requests at a steady pace, as far as the machine keeps up.
func (s *safety) load(t *testing.T) {
	t.Helper()
	clean, wild := pace(t, requestsPerSecond*2/3), pace(t, requestsPerSecond/3)
	var n atomic.Int64
	s.clean = startLoad(t, 24, func(ctx context.Context) (string, error) {
		<-clean
		return s.visitClean(ctx, []string{cleanDubbo, cleanHTTP}[n.Add(1)%2])
	})
	var m atomic.Int64
	s.wild = startLoad(t, 24, func(ctx context.Context) (string, error) {
		<-wild
		return s.visitWild(ctx, m.Add(1))
	})
	s.clean.waitCalls(t, 200)
}

// pace yields so many values a second, as far as somebody takes them.
func pace(t *testing.T, perSecond int) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	tokens := make(chan struct{}, 64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for began, yielded := time.Now(), 0; ; {
			select {
			case <-ctx.Done():
				close(tokens) // whoever waits goes on, and ends
				return
			case <-tick.C:
			}
			for due := int(time.Since(began).Seconds() * float64(perSecond)); yielded < due; yielded++ {
				select {
				case tokens <- struct{}{}:
				default: // nobody has time for it
				}
			}
		}
	}()
	return tokens
}

// perEdit is how many requests of those that must not fail lie between two edits.
const perEdit = 60

// edit makes one change: a new policy, another text for one that is there, or the end of one. It returns how many new ones.
func (s *safety) edit(t *testing.T) (made int) {
	t.Helper()
	defer s.clean.waitCalls(t, perEdit)
	if n := s.rnd.IntN(10); len(s.alive) > 0 && (n < 3 || len(s.alive) >= 40) {
		s.remove(t)
		return 0
	} else if len(s.alive) > 0 && n < 5 {
		key := s.alive[s.rnd.IntN(len(s.alive))]
		kind, name, _ := strings.Cut(key, "/")
		s.write(t, key, s.text(t, model.Kind(kind), name))
		return 0
	}
	kind := []model.Kind{model.KindRoute, model.KindTraffic, model.KindTraffic, model.KindRoute, model.KindAccess, model.KindMapping, model.KindLane, model.KindTelemetry, model.KindGateway, model.KindMesh}[s.rnd.IntN(10)]
	name := fmt.Sprintf("p%d", len(s.edits))
	if s.rnd.IntN(2) == 0 {
		name = "clean-" + name
	}
	s.alive = append(s.alive, string(kind)+"/"+name)
	s.write(t, string(kind)+"/"+name, s.text(t, kind, name))
	return 1
}

func (s *safety) write(t *testing.T, key, text string) {
	t.Helper()
	s.edits = append(s.edits, fmt.Sprintf("%s put %s %s", time.Now().Format("15:04:05.000"), key, text))
	s.written[key] = text
	s.put(t, "/dubbomesh/policies/"+key, text)
}

func (s *safety) remove(t *testing.T) {
	t.Helper()
	at := s.rnd.IntN(len(s.alive))
	key := s.alive[at]
	s.alive = slices.Delete(s.alive, at, at+1)
	s.edits = append(s.edits, fmt.Sprintf("%s del %s", time.Now().Format("15:04:05.000"), key))
	s.mesh.remove(t, "/dubbomesh/policies/"+key)
}

// text makes up a policy: one that asks for no failure for the services that must not fail, else whatever is valid.
func (s *safety) text(t *testing.T, kind model.Kind, name string) string {
	t.Helper()
	wild := []string{wildService, helloService}[s.rnd.IntN(2)]
	fields := 1 + s.rnd.IntN(3)
	switch {
	case kind == model.KindMesh: // for all services, so that it has to be harmless
		return fmt.Sprintf(`{"traffic": {"timeout": "%ds", "retry": {"attempts": %d, "on": ["reset", "overload"]}, "loadBalancing": %q}, "lane": "x-lane-%d"}`,
			10+s.rnd.IntN(20), 1+s.rnd.IntN(3), s.inventor.pick("random", "leastRequest", "weightedRoundRobin"), s.rnd.IntN(3))
	case kind == model.KindGateway:
		listeners := []any{map[string]any{"address": "127.0.0.1", "port": testenvoy.FreePort(t)}}
		return s.inventor.policy(kind, name, map[string]any{"listeners": listeners}, fields)
	case kind == model.KindLane:
		return s.inventor.policy(kind, name, map[string]any{"service": wild, "services": []any{wildService, helloService}}, fields)
	case kind == model.KindMapping:
		return s.inventor.policy(kind, name, map[string]any{"service": helloService}, fields)
	case madeHarmless(kind, name):
		return s.harmless(kind)
	}
	return s.inventor.policy(kind, name, map[string]any{"service": wild}, fields)
}

// madeHarmless reports whether harmless makes up the policies of a kind and name.
func madeHarmless(kind model.Kind, name string) bool {
	return strings.HasPrefix(name, "clean-") && (kind == model.KindRoute || kind == model.KindTraffic)
}

// harmless makes up a policy of a kind for a service that must not fail.
func (s *safety) harmless(kind model.Kind) string {
	service := []string{echoService, webService}[s.rnd.IntN(2)]
	number := func(from, to int) int { return from + s.rnd.IntN(to-from) }
	pick := s.inventor.pick
	if kind == model.KindRoute {
		return fmt.Sprintf(`{"service": %q, "rules": [%s]}`, service, pick(
			fmt.Sprintf(`{"to": [{"labels": {"version": "v1"}, "weight": %d}, {"labels": {"version": "v2"}, "weight": %d}]}`, number(1, 100), number(1, 100)),
			fmt.Sprintf(`{"match": {"headers": {"x-user": "ann"}, "percent": "%d%%"}, "to": {"labels": {"version": %q}}, "headers": {"request": {"set": {"x-a": "b%d"}}}}`, number(1, 100), pick("v1", "v2"), number(0, 9)),
			fmt.Sprintf(`{"timeout": "%ds", "mirror": {"labels": {"version": %q}, "percent": "%d%%"}}`, number(10, 30), pick("v1", "v2"), number(1, 20)),
			fmt.Sprintf(`{"retry": {"attempts": %d, "backoff": {"base": "1ms"}}, "cors": {"allowOrigins": "https://a%d.example.com"}}`, number(1, 4), number(1, 9))))
	}
	return fmt.Sprintf(`{"service": %q, %s}`, service, pick(
		`"loadBalancing": "`+pick("random", "leastRequest", "roundRobin", "weightedRoundRobin")+`"`,
		`"loadBalancing": {"policy": "maglev", "hashOn": [{"header": "x-user"}]}`,
		`"healthCheck": {"interval": "1s", "timeout": "5s", "unhealthy": 10}`,
		fmt.Sprintf(`"limits": {"connections": %d, "requests": %d}`, number(500, 900), number(500, 900)),
		fmt.Sprintf(`"retry": {"attempts": %d, "budget": "50%%", "backoff": {"base": "1ms"}}`, number(1, 4)),
		`"ejection": {"consecutive5xx": 50}`, `"maxRequestSize": "1MiB"`, `"rateLimit": {"requests": 1000000, "per": "1s"}`,
		`"methods": {"whoami": {"limits": {"requests": 700}, "timeout": "20s"}}`, `"fallback": {"on": "open", "body": "[]"}`,
		fmt.Sprintf(`"connection": {"idleTimeout": "%ds", "maxRequests": %d}`, number(1, 20), number(50, 500)),
		`"fault": {"delay": {"time": "1ms", "percent": "50%"}}`))
}

// settled waits until every policy is in force on every Envoy, but those that were withdrawn. None is that harmless made
// up, for whatever Envoy refused meanwhile.
func (s *safety) settled(t *testing.T) {
	t.Helper()
	eventually(t, "all policies are in force", func() error {
		var list []api.Policy
		if err := get("http://"+s.apiAddress+"/api/policies", &list); err != nil {
			return err
		}
		if len(list) != len(s.alive) {
			return fmt.Errorf("%d policies, want %d", len(list), len(s.alive))
		}
		for _, p := range list {
			if p.Verdict != policystore.Accepted && madeHarmless(p.Kind, p.Name) {
				return fmt.Errorf("%s/%s is not in force: %v", p.Kind, p.Name, p.Problems)
			}
			if p.Verdict == policystore.Accepted && p.Rollout != nil && !p.Rollout.Done() {
				return fmt.Errorf("%s/%s: %+v", p.Kind, p.Name, *p.Rollout)
			}
		}
		return nil
	})
}

// judgeLoad ends the load and looks at every answer.
func (s *safety) judgeLoad(t *testing.T) {
	t.Helper()
	clean, wild := s.clean.stop(), s.wild.stop()
	took := clean[len(clean)-1].began.Sub(clean[0].began)
	t.Logf("%d edits in %v under %.0f requests/s; answers of services whose policies ask for anything: %v", len(s.edits), took.Round(time.Second),
		float64(len(clean)+len(wild))/took.Seconds(), split(wild))
	for line := range strings.Lines(s.control.out.String()) {
		if strings.Contains(line, "policy withdrawn") || strings.Contains(line, "policy rejected") {
			t.Logf("%.700s", line)
		}
	}
	requireNoFailure(t, clean, 20*len(s.edits))
	requireNoFailure(t, wild, 0)
	for key := range split(wild) {
		if status, err := strconv.Atoi(key); err == nil && (status < 200 || status > 599) {
			t.Errorf("status %d", status)
		}
	}
	if t.Failed() {
		for _, a := range slices.Concat(clean, wild) {
			if a.err != nil {
				t.Logf("the edits before the failure at %s:\n%s", a.began.Format("15:04:05.000"), strings.Join(s.editsBefore(a.began), "\n"))
				break
			}
		}
	}
}

func (s *safety) editsBefore(at time.Time) []string {
	to := 0
	for to < len(s.edits) && s.edits[to][:12] <= at.Add(100*time.Millisecond).Format("15:04:05.000") {
		to++
	}
	return s.edits[max(0, to-8):to]
}

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

// configuration is what an Envoy goes by, by type and name.
func (s *safety) configuration(t *testing.T, m *mesh) map[string]any {
	t.Helper()
	var dump struct {
		Configs []struct {
			Clusters []struct{ Cluster map[string]any } `json:"dynamic_active_clusters"`
			Warming  []any                              `json:"dynamic_warming_clusters"`
			Routes   []struct {
				Config map[string]any `json:"route_config"`
			} `json:"dynamic_route_configs"`
			Endpoints []struct {
				Config map[string]any `json:"endpoint_config"`
			} `json:"dynamic_endpoint_configs"`
			Listeners []struct {
				Active *struct{ Listener map[string]any } `json:"active_state"`
				Error  any                                `json:"error_state"`
			} `json:"dynamic_listeners"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(m.envoy.ConfigDump(), &dump); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for _, c := range dump.Configs {
		for _, one := range c.Clusters {
			out["cluster "+fmt.Sprint(one.Cluster["name"])] = one.Cluster
		}
		for i, one := range c.Warming {
			out[fmt.Sprintf("warming %d", i)] = one
		}
		for _, one := range c.Routes {
			out["routes "+fmt.Sprint(one.Config["name"])] = one.Config
		}
		for _, one := range c.Endpoints {
			out["endpoints "+fmt.Sprint(one.Config["cluster_name"])] = one.Config
		}
		for _, one := range c.Listeners {
			if one.Active != nil {
				out["listener "+fmt.Sprint(one.Active.Listener["name"])] = one.Active.Listener
			}
		}
	}
	return out
}
