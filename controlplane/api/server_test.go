package api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// fake is a mesh that stands still.
type fake struct {
	state registry.State
	ready error
}

func (f fake) State() registry.State     { return f.state }
func (f fake) Ready() error              { return f.ready }
func (f fake) Problems() []model.Problem { return f.state.Problems }
func (f fake) Proxies() []xds.Proxy      { return []xds.Proxy{{ID: "gateway/1", InSync: true}} }

func (f fake) Config(proxy string) (translate.Resources, bool) {
	return translate.Resources{Clusters: map[string]*clusterv3.Cluster{"b": {Name: "b"}, "a": {Name: "a"}}}, proxy == "gateway/1"
}

var sample = registry.State{
	Snapshot: model.Snapshot{Services: []model.Service{{Name: "hello", Instances: []model.Instance{
		{Address: "10.0.0.1", Port: 1, Protocol: model.ProtocolTriple, Weight: 5, Status: model.StatusUp},
		{Address: "10.0.0.2", Port: 1, Protocol: model.ProtocolDubbo, Weight: 7, Status: model.StatusDraining},
		{Address: "10.0.0.3", Port: 1, Protocol: model.ProtocolDubbo, Weight: 0, Status: model.StatusUp},
	}}}},
	Problems:  []model.Problem{{Key: "/k", Reason: "bad"}},
	Protected: []registry.Protected{{Service: "hello", Held: []string{"10.0.0.1:1"}}},
}

func serve(t *testing.T, mesh Mesh, opt Options) (*Client, string) {
	t.Helper()
	if opt.Metrics == nil {
		opt.Metrics = prometheus.NewRegistry()
	}
	s := httptest.NewServer(Handler(mesh, opt, slog.New(slog.DiscardHandler)))
	t.Cleanup(s.Close)
	return NewClient(strings.TrimPrefix(s.URL, "http://")), s.URL
}

func TestServicesAndInstances(t *testing.T) {
	client, _ := serve(t, fake{state: sample}, Options{})
	got, err := client.Services(t.Context())
	want := []Service{{Name: "hello", Protocols: []string{"dubbo", "tri"}, Instances: 3, Serving: 1, Weight: 5, Protected: true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, service := range []string{"", "hello"} {
		list, err := client.Instances(t.Context(), service)
		if err != nil || len(list) != 3 {
			t.Fatalf("instances of %q: %v, %v", service, list, err)
		}
		want := Instance{Service: "hello", Address: "10.0.0.1:1", Protocol: "tri", Weight: 5, Status: "up", Protected: true}
		if diff := cmp.Diff(want, list[0]); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := client.Instances(t.Context(), "no such/service"); err == nil || !strings.Contains(err.Error(), `no service "no such/service"`) {
		t.Errorf("got %v", err)
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	_, url := serve(t, fake{}, Options{})
	for _, path := range []string{"/api/services", "/api/instances", "/api/problems", "/api/sources"} {
		if status, body := get(t, url+path); status != http.StatusOK || body != "[]\n" {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
}

func TestReady(t *testing.T) {
	client, url := serve(t, fake{ready: errors.New("no connection to etcd yet")}, Options{})
	if status, body := get(t, url+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "no connection to etcd yet") {
		t.Errorf("%d %s", status, body)
	}
	if err := client.Ready(t.Context()); err == nil || err.Error() != "no connection to etcd yet" {
		t.Errorf("got %v", err)
	}
	if status, _ := get(t, url+"/healthz"); status != http.StatusOK {
		t.Errorf("alive, but /healthz says %d", status)
	}
	ready, _ := serve(t, fake{}, Options{})
	if err := ready.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	client, url := serve(t, fake{}, Options{})
	got, err := client.Config(t.Context(), "gateway/1", "clusters")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range got {
		names = append(names, r.Type+" "+r.Name+" "+strings.Join(strings.Fields(string(r.Body)), ""))
	}
	if diff := cmp.Diff([]string{`clusters a {"name":"a"}`, `clusters b {"name":"b"}`}, names); diff != "" {
		t.Error(diff)
	}
	if none, err := client.Config(t.Context(), "gateway/1", "routes"); err != nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
	if _, err := client.Config(t.Context(), "other", ""); err == nil || !strings.Contains(err.Error(), `no proxy "other"`) {
		t.Errorf("got %v", err)
	}
	if status, body := get(t, url+"/api/proxies/x/config?type=files"); status != http.StatusBadRequest || !strings.Contains(body, "clusters, endpoints") {
		t.Errorf("%d %s", status, body)
	}
}

func TestPprofOnRequestOnly(t *testing.T) {
	_, without := serve(t, fake{}, Options{})
	if status, _ := get(t, without+"/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("served without being asked for: %d", status)
	}
	_, with := serve(t, fake{}, Options{Pprof: true})
	if status, _ := get(t, with+"/debug/pprof/"); status != http.StatusOK {
		t.Errorf("not served: %d", status)
	}
}

func TestMetrics(t *testing.T) {
	metrics := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "seen_total", Help: "seen"})
	metrics.MustRegister(counter)
	counter.Inc()
	_, url := serve(t, fake{}, Options{Metrics: metrics})
	if _, body := get(t, url+"/metrics"); !strings.Contains(body, "seen_total 1") {
		t.Error(body)
	}
}

func TestClientSaysWhatToDo(t *testing.T) {
	_, err := NewClient("127.0.0.1:1").Services(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cannot reach the control plane at 127.0.0.1:1: ") || !strings.Contains(err.Error(), "dubbomesh up") {
		t.Errorf("got %v", err)
	}
	for _, other := range []http.HandlerFunc{
		http.NotFound,
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		func(w http.ResponseWriter, _ *http.Request) { // as a gateway does
			w.Header().Set("content-type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"title":"Not Found","status":404,"detail":"no service api/services"}`)
		},
	} {
		s := httptest.NewServer(other)
		if _, err := NewClient(s.Listener.Addr().String()).Services(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a dubbomesh control plane") {
			t.Errorf("got %v", err)
		}
		s.Close()
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
