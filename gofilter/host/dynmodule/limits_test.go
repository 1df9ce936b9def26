package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// limited are two routes with limits, and one that has the filter switched on without any.
const limited = listening + `
          http_filters:
          - name: limits
            disabled: true
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
              filter_name: limits
              ` + moduleConfig + `
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - {match: {path: /one}, direct_response: {status: 200, body: {inline_string: one}}, typed_per_filter_config: %s}
              - {match: {path: /two}, direct_response: {status: 200, body: {inline_string: two}}, typed_per_filter_config: %s}
              - {match: {path: /three}, direct_response: {status: 200, body: {inline_string: three}}, typed_per_filter_config: {limits: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {}}}}
`

// limitsOf is what a route says of its limits.
func limitsOf(text string) string {
	return fmt.Sprintf(`{limits: {"@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute,
  filter_name: limits, filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '%s'}, `+moduleConfig+`}}`, text)
}

func TestLimits(t *testing.T) {
	const shared = `{"name": "shared", "requests": 3, "perMs": 86400000, "burst": 3, "status": 499, "type": "text/plain", "body": "enough"}`
	r := &rig{Envoy: testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(limited,
		limitsOf(`{"service": "a", "limits": [`+shared+`, {"name": "own", "requests": 2, "perMs": 86400000, "burst": 2, "status": 429}]}`),
		limitsOf(`{"service": "a", "limits": [`+shared+`]}`))})}
	r.url = r.ListenerURL("in")
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/one", 200, "one"},
		{"/one", 200, "one"},
		{"/one", 429, "own of a admits 2 in 24h0m0s"},
		{"/two", 200, "two"},
		{"/two", 499, "enough"},
		{"/one", 499, "enough"},
		{"/three", 200, "three"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := send(t, request)
		if err != nil || got.status != c.status || !strings.Contains(got.body, c.body) {
			t.Errorf("%s: %d %s %v, want %d %s", c.path, got.status, got.body, err, c.status, c.body)
		}
	}
}

// Envoy does not start with a configuration that the filter cannot use, and says why.
func TestLimitsRefused(t *testing.T) {
	good := limitsOf(`{"service": "a", "limits": [{"name": "b", "requests": 1, "perMs": 1000, "burst": 1, "status": 429}]}`)
	for text, want := range map[string]string{
		`{"service": "a", "limits": []}`: "limits: 0 of them; write 1 to 32",
		`{"service": "a", "limits": [{"name": "b", "requests": 1, "perMs": 1000, "burst": 1, "status": 429, "match": [[{"header": "x", "regex": "("}]]}]}`: "limits: b: x: error parsing regexp",
	} {
		code, log := testenvoy.Run(t, testenvoy.Options{Bootstrap: fmt.Sprintf(limited, good, limitsOf(text))})
		if code == 0 || !strings.Contains(log, want) {
			t.Errorf("code %d, want %q: %s", code, want, log)
		}
	}
}
