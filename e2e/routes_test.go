package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// manyRoutes is how many Route policies are added one after the other, over how many services.
const (
	manyRoutes   = 3000
	manyServices = 100
)

// TestManyRoutes adds 3,000 routes one after the other while requests come in on those that there are: none fails. SAFETY_ROUTES
// is another number.
func TestManyRoutes(t *testing.T) {
	m := startMesh(t)
	address := testenvoy.FreeAddress(t)
	start(t, "http service", repository("bin", "demo-http"), "--listen", address, "--name", "v1").waitOutput(t, "listening")
	for i := range manyServices {
		m.keep(t, manyService(i), address, "http", "v1")
	}
	m.addRoute(t, 0)
	s := &safety{mesh: m}
	visit := func(ctx context.Context) (string, error) { return s.visitClean(ctx, "/"+manyService(0)+"/route/0") }
	eventually(t, "the first route works", func() error { _, err := visit(t.Context()); return err })
	tokens := pace(t, 300)
	l := startLoad(t, 8, func(ctx context.Context) (string, error) {
		<-tokens
		return visit(ctx)
	})
	l.waitCalls(t, 100)
	n := fromEnvironment(t, "SAFETY_ROUTES", manyRoutes)
	began := time.Now()
	for i := 1; i < n; i++ {
		m.addRoute(t, i)
	}
	written := time.Since(began)
	eventually(t, "the last route works", func() error {
		_, err := s.visitClean(t.Context(), fmt.Sprintf("/%s/route/%d", manyService(n-1), n-1))
		return err
	})
	t.Logf("%d routes written in %v, the last one works after %v", n, written.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	answers := l.stop()
	var took []time.Duration
	envoy, plane := cpuTime(t, m.envoy.Pid()), cpuTime(t, m.control.cmd.Process.Pid)
	for i := range lone {
		took = append(took, m.acknowledged(t, n+i))
	}
	slices.Sort(took)
	t.Logf("one change at %d routes is acknowledged after %v (median of %d), %v (longest); it costs the control plane %v of a processor, Envoy %v",
		n, took[lone/2].Round(time.Millisecond), lone, took[lone-1].Round(time.Millisecond),
		((cpuTime(t, m.control.cmd.Process.Pid) - plane) / lone).Round(time.Millisecond), ((cpuTime(t, m.envoy.Pid()) - envoy) / lone).Round(time.Millisecond))
	requireNoFailure(t, answers, 500)
	slices.SortFunc(answers, func(a, b answer) int { return int(a.took - b.took) })
	t.Logf("%d requests meanwhile, 99 %% of them answered within %v, the longest took %v", len(answers),
		answers[len(answers)*99/100].took.Round(time.Millisecond), answers[len(answers)-1].took.Round(time.Millisecond))
	for _, p := range m.problems(t) {
		t.Errorf("a problem: %+v", p)
	}
}

// lone is how many changes are made of which each waits for the one before.
const lone = 20

// cpuTime is how long a process has used processors, as Linux counts it.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // the program's name may have blanks
	fields := strings.Fields(after)
	ticks := 0
	for _, i := range []int{11, 12} { // user and system time, in hundredths of a second
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func manyService(i int) string { return fmt.Sprintf("shop-%d", i%manyServices) }

// addRoute writes a route that nobody else has.
func (m *mesh) addRoute(t *testing.T, i int) {
	t.Helper()
	m.put(t, fmt.Sprintf("/dubbomesh/policies/Route/r%d", i), fmt.Sprintf(
		`{"service": %q, "rules": [{"match": {"path": "/route/%d"}, "rewrite": {"path": "/whoami"}, "timeout": "9s"}]}`, manyService(i), i))
}

// acknowledged adds a route and measures how long it is until the Envoy has acknowledged it.
func (m *mesh) acknowledged(t *testing.T, i int) time.Duration {
	t.Helper()
	began := time.Now()
	m.addRoute(t, i)
	eventually(t, "the change is acknowledged", func() error {
		var p api.Policy
		if err := get(fmt.Sprintf("http://%s/api/policies/Route/r%d", m.apiAddress, i), &p); err != nil {
			return err
		}
		if p.Rollout == nil || !p.Rollout.Done() {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	return time.Since(began)
}
