package main_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// rig is an Envoy with the module and a static configuration: one cluster per group of providers.
type rig struct {
	*testenvoy.Envoy
	url string
}

// route says how a path prefix is served.
type route struct {
	prefix    string
	providers []*provider
	options   string // further fields of Envoy's route action
}

func startRig(t *testing.T, routes ...route) *rig {
	t.Helper()
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: bootstrap(routes)})
	return &rig{e, e.ListenerURL("in")}
}

const (
	moduleConfig = `dynamic_module_config: {name: dubbo, do_not_close: true, metrics_namespace: dubbo}`

	// moduleStarted is of a bootstrap that has the module from the start.
	moduleStarted = `
bootstrap_extensions:
- name: dubbo
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.bootstrap.dynamic_modules.v3.DynamicModuleBootstrapExtension
    extension_name: bootstrap
    ` + moduleConfig

	// listening is a listener for HTTP, up to its filters.
	listening = `
static_resources:
  listeners:
  - name: in
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: in`

	head = moduleStarted + listening + `
          http_filters:
          - name: form
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
              filter_name: form
              ` + moduleConfig + `
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
`
	cluster = `
  - name: %[1]s
    connect_timeout: 10s
    circuit_breakers: {thresholds: [{max_connections: 4096, max_pending_requests: 4096, max_requests: 4096, max_retries: 64}]}
    upstream_config:
      name: envoy.upstreams.http.dynamic_modules
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.dynamic_modules.v3.Config
        bridge_name: dubbo
        bridge_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"maxResponseBytes": 16777216}'}
        ` + moduleConfig + `
    load_assignment:
      cluster_name: %[1]s
      endpoints:
      - lb_endpoints:
`
	retry = `retry_policy: {retry_on: "5xx,reset,connect-failure", num_retries: 3, host_selection_retry_max_attempts: 8,
        retry_host_predicate: [{name: previous, typed_config: {"@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}]}`
)

func bootstrap(routes []route) string {
	var routeText, clusterText strings.Builder
	for i, r := range routes {
		name := fmt.Sprintf("cluster%d", i)
		options := ""
		if r.options != "" {
			options = ", " + r.options
		}
		fmt.Fprintf(&routeText, "              - {match: {prefix: %q}, route: {cluster: %s%s}}\n", r.prefix, name, options)
		fmt.Fprintf(&clusterText, cluster, name)
		for _, p := range r.providers {
			fmt.Fprintf(&clusterText, "        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}\n", p.Port())
		}
	}
	return head + routeText.String() + "  clusters:" + clusterText.String()
}

// reply is a response, read to its end.
type reply struct {
	status int
	body   string
}

var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}

// send makes one HTTP request.
func send(t *testing.T, request *http.Request) (reply, error) {
	t.Helper()
	got, _, err := exchange(t, request)
	return got, err
}

// exchange is send with the headers of the response.
func exchange(t *testing.T, request *http.Request) (reply, http.Header, error) {
	t.Helper()
	resp, err := client.Do(request)
	if err != nil {
		return reply{}, nil, err
	}
	defer resp.Body.Close()
	if resp.ContentLength < 0 {
		t.Errorf("%s: the answer has no content-length", request.URL)
	}
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(body)}, resp.Header, err
}

// invoke calls a method with one string argument.
func (r *rig) invoke(t *testing.T, path, argument string) (reply, error) {
	t.Helper()
	return r.invokeUnder(context.Background(), t, path, argument)
}

func (r *rig) invokeUnder(ctx context.Context, t *testing.T, path, argument string) (reply, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+path, strings.NewReader("["+quoted(argument)+"]"))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("content-type", "application/json")
	request.Header.Set("x-dubbo-parameter-types", "java.lang.String")
	return send(t, request)
}

// expect calls a method with one string argument and checks the reply, its body only when one is wanted.
func (r *rig) expect(t *testing.T, path, argument string, want reply) {
	t.Helper()
	got, err := r.invoke(t, path, argument)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != want.status || want.body != "" && got.body != want.body {
		t.Fatalf("%s: got %d %.200s, want %d %.200s", path, got.status, got.body, want.status, want.body)
	}
}
