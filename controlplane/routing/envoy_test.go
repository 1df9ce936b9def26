package routing

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const rules = `
kind: Route
name: web
service: web
hosts: [shop.example.com, "*.shop.example.com"]
rules:
  - {match: {path: {prefix: /admin}, verb: [GET, PUT]}, respond: {status: 299}}
  - {match: {path: {suffix: .png}}, respond: {status: 299}}
---
kind: Route
name: any
service: web
rules:
  - {match: {headers: {x-user: {in: [ann, bob]}}}, respond: {status: 299}}
  - {match: {headers: {x-age: {range: {min: 3, max: 5}}}}, respond: {status: 299}}
  - {match: {headers: {x-not: {exact: a, not: true}, x-there: {present: true}}}, respond: {status: 299}}
  - {match: {headers: {x-gone: {present: false}, x-case: {exact: Yes, ignoreCase: true}}}, respond: {status: 299}}
  - {match: {query: {q: {prefix: a}}}, respond: {status: 299}}
  - {match: {query: {p: {present: true}}}, respond: {status: 299}}
  - {match: {cookies: {c: {exact: one}}}, respond: {status: 299}}
  - {match: {cookies: {d: {exact: one, not: true}, e: {present: true}}}, respond: {status: 299}}
  - {match: {path: {regex: "/v[0-9]+"}}, respond: {status: 299}}
  - {match: {host: {suffix: .test}}, respond: {status: 299}}
  - {match: {arguments: {"0.userName": {in: [ann, "50%"]}, "1": {present: false}}}, respond: {status: 299}}
  - {match: {arguments: {"0": {range: {min: 5, max: 7}}}}, respond: {status: 299}}
  - {match: {headers: {x-source: a}, source: {ip: [10.0.0.0/8, 127.0.0.0/8]}}, respond: {status: 299}}
  - {match: {headers: {x-source: b}, source: {ip: ["::1", 127.0.0.2]}}, respond: {status: 299}}
  - {match: {headers: {x-source: c}, source: {zone: [east, west], labels: {team: pay}}}, respond: {status: 299}}
  - {match: {headers: {x-source: d}, source: {zone: north}}, respond: {status: 299}}
  - {match: {headers: {x-source: e}, source: {labels: {app: pay}}}, respond: {status: 299}}
  - {match: {headers: {x-source: f}, source: {labels: {team: play}}}, respond: {status: 299}}
---
kind: Route
name: calls
service: com.example.Hello
rules:
  - {match: {method: {prefix: say}}, respond: {status: 299}}
---
kind: Mapping
name: rest
service: com.example.Hello
methods: [{name: get, parameters: [{name: id, type: long}]}]
operations: [{verb: GET, path: "/hello/{id}", method: get}]
`

// configuration is that of a gateway in which every route answers with its own place, and the filter in front of it that
// tells where requests come from.
func configuration(t *testing.T) (*routev3.RouteConfiguration, *listenerv3.Filter) {
	t.Helper()
	in := func(protocol model.Protocol, group string) model.Instance {
		return model.Instance{Address: "127.0.0.1", Port: 1, Protocol: protocol, Group: group, Weight: 100, Status: model.StatusUp}
	}
	snap := model.Snapshot{Services: []model.Service{
		{Name: "com.example.Hello", Instances: []model.Instance{in(model.ProtocolDubbo, ""), in(model.ProtocolDubbo, "g")}},
		{Name: "web", Instances: []model.Instance{in(model.ProtocolHTTP, "")}},
	}}
	var list []model.Policy
	for _, p := range policy.Parse("rules", []byte(rules)) {
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Policy)
	}
	snap.Policies = model.NewPolicies(list...)
	r := translate.Translate(snap, translate.DefaultOptions())
	if len(r.Problems) > 0 {
		t.Fatal(r.Problems)
	}
	c := proto.CloneOf(r.Routes[translate.GatewayRoutes])
	for _, v := range c.GetVirtualHosts() {
		mark(v.GetName(), "", v.GetRoutes())
		for prefix, on := range v.GetMatcher().GetMatcherTree().GetPrefixMatchMap().GetMap() {
			var list routev3.RouteList
			if err := on.GetAction().GetTypedConfig().UnmarshalTo(&list); err != nil {
				t.Fatal(err)
			}
			mark(v.GetName(), prefix, list.GetRoutes())
			packed, err := anypb.New(&list)
			if err != nil {
				t.Fatal(err)
			}
			on.GetAction().TypedConfig = packed
		}
	}
	return c, r.Listeners[translate.GatewayListener].GetFilterChains()[0].GetFilters()[0]
}

func mark(host, prefix string, routes []*routev3.Route) {
	for i, r := range routes {
		match := r.GetMatch()
		proto.Reset(r)
		r.Match, r.Action = match, &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
			Status: 200, Body: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: place(host, prefix, i)}},
		}}
	}
}

func place(host, prefix string, i int) string { return host + " " + prefix + " " + strconv.Itoa(i) }

