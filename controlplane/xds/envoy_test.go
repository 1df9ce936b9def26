package xds_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

const bootstrap = `
node: {id: gateway-1, cluster: gateway}
dynamic_resources:
  ads_config:
    api_type: %s
    transport_api_version: V3
    grpc_services: [{envoy_grpc: {cluster_name: control-plane}}]
  cds_config: {ads: {}, resource_api_version: V3}
  lds_config: {ads: {}, resource_api_version: V3}
static_resources:
  clusters:
  - name: control-plane
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: control-plane
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
`

// mesh is a control plane without a registry, and an Envoy on it.
type mesh struct {
	t      *testing.T
	server *xds.Server
	envoy  *testenvoy.Envoy
	log    *syncBuffer
}

// gateway are options under which Envoy picks a port itself.
func gateway() translate.Options {
	opt := translate.DefaultOptions()
	opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
	return opt
}

func start(t *testing.T, api string, services ...model.Service) *mesh {
	t.Helper()
	m := &mesh{t: t, log: &syncBuffer{}}
	m.server = xds.New(slog.New(slog.NewTextHandler(m.log, nil)), prometheus.NewRegistry())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	m.publish(services...)
	m.envoy = testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, api, l.Addr().(*net.TCPAddr).Port)})
	return m
}

func (m *mesh) publish(services ...model.Service) {
	slices.SortFunc(services, func(a, b model.Service) int { return strings.Compare(a.Name, b.Name) })
	m.server.Publish(translate.Translate(model.Snapshot{Services: services}, gateway()))
}

// await waits until the one proxy is as ok wants it.
func (m *mesh) await(what string, ok func(xds.Proxy) bool) xds.Proxy {
	m.t.Helper()
	var last []xds.Proxy
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(2 * time.Minute); ; {
		if last = m.server.Proxies(); len(last) == 1 && ok(last[0]) {
			return last[0]
		}
		select {
		case <-tick.C:
		case <-late:
			m.t.Fatalf("the proxy is not %s: %+v\n%s", what, last, m.log)
		}
	}
}

func inSync(p xds.Proxy) bool { return p.InSync && len(p.Types) == 4 }

