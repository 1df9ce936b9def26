package translate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// lines waits until a file has lines that satisfy done, and returns them.
func lines(t *testing.T, path string, done func([]string) bool) []string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var all []string
	for late := time.After(time.Minute); ; {
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(text) > 0 && text[len(text)-1] == '\n' && done(all) {
			return all
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s has %q", path, all)
		}
	}
}

func mentions(text string) func([]string) bool {
	return func(all []string) bool {
		return slices.ContainsFunc(all, func(l string) bool { return strings.Contains(l, text) })
	}
}

// A line is written of each request as the policy of its service says, of HTTP and of Dubbo.
func TestAccessLog(t *testing.T) {
	dir := t.TempDir()
	general, orders, calls := filepath.Join(dir, "general.log"), filepath.Join(dir, "orders.log"), filepath.Join(dir, "calls.log")
	services := append(shop(t), model.Service{Name: "silent", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "silent"), nil)}})
	e := newEdge(t, services, fmt.Sprintf(`
{kind: Mesh, name: mesh, telemetry: {accessLog: {path: %s}}}
---
{kind: Telemetry, name: orders, service: orders, accessLog: {path: %s, fields: {who: "%%REQ(X-USER)%%", code: "%%RESPONSE_CODE%%"}, minStatus: 500}}
---
{kind: Telemetry, name: calls, service: %s, accessLog: {path: %s, format: "%%REQ(:PATH)%% %%RESPONSE_CODE%%"}}
---
{kind: Telemetry, name: silent, service: silent, accessLog: {off: true}}
`, general, orders, hello, calls))
	e.get("GET", "/orders/fine", "x-user", "ann")
	e.get("GET", "/orders/fail", "x-user", "bob")
	e.get("POST", "/"+hello+"/greet")
	if status, _ := e.consume(hello, "consumed"); status != dubbo.StatusOK {
		t.Errorf("a consumer: %v", status)
	}
	e.get("GET", "/silent/")
	e.get("GET", "/nowhere/")
	e.get("GET", "/hidden/last", "user-agent", "test")

	if got := lines(t, orders, mentions("500")); len(got) != 1 || got[0] != `{"code":500,"who":"bob"}` {
		t.Errorf("of orders: %q", got)
	}
	if got := lines(t, calls, mentions("consumed")); len(got) != 2 || got[0] != "/"+hello+"/greet 200" || got[1] != "/"+hello+"/consumed 200" {
		t.Errorf("of %s: %q", hello, got)
	}
	got := lines(t, general, mentions("/hidden/last"))
	var last map[string]any
	if err := json.Unmarshal([]byte(got[len(got)-1]), &last); err != nil || len(got) != 2 || !strings.Contains(got[0], `"path":"/nowhere/"`) {
		t.Fatalf("%v, of all others: %q", err, got)
	}
	for name, want := range map[string]any{"verb": "GET", "status": 200.0, "path": "/hidden/last", "cluster": "http|hidden||", "caller": "127.0.0.1", "agent": "test", "attempts": 1.0} {
		if last[name] != want {
			t.Errorf("%s is %v, want %v", name, last[name], want)
		}
	}

	e.replaced(services, fmt.Sprintf(`{kind: Telemetry, name: mesh, accessLog: {path: %s, slowerThan: 1h}}`, general))
	http.DefaultClient.CloseIdleConnections() // a connection stays with what it has met
	e.get("GET", "/hidden/quick")
	e.replaced(services, fmt.Sprintf(`{kind: Telemetry, name: mesh, accessLog: {path: %s}}`, general))
	http.DefaultClient.CloseIdleConnections()
	e.get("GET", "/hidden/end")
	if all := lines(t, general, mentions("/hidden/end")); mentions("/hidden/quick")(all) {
		t.Errorf("a quick one is told of: %q", all)
	}
	e.publish(services, fmt.Sprintf(`{kind: Telemetry, name: mesh, accessLog: {path: %s/none/x.log}}`, dir))
	e.refuses("none/x.log")
	if status, _, _ := e.get("GET", "/hidden/"); status != 200 {
		t.Errorf("after a file that cannot be written: %d", status)
	}
}

// collector takes spans.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	spans chan *tracev1.Span
}

func (c collector) Export(_ context.Context, r *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans <- span
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func collect(t *testing.T) (c collector, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c = collector{spans: make(chan *tracev1.Span, 1000)}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c, l.Addr().String()
}

// until takes spans up to one of a request for a path, by the gateway as a server.
func (c collector) until(t *testing.T, path string) (before []string, found map[string]string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case span := <-c.spans:
			tags := map[string]string{"trace": fmt.Sprintf("%x", span.GetTraceId()), "parent": fmt.Sprintf("%x", span.GetParentSpanId()), "kind": span.GetKind().String()}
			for _, a := range span.GetAttributes() {
				tags[a.GetKey()] = text(a.GetValue())
			}
			if span.GetKind() != tracev1.Span_SPAN_KIND_SERVER {
				continue
			}
			if strings.HasSuffix(tags["http.url"], path) {
				return before, tags
			}
			before = append(before, tags["http.url"])
		case <-late:
			t.Fatalf("no span of %s, but %q", path, before)
		}
	}
}

