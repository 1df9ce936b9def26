package translate_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// on asks by GET for a path of a host.
func (e *edge) on(host, path string) int {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, e.url+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	return answer.StatusCode
}

// passed counts how many of n requests to each of some places got through; all others have to get a status.
func (e *edge) passed(n, refused int, places ...func() int) (in int) {
	e.t.Helper()
	for range n {
		for i, ask := range places {
			switch status := ask(); status {
			case 200:
				in++
			case refused:
			default:
				e.t.Fatalf("place %d: %d, want 200 or %d", i, status, refused)
			}
		}
	}
	return in
}

func (e *edge) wantPassed(what string, got, want int) {
	e.t.Helper()
	if got != want {
		e.t.Errorf("%s: %d requests got through, want %d", what, got, want)
	}
}

func (e *edge) path(path string, headers ...string) func() int {
	return func() int {
		status, _, _ := e.get(http.MethodPost, path, headers...)
		return status
	}
}

func (e *edge) call(service, method string) func() int {
	return func() int {
		s, answer := e.consume(service, method)
		switch {
		case s != dubbo.StatusOK:
			return int(s) + 1000
		case strings.Contains(answer, "RpcException"):
			return 429
		}
		return 200
	}
}

// A limit is one for all that it is said of: the rules of a Route, hosts, methods with settings of their own, and Dubbo
// consumers. No change of anything else fills its bucket, nor does one of its own settings.
func TestRateLimitIsShared(t *testing.T) {
	web := overHTTP(t, "web")
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "dubbo", &never), nil)}},
		{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}},
	}
	const policies = `
{kind: Traffic, name: hello, service: ` + hello + `, rateLimit: {requests: %d, per: 24h}, methods: {
  one: {timeout: 3s}, two: {timeout: 4s, rateLimit: {requests: 2, per: 24h}}}}
---
{kind: Traffic, name: web, service: web, rateLimit: {requests: %[1]d, per: 24h}}
---
{kind: Route, name: web, service: web, hosts: [shop.example.com], rules: [{match: {path: {prefix: /a}}}, {match: {path: {prefix: /b}}, timeout: 7s}, {timeout: 8s}]}
---
{kind: Route, name: limited, service: web, rules: [
  {name: some, match: [{path: {prefix: /x}}, {path: {prefix: /y}}], rateLimit: {requests: 3, per: 24h, status: 503}}]}
`
	e := newEdge(t, services, fmt.Sprintf(policies, 10))
	dubboPlaces := []func() int{e.path("/" + hello + "/one"), e.path("/" + hello + "/other"), e.call(hello, "one"), e.call(hello, "other")}
	webPlaces := []func() int{
		e.path("/web/a"), e.path("/web/z"), e.call("web", "b"),
		func() int { return e.on("shop.example.com", "/a") },
		func() int { return e.on("shop.example.com", "/b") },
		func() int { return e.on("web", "/c") },
	}
	e.wantPassed("a rule's", e.passed(3, 503, e.path("/web/x"), e.path("/web/y"), func() int { return e.on("web", "/x") }), 3)
	e.wantPassed("a method's", e.passed(3, 429, e.path("/"+hello+"/two"), e.call(hello, "two")), 2)
	e.wantPassed("a Dubbo service's", e.passed(5, 429, dubboPlaces...), 8)
	e.wantPassed("an HTTP service's", e.passed(5, 429, webPlaces...), 7)
	all := slices.Concat(dubboPlaces, webPlaces)
	for i := range 3 {
		e.replaced(append(services, model.Service{Name: "new" + strconv.Itoa(i), Instances: services[1].Instances}), fmt.Sprintf(policies, 10)+`
---
{kind: Traffic, name: more, service: new`+strconv.Itoa(i)+`, timeout: 5s}`)
		e.wantPassed("after a change", e.passed(2, 429, all...), 0)
	}
	e.replaced(services, fmt.Sprintf(policies, 12))
	e.wantPassed("two more", e.passed(5, 429, all...), 4)
}

// Changes while requests come do not let more through.
func TestRateLimitOutlivesChanges(t *testing.T) {
	web := newWebService(t)
	services := []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.addr, nil)}}}
	const limit = `{kind: Traffic, name: web, service: web, rateLimit: {requests: 100, per: 24h}}`
	e := newEdge(t, services, limit)
	var over atomic.Bool
	var done sync.WaitGroup
	var offered, through atomic.Int64
	for range 2 {
		done.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for ; !over.Load(); <-tick.C {
				offered.Add(1)
				if status, _, _ := e.get(http.MethodGet, "/web/"); status == 200 {
					through.Add(1)
				}
			}
		})
	}
	for i := 0; i < 5 || offered.Load() < 200; i++ {
		e.replaced(append(services, model.Service{Name: "new" + strconv.Itoa(i), Instances: services[0].Instances}), limit)
	}
	over.Store(true)
	done.Wait()
	e.wantPassed("over changes", int(through.Load()), 100)
}