func (m *mesh) do(req *http.Request) (status int, body string, header http.Header) {
	m.t.Helper()
	base, err := url.Parse(m.envoy.ListenerURL(translate.GatewayListener))
	if err != nil {
		m.t.Fatal(err)
	}
	req.URL.Scheme, req.URL.Host = "http", base.Host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (m *mesh) get(path, host string) (int, string, http.Header) {
	m.t.Helper()
	req, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Host = host
	return m.do(req)
}

// backend is an HTTP instance that says what it was asked for.
func backend(t *testing.T, name string) model.Instance {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", name, r.URL.Path, r.Header.Get("tri-service-version"))
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return model.Instance{Address: u.Hostname(), Port: uint32(port), Protocol: model.ProtocolHTTP, Weight: 100, Status: model.StatusUp}
}

func service(name string, instances ...model.Instance) model.Service {
	return model.Service{Name: name, Instances: instances}
}

func TestEnvoyTakesEverything(t *testing.T) {
	for _, api := range []string{"DELTA_GRPC", "GRPC"} {
		t.Run(api, func(t *testing.T) {
			orders := backend(t, "orders")
			dubbo := model.Instance{Address: "127.0.0.1", Port: 1, Protocol: model.ProtocolDubbo, Weight: 1, Status: model.StatusUp, WarmUp: time.Minute}
			triple, grpc := dubbo, dubbo
			triple.Protocol, triple.Version = model.ProtocolTriple, "2.0"
			grpc.Protocol = model.ProtocolGRPC
			m := start(t, api, service("orders", orders), service("com.x.Hello", dubbo, triple), service("greeter.Greeter", grpc))
			p := m.await("in sync", inSync)
			if p.ID != "gateway-1" || p.Cluster != "gateway" || !strings.HasPrefix(p.Build, "envoy 1.") || p.Delta != (api == "DELTA_GRPC") {
				t.Errorf("proxy is %+v", p)
			}
			for _, typ := range p.Types {
				if typ.Nacked > 0 {
					t.Errorf("%s refused: %s", typ.Name, typ.LastNACK)
				}
			}
			for _, c := range []struct{ path, host, want string }{
				{"/orders/a/b", "any", "orders /a/b "},
				{"/c", "orders", "orders /c "},
				{"/c", "ORDERS:8080", "orders /c "},
			} {
				if status, body, _ := m.get(c.path, c.host); status != 200 || body != c.want {
					t.Errorf("GET %s of %s: %d %q, want 200 %q", c.path, c.host, status, body, c.want)
				}
			}
			for _, path := range []string{"/", "/nothing/here", "/order/x", "/ordersX/x", "/com.x.HelloX/a", "/com.x.Hell"} {
				wantProblem(t, m, path, 404)
			}
			wantProblem(t, m, "/com.x.Hello?x=1", 503)
			m.publish(service("orders", orders), service("late", backend(t, "late")))
			m.await("in sync", inSync)
			if status, body, _ := m.get("/late/x", "any"); status != 200 || body != "late /x " {
				t.Errorf("a service added: %d %q", status, body)
			}
			wantProblem(t, m, "/com.x.Hello/a", 404)
		})
	}
}

func wantProblem(t *testing.T, m *mesh, path string, want int) {
	t.Helper()
	status, body, header := m.get(path, "any")
	var problem struct {
		Status        int
		Title, Detail string
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Errorf("GET %s: %q: %v", path, body, err)
	}
	if status != want || problem.Status != want || problem.Detail == "" || header.Get("content-type") != "application/problem+json" {
		t.Errorf("GET %s: %d %s %s, want %d", path, status, header.Get("content-type"), body, want)
	}
}

func TestEnvoyRoutesForms(t *testing.T) {
	m := start(t, "DELTA_GRPC", service("orders", backend(t, "orders")))
	m.await("in sync", inSync)
	post := func(contentType, body string) (int, string, http.Header) {
		req, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("content-type", contentType)
		return m.do(req)
	}
	form := url.Values{"interface": {"orders"}, "method": {"hash"}, "parameterTypesString": {"Ljava/lang/String;"}, "parameter": {"x"}}.Encode()
	for _, contentType := range []string{"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded; charset=utf-8"} {
		if status, body, _ := post(contentType, form); status != 200 || body != "orders /hash " {
			t.Errorf("a form as %s: %d %q", contentType, status, body)
		}
	}
	if status, body, header := post("application/x-www-form-urlencoded", "interface=nobody&method=hash"); status != 404 || header.Get("content-type") != "application/problem+json" {
		t.Errorf("a form for a service that is not there: %d %q", status, body)
	}
	if status, body, _ := post("application/json", "{}"); status != 404 || !strings.Contains(body, "No such service") {
		t.Errorf("no form: %d %q", status, body)
	}
}

func TestEnvoyVariants(t *testing.T) {
	one, two := backend(t, "one"), backend(t, "two")
	one.Version, two.Version, two.Group = "1.0", "2.0", "g%a"
	m := start(t, "DELTA_GRPC", service("svc", one, two), service("only", two))
	m.await("in sync", inSync)
	for _, c := range []struct{ service, group, version, want string }{
		{"svc", "", "1.0", "one /x 1.0"},
		{"svc", "g%a", "2.0", "two /x 2.0"},
		{"svc", "", "2.0", "two /x 2.0"},
		{"svc", "g%a", "", "two /x 2.0"},
		{"svc", "", "", ""},
		{"svc", "g%a", "1.0", ""},
		{"only", "", "", "two /x 2.0"},
		{"only", "other", "", ""},
	} {
		req, err := http.NewRequest(http.MethodGet, "/"+c.service+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"tri-service-group": c.group, "tri-service-version": c.version} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		status, body, _ := m.do(req)
		if c.want == "" && (status != 400 || !strings.Contains(body, `\"2.0\"`)) || c.want != "" && body != c.want {
			t.Errorf("%s of group %q, version %q: %d %q, want %q", c.service, c.group, c.version, status, body, c.want)
		}
	}
}

func TestEnvoyTakesHostileNames(t *testing.T) {
	ok := backend(t, "ok")
	names := []string{
		"*", "*.example.com", "a*", "[::1]", "a:80", "OK", "ok", "with space", "q?x#y", "%41", "a/b/../c", ".", "..", "//", "服务", "\u202e",
		"{var}", "%REQ(:path)%", strings.Repeat("x", 512), "a|b", "-", "_", "a..b", "\"quoted\"", "\\", "gateway-http", "control-plane", "'", "<b>",
	}
	var services []model.Service
	for i, n := range names {
		inst := ok
		inst.Labels = map[string]string{n: n, "": "\xff"}
		inst.Zone = n
		services = append(services, service(n, inst))
		for _, p := range model.Protocols {
			inst.Protocol, inst.Group, inst.Version = p, n, names[(i+1)%len(names)]
			services = append(services, service(n+string(p), inst))
		}
	}
	services = append(services, service("", ok), service("\xff", ok), service("a\nb", ok), service("empty"))
	m := start(t, "DELTA_GRPC", services...)
	p := m.await("in sync", inSync)
	for _, typ := range p.Types {
		if typ.Nacked > 0 {
			t.Errorf("%s refused: %s", typ.Name, typ.LastNACK)
		}
	}
	for _, path := range []string{"/ok/x", "/with%20space/x", "/%E6%9C%8D%E5%8A%A1/x", "/q%3Fx%23y/x"} {
		if status, body, _ := m.get(path, "any"); status != 200 || body != "ok /x " {
			t.Errorf("GET %s: %d %q", path, status, body)
		}
	}
}

func TestEnvoyRefusesOneAndTakesTheOthers(t *testing.T) {
	a, b := service("a", backend(t, "a")), service("b", backend(t, "b"))
	m := start(t, "DELTA_GRPC", a)
	m.await("in sync", inSync)
	r := translate.Translate(model.Snapshot{Services: []model.Service{a, b, service("c", backend(t, "c"))}}, gateway())
	bad := translate.ClusterName("http", "c", "", "")
	r.Clusters[bad].ConnectTimeout = durationpb.New(-time.Second) // Envoy wants it positive
	m.server.Publish(r)
	p := m.await("past the NACK", func(p xds.Proxy) bool {
		_, body, _ := m.get("/b/x", "any")
		return len(p.Types) > 0 && slices.Equal(p.Types[0].Refused, []string{bad}) && body == "b /x "
	})
	if bytes.Contains(m.log.Bytes(), []byte("in time")) {
		t.Errorf("the good change came only when patience with the bad one ended:\n%s", m.log)
	}
	if p.InSync || !strings.Contains(p.Types[0].LastNACK, "duration") {
		t.Errorf("after a NACK: %+v", p)
	}
	for _, want := range []string{"node=gateway-1", "type=clusters", bad, "Expected positive duration"} {
		if !bytes.Contains(m.log.Bytes(), []byte(want)) {
			t.Errorf("the log has no %s:\n%s", want, m.log)
		}
	}
	// The next good version is taken.
	m.publish(a, b, service("c", backend(t, "c2")))
	m.await("in sync", inSync)
	if _, body, _ := m.get("/c/x", "any"); body != "c2 /x " {
		t.Errorf("after the repair: %q", body)
	}
}