const bootstrap = `{"node": {"id": "n", "cluster": "c", "locality": {"zone": "east"}, "metadata": {"labels": {"team": "pay"}}}, "static_resources": {"listeners": [{"name": "l", "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
"filter_chains": [{"filters": [%s, {"name": "hcm", "typed_config": {
"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "h",
"http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
"route_config": %s}}]}]}]}, "layered_runtime": {"layers": [{"name": "s", "static_layer": {"re2.max_program_size.error_level": 1000}}]}}`

// A real Envoy chooses the same route for each request.
func TestAsEnvoyChooses(t *testing.T) {
	c, source := configuration(t)
	filter, err := protojson.Marshal(source)
	if err != nil {
		t.Fatal(err)
	}
	text, err := protojson.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	address := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, filter, text)}).ListenerURL("l")
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(requests), "\n") {
		t.Run(line, func(t *testing.T) {
			r := request(line)
			want := ask(t, address, r)
			found, err := Find(c, r)
			got := ""
			if len(found) > 0 {
				got = found[0].Route.GetDirectResponse().GetBody().GetInlineString()
				if place(found[0].VirtualHost, found[0].Prefix, found[0].Index) != got {
					t.Errorf("the place is wrong: %+v", found[0])
				}
			}
			if err != nil || got != want {
				t.Errorf("got %q, %v; Envoy takes %q", got, err, want)
			}
			seen[want] = true
		})
	}
	if len(seen) < 20 {
		t.Errorf("only %d routes are tried: %v", len(seen), seen)
	}
}

// requests are verb, host, path and headers.
const requests = `
GET gateway /
GET gateway:8080 /nothing
POST gateway /com.example.Hello/sayHi
POST gateway /com.example.Hello/get
POST gateway /com.example.Hello/get tri-service-group=g
POST gateway /com.example.Hello/get tri-service-group=h
POST gateway /com.example.Hello
POST gateway /com.example.HelloThere/get
GET gateway /hello/5
GET gateway /hello/5?x=y
GET gateway /hello/
PUT gateway /hello/5
GET gateway /hello/5/6
GET gateway /web
GET gateway /web/
GET gateway /web?q=abc
GET gateway /web/?q=abc
GET gateway /web/?q=b&q=a
GET gateway /web/?x=1&q=%61
GET gateway /web/?p
GET gateway /web/?p=
GET gateway /web/x x-user=ann
GET gateway /web/x x-user=anna
GET gateway /web/x x-age=3
GET gateway /web/x x-age=5
GET gateway /web/x x-age=6
GET gateway /web/x x-age=3x
GET gateway /web/x x-there=1
GET gateway /web/x x-there=1 x-not=a
GET gateway /web/x x-there=1 x-not=b
GET gateway /web/x x-case=yES
GET gateway /web/x x-case=yES x-gone=1
GET gateway /web/x cookie=c=one
GET gateway /web/x cookie=b=2;c="one"
GET gateway /web/x cookie=c=two
GET gateway /web/x cookie=e=1
GET gateway /web/x cookie=e=1;d=one
GET gateway /web/x cookie=e=1;d=two
GET gateway /web/v12
GET gateway /web/v12?a=b
GET gateway /web/v12/x
GET web /v12
GET WEB:80 /x
GET shop.example.com /admin/x
PUT shop.example.com:8080 /admin
POST shop.example.com /admin
GET a.shop.example.com /b.png
GET b.a.shop.example.com /b.png?c=d
GET shop.example.com.org /b.png
GET schemas.dubbomesh.invalid /x
GET a.test /web/x
GET gateway /web/x 0.userName=ann
GET gateway /web/x 0.userName=50%
GET gateway /web/x 0.username=ann
GET gateway /web/x 0.userName=ann 1=x
GET gateway /web/x 0=7
GET gateway /web/x 0=8
GET gateway /web/x x-source=a
GET gateway /web/x x-source=b
GET gateway /web/x x-source=c
GET gateway /web/x x-source=d
GET gateway /web/x x-source=e
GET gateway /web/x x-source=f
GET web content-type=application/x-dubbo
POST web /web/x content-type=application/x-dubbo
POST com.example.Hello /com.example.Hello/get content-type=application/x-dubbo
`

func request(line string) Request {
	parts := strings.Fields(line)
	r := Request{Verb: parts[0], Host: parts[1], Path: "/", Headers: map[string]string{}, Arguments: map[string]string{}}
	r.Source = Source{Address: netip.MustParseAddr("127.0.0.1"), Zone: "east", Labels: map[string]string{"team": "pay"}}
	for _, p := range parts[2:] {
		if name, value, ok := strings.Cut(p, "="); ok && p[0] >= '0' && p[0] <= '9' {
			r.Arguments[name] = value
		} else if ok && p[0] != '/' {
			r.Headers[name] = value
		} else {
			r.Path = p
		}
	}
	return r
}

func ask(t *testing.T, address string, r Request) string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), r.Verb, address+r.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Host = r.Host
	for name, value := range r.Headers {
		q.Header.Set(name, value)
	}
	for path, value := range r.Arguments { // as the filter would
		q.Header.Set(config.ArgumentHeader(path), string(config.AppendArgument(nil, value)))
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNotFound {
		return ""
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
