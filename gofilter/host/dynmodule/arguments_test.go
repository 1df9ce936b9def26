package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// byArguments are routes that are chosen by arguments, to a service that answers with the body's length, and one that is not.
const byArguments = listening + `
          http_filters:
          - name: arguments
            disabled: true
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
              filter_name: arguments
              ` + moduleConfig + `
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - {match: {path: /plain, headers: [{name: x-dubbo-argument-0, present_match: true}]}, direct_response: {status: 299}}
              - {match: {path: /plain}, direct_response: {status: 200}}
              - match: {path: /, headers: [{name: x-dubbo-argument-0, string_match: {exact: "%%"}}]}
                direct_response: {status: 298}
                typed_per_filter_config: %[1]s
              - match: {path: /, headers: [{name: x-dubbo-argument-0, string_match: {prefix: "said"}}]}
                route: {cluster: web}
                response_headers_to_add: [{header: {key: x-route, value: said}}]
                typed_per_filter_config: %[1]s
              - match: {path: /}
                route: {cluster: web}
                response_headers_to_add: [{header: {key: x-route, value: rest}}]
                typed_per_filter_config: %[1]s
  clusters:
  - name: web
    load_assignment: {cluster_name: web, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %[2]s}}}}]}]}
`

// perRoute says what a route looks at.
const perRoute = `{arguments: {"@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute,
  filter_name: arguments, filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '%s'}, ` + moduleConfig + `}}`

func TestArguments(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}))
	t.Cleanup(web.Close)
	port := web.Listener.Addr().String()
	port = port[strings.LastIndexByte(port, ':')+1:]
	config := fmt.Sprintf(perRoute, `{"paths": ["0"], "maxRequestBytes": 4194304}`)
	r := &rig{Envoy: testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(byArguments, config, port)})}
	r.url = r.ListenerURL("in")
	large := `["said", "` + strings.Repeat("x", 3<<20) + `"]` // more than one of Envoy's buffers
	for _, c := range []struct {
		name, path, body string
		header           string // that a caller forges
		trailer          bool
		status           int
		route, want      string
	}{
		{"said", "/", `["said so"]`, "", false, 200, "said", "11"},
		{"another", "/", `["x"]`, "", false, 200, "rest", "5"},
		{"forged", "/", `["x"]`, "said", false, 200, "rest", "5"},
		{"empty text", "/", `[""]`, "", false, 298, "", ""},
		{"no body", "/", ``, "said", false, 200, "rest", "0"},
		{"large", "/", large, "", false, 200, "said", fmt.Sprint(len(large))},
		{"too large", "/", `["` + strings.Repeat("x", 4<<20) + `"]`, "", false, 413, "rest", ""},
		{"in chunks with trailers", "/", large, "", true, 200, "said", fmt.Sprint(len(large))},
		{"malformed", "/", `["said"`, "", false, 200, "said", "7"},
		{"not looked at", "/plain", `["said"]`, "", false, 200, "", ""},
		{"passed as it is", "/plain", `["said"]`, "x", false, 299, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var body io.Reader = strings.NewReader(c.body)
			if c.trailer {
				body = io.MultiReader(body) // of unknown length
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+c.path, body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("content-type", "application/json")
			if c.header != "" {
				request.Header.Set("x-dubbo-argument-0", c.header)
			}
			if c.trailer {
				request.Trailer = http.Header{"X-Trailer": {"yes"}}
			}
			got, header, err := exchange(t, request)
			if err != nil || got.status != c.status || c.want != "" && got.body != c.want || header.Get("x-route") != c.route {
				t.Errorf("%d %.100s by %q, %v; want %d %s by %q", got.status, got.body, header.Get("x-route"), err, c.status, c.want, c.route)
			}
		})
	}
}

// Envoy does not start with a configuration that the filter cannot use, and says why.
func TestArgumentsRefused(t *testing.T) {
	config := fmt.Sprintf(perRoute, `{"paths": ["x"]}`)
	code, log := testenvoy.Run(t, testenvoy.Options{Bootstrap: fmt.Sprintf(byArguments, config, "1")})
	if code == 0 || !strings.Contains(log, `argument "x" begins with no index`) {
		t.Errorf("code %d: %s", code, log)
	}
}
