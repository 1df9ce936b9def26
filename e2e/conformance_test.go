package e2e

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conformanceUpdate is what `make conformance` sets.
var conformanceUpdate = flag.Bool("update-conformance", false, "write docs/conformance.md")

const (
	overloadedService = "org.dubbomesh.demo.Overloaded"
	conformancePage   = "docs/conformance.md"
)

// conformancePeers are in the order of their runs: Dubbo 2.7 describes the services, for itself and for the others.
var conformancePeers = []peer{peers[2], peers[1], peers[0]}

// TestConformance runs every case of testdata/conformance against every provider and consumer, and compares what is got
// with what is expected there. With -update-conformance it writes the page that lists them all.
func TestConformance(t *testing.T) {
	tables := conformanceTables(t)
	rep := &conformanceReport{tables: tables, calls: newConsumerCalls(t)}
	for _, table := range tables {
		rep.requests = append(rep.requests, make(conformanceResults, len(table.Cases)))
	}
	bare, described := startMesh(t), startMesh(t)
	services := []string{helloService, echoService, overloadedService, typesService}
	for _, table := range tables {
		for key, value := range table.Setup {
			described.put(t, key, value)
		}
	}
	for _, p := range conformancePeers {
		t.Run(p.name, func(t *testing.T) {
			flags := []string{"--threads", fmt.Sprint(conformanceThreads)}
			if p.name == conformancePeers[0].name {
				flags = append(flags, "--metadata", described.etcdAddress)
			}
			provider := p.start(t, "one", flags...)
			for _, m := range []*mesh{bare, described} {
				for _, s := range services {
					if p.java || s != overloadedService {
						// Each provider takes the place of the one before it, which has ended.
						m.place(t, s, provider.address, "dubbo")
					}
				}
			}
			for _, s := range services {
				if p.java || s != overloadedService {
					bare.awaitCallable(t, s)
					described.awaitCallable(t, s)
				}
			}
			described.awaitDescribed(t)
			for i, table := range tables {
				m := bare
				if table.Schema {
					m = described
					described.awaitSetup(t, table.Await)
				}
				t.Run(table.Title, func(t *testing.T) {
					for j, c := range table.Cases {
						if !table.runs(c, p) {
							continue
						}
						t.Run(c.Name, func(t *testing.T) {
							rep.requests[i].add(j, p.name, m.conform(t, c, c.outcome(p), provider.address))
						})
					}
				})
			}
			rep.consumers(t, described, p, provider)
		})
	}
	rep.consumersOfHTTP(t, described)
	if rep.complete() {
		rep.calls.requireUsed(t)
		rep.publish(t)
	}
}

// publish writes the page when told to, and otherwise checks that it is what was got.
func (r *conformanceReport) publish(t *testing.T) {
	t.Helper()
	if *conformanceUpdate {
		if err := os.WriteFile(repository(conformancePage), []byte(r.page()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(repository(conformancePage))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(r.page(), "\n")); d != "" {
		t.Errorf("%s is not what was got; run `make conformance` (-page +got):\n%s", conformancePage, d)
	}
}

// complete reports whether every case ran: with -run only some do.
func (r *conformanceReport) complete() bool {
	for i, table := range r.tables {
		for j, c := range table.Cases {
			for _, p := range conformancePeers {
				if _, ran := r.requests[i][j][p.name]; !ran && table.runs(c, p) {
					return false
				}
			}
		}
	}
	for _, c := range dubboCallers[:2] {
		for _, p := range []string{peers[0].name, peers[1].name, peers[2].name, overHTTP} {
			if !r.calls.ran(c.name + " to " + p) {
				return false
			}
		}
	}
	return true
}

// place makes an address the only instance of a service.
func (m *mesh) place(t *testing.T, service, address, protocol string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	m.put(t, "/dubbomesh/services/"+service+"/one", fmt.Sprintf(`{"address": %q, "port": %s, "protocol": %q}`, host, port, protocol))
}

// awaitDescribed waits until the reported definitions of the services are in force at the gateway.
func (m *mesh) awaitDescribed(t *testing.T) {
	t.Helper()
	for _, x := range []struct {
		service, method, body string
		status                int
	}{
		{typesService, "ofInt", `["x"]`, http.StatusBadRequest},
		{echoService, "add", `["x",1]`, http.StatusBadRequest},
	} {
		eventually(t, x.service+" is described", func() error {
			status, _, body, err := m.call(t.Context(), x.service, x.method, x.body)
			if err == nil && (status != x.status || !strings.Contains(string(body), "expected ")) {
				err = fmt.Errorf("%d %.300s", status, body)
			}
			return err
		})
	}
}

// awaitSetup waits until a request that needs what a table has set up is answered.
func (m *mesh) awaitSetup(t *testing.T, request string) {
	t.Helper()
	if request == "" {
		return
	}
	eventually(t, request+" is answered", func() error {
		status, body, err := m.request(request, "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%d %.300s", status, body)
		}
		return err
	})
}

// conform makes the request of a case and returns what came of it. What differs from the expected outcome fails the test.
func (m *mesh) conform(t *testing.T, c conformanceCase, want outcome, address string) conformanceResult {
	status, body := m.provoke(t, c)
	got := conformanceResult{shown: shownAnswer(status, body, address), note: want.Why}
	if diff := want.differs(t, status, body); diff != "" {
		t.Errorf("%s: %s\ngot %d %.600s", c.Method+c.Request, diff, status, body)
		return got
	}
	got.passed = true
	return got
}

// provoke makes the request of a case. Of a crowd of equal requests it returns one that was not answered with 200, if
// there is one.
func (m *mesh) provoke(t *testing.T, c conformanceCase) (int, []byte) {
	t.Helper()
	type answer struct {
		status int
		body   []byte
		err    error
	}
	answers := make(chan answer)
	for range max(c.Crowd, 1) {
		go func() {
			var a answer
			a.status, a.body, a.err = m.request(c.line(), c.body(), c.headers()...)
			answers <- a
		}()
	}
	var all []answer
	for range max(c.Crowd, 1) {
		all = append(all, <-answers)
	}
	i := slices.IndexFunc(all, func(a answer) bool { return a.status != http.StatusOK })
	a := all[max(i, 0)]
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.status, a.body
}