// What Envoy's own limits cannot do: more than four for a request, buckets for those without a header, any status, none at all.
func TestRateLimitKinds(t *testing.T) {
	var services []model.Service
	for _, name := range []string{"six", "by", "address", "path", "odd", "none", "tried"} {
		services = append(services, model.Service{Name: name, Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, name), nil)}})
	}
	services = append(services, model.Service{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "dubbo", &never), nil)}})
	e := newEdge(t, services, `
{kind: Traffic, name: six, service: six, rateLimit: [
  {requests: 90, per: 24h}, {requests: 80, per: 24h}, {requests: 70, per: 24h}, {requests: 60, per: 24h}, {requests: 50, per: 24h},
  {requests: 2, per: 24h, match: [{headers: {x: a}}, {headers: {x: {prefix: B, ignoreCase: true}}}, {path: {regex: "/[0-9]+"}}]}]}
---
{kind: Traffic, name: by, service: by, rateLimit: {requests: 2, per: 24h, by: "header:x"}}
---
{kind: Traffic, name: address, service: address, rateLimit: {requests: 2, per: 24h, by: sourceIp}}
---
{kind: Traffic, name: path, service: path, rateLimit: {requests: 2, per: 24h, by: path}}
---
{kind: Traffic, name: odd, service: odd, rateLimit: {requests: 1, per: 30s, status: 430}}
---
{kind: Traffic, name: none, service: none, rateLimit: {requests: 0, per: 1s}}
---
{kind: Traffic, name: tried, service: tried, rateLimit: {requests: 1, per: 24h, dryRun: true}}
---
{kind: Traffic, name: hello, service: `+hello+`, rateLimit: {requests: 2, per: 24h, by: method}, methods: {one: {timeout: 3s}}}
`)
	e.wantPassed("the sixth limit", e.passed(2, 429, e.path("/six/", "x", "a"), e.path("/six/", "x", "bcd"), e.path("/six/7")), 2)
	e.wantPassed("those that it is not for", e.passed(2, 429, e.path("/six/x"), e.path("/six/", "x", "b c"+"a", "y", "z")), 2)
	e.wantPassed("one", e.passed(3, 429, e.path("/by/", "x", "1")), 2)
	e.wantPassed("another", e.passed(3, 429, e.path("/by/", "x", "2")), 2)
	e.wantPassed("without the header", e.passed(3, 429, e.path("/by/"), e.path("/by/", "y", "1")), 2)
	http.DefaultClient.CloseIdleConnections()
	e.wantPassed("an address", e.passed(2, 429, e.path("/address/"), func() int {
		defer http.DefaultClient.CloseIdleConnections() // the next one has another port
		return e.path("/address/")()
	}), 2)
	e.wantPassed("paths", e.passed(3, 429, e.path("/path/a?b=1"), e.path("/path/a?b=2"), e.path("/path/b")), 4)
	e.wantPassed("methods", e.passed(3, 429, e.path("/"+hello+"/one"), e.path("/"+hello+"/two"), e.call(hello, "one"), e.call(hello, "two")), 4)
	e.wantPassed("none", e.passed(3, 429, e.path("/none/")), 0)
	e.wantPassed("a dry run", e.passed(3, 429, e.path("/tried/")), 3)
	e.wantPassed("an odd status", e.passed(1, 430, e.path("/odd/")), 1)
	status, header, body := e.get(http.MethodPost, "/odd/")
	var problem struct{ Type, Title, Detail string }
	wait, _ := strconv.Atoi(header.Get("retry-after"))
	if err := json.Unmarshal([]byte(body), &problem); err != nil || status != 430 || problem.Type != "urn:dubbomesh:rate-limited" ||
		problem.Detail != "rateLimit.0 of odd admits 1 in 30s" || header.Get("content-type") != "application/problem+json" ||
		wait < 1 || wait > 30 || header.Get("x-dubbomesh-limit") != "rateLimit.0" {
		t.Errorf("%d %v %s", status, header, body)
	}
}

// What limits do shows in Envoy's statistics.
func TestRateLimitShows(t *testing.T) {
	server, port := serve(t)
	e := &edge{t: t, server: server}
	e.publish([]model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "web"), nil)}}}, `
{kind: Traffic, name: web, service: web, rateLimit: [{requests: 2, per: 24h}, {requests: 1, per: 24h, dryRun: true}]}
`)
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port) + booted})
	accepted(t, server)
	e.url = envoy.ListenerURL(translate.GatewayListener)
	e.wantPassed("a limit", e.passed(5, 429, e.path("/web/")), 2)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for _, want := range []string{
		`envoy_dubbo_limit_admitted{service="web",limit="rateLimit.0"} 2`,
		`envoy_dubbo_limit_refused{service="web",limit="rateLimit.0"} 3`,
		`envoy_dubbo_limit_dry_run{service="web",limit="rateLimit.1"} 1`,
	} {
		for page := ""; !strings.Contains(page, want+"\n"); {
			page = envoy.Get("/stats/prometheus?filter=limit_")
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("no %s in %s", want, page)
			}
		}
	}
}
