package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
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
	eventually(t, "Envoy has both instances of each", func() error {
		for name, resource := range s.configuration(t, m) {
			if strings.HasPrefix(name, "endpoints ") && strings.Count(fmt.Sprint(resource), "socket_address") != 2 {
				return fmt.Errorf("%s: %v", name, resource)
			}
		}
		return nil
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

// settled waits until every policy is in force on every Envoy, but those that were withdrawn, none of which is harmless.
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
				return fmt.Errorf("%s/%s is %s", p.Kind, p.Name, p.Verdict)
			}
			if p.Verdict == policystore.Accepted && p.Rollout != nil && !p.Rollout.Done() {
				return fmt.Errorf("%s/%s: %+v", p.Kind, p.Name, *p.Rollout)
			}
		}
		return nil
	})
}
