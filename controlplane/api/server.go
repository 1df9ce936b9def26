package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// Mesh is what the API shows. Its methods are called by any number of goroutines and must not block.
type Mesh interface {
	// State is what is registered.
	State() registry.State
	// Ready is nil when proxies can be served, else the reason why not.
	Ready() error
	// Proxies lists the connected Envoys, sorted by id.
	Proxies() []xds.Proxy
	// Config is what a connected proxy was sent; false when it is not connected.
	Config(proxy string) (translate.Resources, bool)
	// Problems are those of the registrations and of their translation.
	Problems() []model.Problem
}

// Options say what else the API serves.
type Options struct {
	Metrics prometheus.Gatherer // for /metrics
	Pprof   bool                // serve /debug/pprof/
	// Policies is what is known of the policies; it is called like the methods of Mesh. Nothing is known when it is nil.
	Policies func() policystore.State
	// Rollout returns a function that tells how far proxies were, when it was called, with a policy as of a revision of etcd.
	Rollout func() func(policy string, revision int64) Rollout
	// Acknowledged is what a connected proxy has acknowledged; false when it is not connected. When it is nil, what the proxy
	// was sent counts.
	Acknowledged func(proxy string) (Acknowledged, bool)
	Gateway      string // ip:port that gateways bind, for the documents of services
	// Translation is how the mesh is translated, for plans and explanations.
	Translation translate.Options
}

// Handler serves the API:
//
//	GET /healthz                        200 while the process runs
//	GET /readyz                         200, or 503 and the reason
//	GET /metrics                        in Prometheus' text format
//	GET /api/services                   []Service
//	GET /api/instances?service=name     []Instance, of all services without the parameter
//	GET /api/definitions?service=name   []Definition, of all services without the parameter
//	GET /api/policies?kind=             []Policy, of all kinds without the parameter
//	GET /api/policies/{kind}/{name}     Policy, with its text
//	GET /api/rollout?revision=          Rollout of the policies as of a revision of etcd
//	POST /api/plan                      PlanRequest to Planned: what a change of policies would do
//	POST /api/explain                   ExplainRequest to explain.Explanation: what becomes of a request
//	GET /api/problems                   []model.Problem
//	GET /api/sources                    []registry.SourceState
//	GET /api/proxies                    []xds.Proxy
//	GET /api/proxies/{id}/config?type=  []Resource, of one type or all
//	GET /schemas/{kind}.json            the JSON Schema of a kind of policy; policy.json of any
//	GET /openapi                        []Described
//	GET /openapi/{service}              an OpenAPI 3.1 document; ?group=, ?version=, ?format=json or yaml (or by Accept)
//
// Errors are RFC 9457 problem documents.
func Handler(mesh Mesh, opt Options, log *slog.Logger) http.Handler {
	s := server{mesh: mesh, log: log, gateway: opt.Gateway, policies: opt.Policies, rollout: opt.Rollout, acknowledged: opt.Acknowledged}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(opt.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/services", s.services)
	mux.HandleFunc("GET /api/instances", s.instances)
	mux.HandleFunc("GET /api/definitions", s.definitions)
	mux.HandleFunc("GET /api/problems", s.problems)
	mux.HandleFunc("GET /api/sources", s.sources)
	mux.HandleFunc("GET /api/proxies", s.proxies)
	mux.HandleFunc("GET /api/proxies/{id}/config", s.config)
	mux.HandleFunc("GET /openapi", s.openapis)
	mux.HandleFunc("GET /openapi/{service}", s.openapi)
	s.routePolicies(mux)
	s.routePlan(mux, opt.Translation)
	if opt.Pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	mux.HandleFunc("/", s.unknown)
	return signed(mux)
}

// signature is the header by which a client tells the control plane from whatever else answers at an address, such as
// a gateway, whose errors look alike.
const signature = "X-Dubbomesh-Api"

func signed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(signature, "1")
		h.ServeHTTP(w, r)
	})
}

type server struct {
	mesh    Mesh
	log     *slog.Logger
	gateway string

	policies func() policystore.State
	rollout  func() func(policy string, revision int64) Rollout

	acknowledged func(proxy string) (Acknowledged, bool)
}

func (s server) healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, "ok")
}

func (s server) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.mesh.Ready(); err != nil {
		s.fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	_, _ = fmt.Fprintln(w, "ready")
}

func (s server) services(w http.ResponseWriter, _ *http.Request) {
	s.write(w, services(s.mesh.State()))
}

func (s server) instances(w http.ResponseWriter, r *http.Request) {
	service := r.URL.Query().Get("service")
	list, ok := instances(s.mesh.State(), service)
	if !ok {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("there is no service %q; `dubbomesh services` (/api/services) lists them", service))
		return
	}
	s.write(w, list)
}

func (s server) problems(w http.ResponseWriter, _ *http.Request) {
	s.write(w, orEmpty(s.mesh.Problems()))
}

func (s server) sources(w http.ResponseWriter, _ *http.Request) {
	s.write(w, orEmpty(s.mesh.State().Sources))
}

func (s server) proxies(w http.ResponseWriter, _ *http.Request) {
	s.write(w, orEmpty(s.mesh.Proxies()))
}

func (s server) config(w http.ResponseWriter, r *http.Request) {
	id, kind := r.PathValue("id"), r.URL.Query().Get("type")
	if kind != "" && !slices.Contains(Types, kind) {
		s.fail(w, http.StatusBadRequest, fmt.Sprintf("type is %q: write one of %s", kind, strings.Join(Types, ", ")))
		return
	}
	sent, ok := s.mesh.Config(id)
	if !ok {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("no proxy %q is connected; `dubbomesh proxies` (/api/proxies) lists them", id))
		return
	}
	list, err := resources(sent, kind)
	if err != nil {
		s.log.Error("the API cannot show a resource", "proxy", id, "error", err)
		s.fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	s.write(w, list)
}

func (s server) unknown(w http.ResponseWriter, r *http.Request) {
	s.fail(w, http.StatusNotFound, fmt.Sprintf("there is nothing at %s %s; see /api/services, /api/instances, /api/definitions, /api/policies, /api/problems, /api/sources, /api/proxies and /openapi", r.Method, r.URL.Path))
}

// orEmpty makes an absent list [] in JSON, not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s server) write(w http.ResponseWriter, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		s.log.Error("the API cannot show a value", "error", err)
		s.fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("content-type", "application/json")
	_, _ = w.Write(append(body, '\n'))
}

// Problem is the body of an error (RFC 9457).
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (s server) fail(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("content-type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{Title: http.StatusText(status), Status: status, Detail: detail})
}