func text(v *commonv1.AnyValue) string { return v.GetStringValue() }

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// Spans go to the collector as the policy of a service says, and what called is their parent.
func TestTracing(t *testing.T) {
	c, address := collect(t)
	for name, policy := range map[string]string{
		"at an address": "address: " + address,
		"as a service":  "service: collector",
	} {
		t.Run(name, func(t *testing.T) {
			services := []model.Service{
				{Name: "collector", Instances: []model.Instance{instance(model.ProtocolGRPC, address, nil)}},
				{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "hello", &never), nil)}},
				{Name: "hidden", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "hidden"), nil)}},
				{Name: "off", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "off"), nil)}},
				{Name: "orders", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "orders", "Traceparent"), nil)}},
			}
			e := newEdge(t, services, fmt.Sprintf(`
{kind: Mesh, name: mesh, telemetry: {tracing: {%s, sampling: 0%%}}}
---
{kind: Telemetry, name: orders, service: orders, tracing: {sampling: 100%%, tags: {team: shop, tenant: "header:X-Tenant"}}}
---
{kind: Telemetry, name: calls, service: %s, tracing: {sampling: 100%%}}
---
{kind: Telemetry, name: off, service: off, tracing: {off: true}}
`, policy, hello))
			e.get("GET", "/hidden/untold")
			if _, _, body := e.get("GET", "/orders/told", "x-tenant", "blue"); !strings.Contains(body, "Traceparent=00-") {
				t.Errorf("orders gets %s", body)
			}
			before, span := c.until(t, "/orders/told")
			if len(before) > 0 || span["team"] != "shop" || span["tenant"] != "blue" {
				t.Errorf("before it %q, its tags %q", before, span)
			}
			e.get("GET", "/hidden/child", "traceparent", parent)
			if _, span := c.until(t, "/hidden/child"); span["trace"] != parent[3:35] || span["parent"] != parent[36:52] {
				t.Errorf("a child: %q", span)
			}
			// The gateway's own comes behind the consumer's, so that the provider takes it.
			if _, answer := e.consume(hello, "traced", "traceparent", parent); strings.Count(answer, parent[:35]) != 2 || strings.Count(answer, parent[:52]) != 1 {
				t.Errorf("a provider gets %q", answer)
			}
			if _, span := c.until(t, "/"+hello+"/traced"); span["trace"] != parent[3:35] {
				t.Errorf("a call of a consumer: %q", span)
			}
			e.get("GET", "/off/told", "traceparent", parent)
			e.get("GET", "/orders/last")
			if before, _ := c.until(t, "/orders/last"); len(before) > 0 {
				t.Errorf("told of %q", before)
			}
		})
	}
}

// A share of the requests is traced, which may be another for a service.
func TestTraceSampling(t *testing.T) {
	c, address := collect(t)
	e := newEdge(t, shop(t), fmt.Sprintf(`
{kind: Mesh, name: mesh, telemetry: {tracing: {address: "%s", sampling: 50%%}}}
---
{kind: Telemetry, name: orders, service: orders, tracing: {sampling: 25%%}}
`, address))
	const n = 400
	for range n {
		e.get("GET", "/hidden/")
		e.get("GET", "/orders/")
	}
	e.get("GET", "/hidden/end", "traceparent", parent)
	told := map[string]int{}
	before, _ := c.until(t, "/hidden/end")
	for _, url := range before {
		told[strings.TrimPrefix(url, e.url)]++
	}
	for path, want := range map[string]int{"/hidden/": n / 2, "/orders/": n / 4} {
		if got := told[path]; got < want-50 || got > want+50 { // more than five standard deviations
			t.Errorf("%s: %d of %d are told of, want %d", path, got, n, want)
		}
	}
}

// Requests are counted by the tags of a policy.
func TestMetricTags(t *testing.T) {
	e := newEdge(t, shop(t), `{kind: Telemetry, name: orders, service: orders, metrics: {tags: {team: shop, tenant: "header:X-Tenant"}, perMethod: true}}`)
	for range 3 {
		e.get("GET", "/orders/", "x-tenant", "blue")
	}
	e.get("GET", "/hidden/", "x-tenant", "blue")
	want := `envoy_dubbomesh_requests{service="orders",team="shop",tenant="blue",status="200"} 3`
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); ; {
		page := e.envoy.Get("/stats/prometheus?filter=dubbomesh")
		if strings.Contains(page, want) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("no %s in %s", want, page)
		}
	}
}
