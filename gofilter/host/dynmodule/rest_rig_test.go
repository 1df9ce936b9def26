package main_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const (
	restHead = moduleStarted + listening + `
          http_protocol_options: {enable_trailers: true}
          http_filters:
          - name: dubbo.rest
            disabled: true
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
              filter_name: rest
              filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"maxRequestBytes": 4194304, "maxResponseBytes": 4194304}'}
              ` + moduleConfig + `
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: schemas
              domains: [schemas.invalid]
              routes:
              - match: {path: /users}
                direct_response: {status: 404}
                typed_per_filter_config:
                  dubbo.rest:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute
                    ` + moduleConfig + `
                    per_route_config_name: schema
                    filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '%s'}
            - name: all
              domains: ["*"]
              typed_per_filter_config: {dubbo.rest: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {}}}
              routes:
              - {match: {prefix: /off/}, route: {cluster: http}, typed_per_filter_config: {dubbo.rest: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}}
              - {match: {prefix: /dead/}, route: {cluster: dead}}
              - {match: {prefix: /slow/}, route: {cluster: http, timeout: 0.2s}}
              - {match: {prefix: /again/}, route: {cluster: http, retry_policy: {retry_on: 5xx, num_retries: 2}}}
              - {match: {prefix: /moved/}, route: {cluster: http, prefix_rewrite: /api/}}
              - {match: {prefix: /}, route: {cluster: http}}
`
	restCluster = `
  - name: %s
    connect_timeout: 1s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
    load_assignment:
      cluster_name: %[1]s
      endpoints:
      - lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]
`
)

// usersSchema is a service that is mapped.
var usersSchema = config.Schema{
	Service: "com.example.Users",
	Methods: []config.Method{
		{Name: "find", Parameters: []config.Parameter{{Name: "id", Type: "long"}}, Returns: "com.example.User"},
		{Name: "drop", Parameters: []config.Parameter{{Name: "id", Type: "long"}}, Returns: "void"},
	},
	Classes: map[string]config.Class{"com.example.User": {Fields: []config.Parameter{{Name: "id", Type: "long"}, {Name: "pay", Type: "java.math.BigDecimal"}}}},
	Operations: []config.Operation{
		{Verb: "GET", Path: "/users/{id}", Method: "find", Parameters: []config.Binding{{From: config.FromPath, Name: "id", Type: "long"}}},
		{Verb: "DELETE", Path: "/users", Method: "drop", Parameters: []config.Binding{{From: config.FromQuery, Name: "id", Type: "long"}}},
	},
	Exceptions: []config.Exception{{Class: "com.example.NoUser", Status: 404}},
}

// startService serves HTTP/2, so that answers may have trailers.
func startService(t *testing.T, handler http.HandlerFunc) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	s.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func startRestRig(t *testing.T, handler http.HandlerFunc) *rig {
	t.Helper()
	text := fmt.Sprintf(restHead, usersSchema.Text()) + "  clusters:" + fmt.Sprintf(restCluster, "http", startService(t, handler)) + fmt.Sprintf(restCluster, "dead", testenvoy.FreePort(t))
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: text})
	return &rig{e, e.ListenerURL("in")}
}

// consume makes the call that the consumer's side of the mesh would make, with one argument.
func (r *rig) consume(t *testing.T, path string, argument any, change ...func(*http.Request)) (reply, http.Header) {
	t.Helper()
	request := r.consumption(t, path, argument)
	for _, c := range change {
		c(request)
	}
	got, head, err := exchange(t, request)
	if err != nil {
		t.Fatal(err)
	}
	return got, head
}

func (r *rig) consumption(t *testing.T, path string, argument any) *http.Request {
	t.Helper()
	e := hessian.NewEncoder()
	if err := e.Encode(argument); err != nil {
		t.Fatal(err)
	}
	n := len(e.Buffer())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, bytes.NewReader(append(e.Buffer(), "HZ"...)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("content-type", config.DubboContentType)
	request.Header.Set(config.ArgumentsHeader, strconv.Itoa(n))
	request.Header.Set(config.ProtocolHeader, "2.0.2")
	request.Header.Set(config.TypesHeader, "Ljava/lang/Object;")
	request.Header.Set(config.AttachmentPrefix+"color", "blue")
	return request
}

// valueOf is the value in the body of a Dubbo response, or the message of its exception.
func valueOf(t *testing.T, body string) any {
	t.Helper()
	d := hessian.NewDecoder([]byte(body))
	form, err := d.Decode()
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if form == int32(5) {
		return nil
	}
	v, err := d.Decode()
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if e, ok := v.(error); ok && form == int32(3) {
		return "exception: " + e.Error()
	}
	return v
}
