package translate_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// caller makes requests to ports of the gateway whatever the host that they name.
type caller struct {
	t    *testing.T
	http *http.Client
}

func newCaller(t *testing.T, config *tls.Config, port int) caller {
	transport := &http.Transport{TLSClientConfig: config, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", port))
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return caller{t, &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a caller gets.
type answer struct {
	status int
	header http.Header
	body   string
}

func (c caller) ask(verb, url string, headers ...string) (answer, error) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), verb, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(body)}, err
}

// expect makes a request and compares status and a part of the body.
func (c caller) expect(verb, url string, status int, part string) http.Header {
	c.t.Helper()
	got, err := c.ask(verb, url)
	if err != nil || got.status != status || !strings.Contains(got.body, part) {
		c.t.Errorf("%s %s: %d %s (%v), want %d %s", verb, url, got.status, got.body, err, status, part)
	}
	return got.header
}

func shop(t *testing.T) []model.Service {
	return []model.Service{
		{Name: hello, Instances: []model.Instance{instance(model.ProtocolDubbo, overDubbo(t, "hello", &never), nil)}},
		{Name: "hidden", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "hidden"), nil)}},
		{Name: "orders", Instances: []model.Instance{instance(model.ProtocolHTTP, overHTTP(t, "orders", "X-Forwarded-Proto", "X-Forwarded-For"), nil)}},
	}
}

// What a port exposes, under which hosts and prefixes, what its rules answer, and what browsers of other origins get.
func TestGatewayRoutes(t *testing.T) {
	port, plain := testenvoy.FreePort(t), testenvoy.FreePort(t)
	e := newEdge(t, shop(t), fmt.Sprintf(`
kind: Gateway
name: edge
listeners:
  - {port: %d, address: 127.0.0.1, hosts: [api.example.com, "*.shop.example.com"]}
  - {port: %d, address: 127.0.0.1, protocol: http, redirectToTls: 8443}
expose:
  - {service: %s, prefix: /say}
  - {service: orders, hosts: [api.example.com], prefix: /}
rules:
  - {name: moved, match: {path: {prefix: /old}}, redirect: {scheme: https, host: new.example.com, prefix: /new, status: 301}}
  - {match: {path: /ping}, respond: {status: 203, headers: {x-by: edge}, body: pong}}
cors: {allowOrigins: https://page.example.com, allowMethods: [PUT], maxAge: 10m}
trustedHops: 1
---
{kind: Traffic, name: hello, service: %s, methods: {slow: {timeout: 30s}}}
`, port, plain, hello, hello))
	c := newCaller(t, nil, port)
	c.expect("POST", "http://a.shop.example.com/"+hello+"/greet", 200, "hello")
	c.expect("POST", "http://a.shop.example.com/say/greet", 200, "hello")
	c.expect("POST", "http://a.shop.example.com/say/slow", 200, "slow")
	c.expect("POST", "http://api.example.com:1234/say/greet", 200, "hello")
	c.expect("GET", "http://a.shop.example.com/orders/7", 404, "No such service")
	c.expect("GET", "http://api.example.com/orders/7", 200, "orders X-Forwarded-Proto=http")
	c.expect("GET", "http://api.example.com/7", 200, "orders")
	c.expect("GET", "http://api.example.com/hidden/", 200, "orders") // all its paths are of orders
	c.expect("GET", "http://a.shop.example.com/hidden/", 404, "No such service")
	c.expect("GET", "http://hidden/", 404, "No such host")
	c.expect("GET", "http://other.example.com/orders/7", 404, "No such host")
	if h := c.expect("GET", "http://api.example.com/old/a?b=c", 301, ""); h.Get("location") != "https://new.example.com/new/a?b=c" {
		t.Errorf("moved to %s", h.Get("location"))
	}
	if h := c.expect("GET", "http://a.shop.example.com/ping", 203, "pong"); h.Get("x-by") != "edge" {
		t.Errorf("headers %v", h)
	}
	preflight, err := c.ask("OPTIONS", "http://api.example.com/7", "Origin", "https://page.example.com", "Access-Control-Request-Method", "PUT")
	if err != nil || preflight.header.Get("access-control-allow-methods") != "PUT" || preflight.header.Get("access-control-max-age") != "600" {
		t.Errorf("preflight: %v %+v", err, preflight)
	}
	if got, err := c.ask("GET", "http://api.example.com/7", "Origin", "https://page.example.com"); err != nil || got.header.Get("access-control-allow-origin") != "https://page.example.com" {
		t.Errorf("from a page: %v %+v", err, got)
	}
	if got, err := c.ask("GET", "http://api.example.com/7", "X-Forwarded-For", "203.0.113.9"); err != nil || !strings.Contains(got.body, "X-Forwarded-For=203.0.113.9,") {
		t.Errorf("behind a proxy: %v %+v", err, got)
	}
	e.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	if status, answer := e.consume(hello, "greet"); status != dubbo.StatusOK || !strings.Contains(answer, "hello") {
		t.Errorf("a consumer of %s: %v %q", hello, status, answer)
	}
	if status, answer := e.consume("hidden", "greet"); status == dubbo.StatusOK {
		t.Errorf("a consumer of what is hidden: %v %q", status, answer)
	}
	if h := newCaller(t, nil, plain).expect("POST", "http://api.example.com/7?a=b", 308, ""); h.Get("location") != "https://api.example.com:8443/7?a=b" {
		t.Errorf("sent to %s", h.Get("location"))
	}
}

// TLS at the edge: with whom a handshake comes about, over HTTP and Dubbo, and that files which are no use leave the port
// as it was.
func TestGatewayTLS(t *testing.T) {
	dir := t.TempDir()
	ca, other := newAuthority(t), newAuthority(t)
	ca.issue(t, dir, "server", "api.example.com")
	ca.write(t, filepath.Join(dir, "ca.crt"))
	client, stranger := ca.issue(t, dir, "client", "client"), other.issue(t, dir, "stranger", "stranger")
	open, closed, calls := testenvoy.FreePort(t), testenvoy.FreePort(t), testenvoy.FreePort(t)
	policy := func(key, authority string) string {
		files := fmt.Sprintf("certificate: %s/server.crt, key: %s/%s", dir, dir, key)
		return fmt.Sprintf(`
kind: Gateway
name: edge
listeners:
  - {port: %d, address: 127.0.0.1, tls: {%s, minVersion: 1.3}}
  - {port: %d, address: 127.0.0.1, protocol: http, tls: {%s, clientCa: %s/%s}}
  - {port: %d, address: 127.0.0.1, protocol: dubbo, tls: {%s}}
`, open, files, closed, files, dir, authority, calls, files)
	}
	services := shop(t)
	e := newEdge(t, services, policy("server.key", "ca.crt"))
	trusting := func(certificates ...tls.Certificate) *tls.Config {
		return &tls.Config{RootCAs: ca.pool(), Certificates: certificates}
	}
	working := func() {
		t.Helper()
		newCaller(t, trusting(), open).expect("GET", "https://api.example.com/orders/", 200, "X-Forwarded-Proto=https")
		newCaller(t, trusting(client), closed).expect("GET", "https://api.example.com/orders/", 200, "orders")
		e.expectRefused(newCaller(t, trusting(), closed), "without a certificate")
		e.expectRefused(newCaller(t, trusting(stranger), closed), "with a certificate of another authority")
	}
	working()
	old := trusting()
	old.MaxVersion = tls.VersionTLS12
	e.expectRefused(newCaller(t, old, open), "with TLS 1.2")

	consumers := trusting()
	consumers.ServerName = "api.example.com"
	for _, port := range []int{open, calls} {
		conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), consumers)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := e.consumeOn(conn, hello, "greet"); status != dubbo.StatusOK || !strings.Contains(answer, "hello") {
			t.Errorf("a consumer over TLS: %v %q", status, answer)
		}
	}
	e.expectRefused(newCaller(t, trusting(), calls), "with HTTP where Dubbo is")

	for _, wrong := range []struct{ key, authority, says string }{
		{"client.key", "ca.crt", "KEY_VALUES_MISMATCH"},
		{"server.key", "none.crt", "none.crt"},
		{"none.key", "ca.crt", "none.key"},
	} {
		e.publish(services, policy(wrong.key, wrong.authority))
		e.refuses(wrong.says)
		working()
	}
	e.publish(services, policy("server.key", "ca.crt"))
	e.refuses("")
	working()
}

// A certificate that is renewed in its files is the next caller's; one that is no use is nobody's, and connections stay.
func TestGatewayRenewsCertificates(t *testing.T) {
	dir := t.TempDir()
	first, second := newAuthority(t), newAuthority(t)
	renew := func(a authority) {
		a.issue(t, dir, "server", "api.example.com")
		a.write(t, filepath.Join(dir, "ca.crt"))
	}
	renew(first)
	port := testenvoy.FreePort(t)
	e := newEdge(t, shop(t), fmt.Sprintf(`
kind: Gateway
name: edge
listeners:
  - {port: %d, address: 127.0.0.1, protocol: http, tls: {certificate: %s/server.crt, key: %s/server.key, clientCa: %s/ca.crt}}
`, port, dir, dir, dir))
	e.refuses("")
	as := func(a authority) caller {
		return newCaller(t, &tls.Config{RootCAs: a.pool(), Certificates: []tls.Certificate{a.issue(t, t.TempDir(), "client", "client")}}, port)
	}
	stays := as(first)
	stays.expect("GET", "https://api.example.com/orders/", 200, "orders")

	writePEM(t, filepath.Join(dir, "server.crt"), "CERTIFICATE", []byte("rubbish"))
	e.envoy.WaitStat(fmt.Sprintf("sds.tls %s/server.crt %s/server.key.key_rotation_failed", dir, dir), func(n uint64) bool { return n > 0 })
	as(first).expect("GET", "https://api.example.com/orders/", 200, "orders")

	renew(second)
	next := as(second)
	for late := time.Now().Add(time.Minute); ; {
		if _, err := next.ask("GET", "https://api.example.com/orders/"); err == nil {
			break
		} else if time.Now().After(late) {
			t.Fatal(err)
		}
	}
	e.expectRefused(as(first), "who trusts the first authority")
	stays.expect("GET", "https://api.example.com/orders/", 200, "orders")
}

func (e *edge) expectRefused(c caller, who string) {
	e.t.Helper()
	if got, err := c.ask("GET", "https://api.example.com/orders/"); err == nil {
		e.t.Errorf("%s: %+v", who, got)
	}
}

// A port that cannot be bound, or that another policy has, takes nothing from the others.
func TestGatewayPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	services, free := shop(t), testenvoy.FreePort(t)
	e := newEdge(t, services, "")
	e.publish(services, fmt.Sprintf(`{kind: Gateway, name: edge, listeners: [{port: %d, address: 127.0.0.1}, {port: %d, address: 127.0.0.1}]}`, l.Addr().(*net.TCPAddr).Port, free))
	e.refuses("Address already in use")
	newCaller(t, nil, free).expect("GET", "http://hidden/", 200, "hidden")
	if status, _, body := e.get("GET", "/hidden/"); status != 200 {
		t.Errorf("by the standing port: %d %s", status, body)
	}
}

// While ports change, nobody who comes to them or to others is refused, on new connections and on those that stay open.
func TestGatewayChangesLoseNothing(t *testing.T) {
	services, port := shop(t), testenvoy.FreePort(t)
	with := func(more string) string {
		if !strings.Contains(more, "address") {
			more += ", address: 127.0.0.1"
		}
		return fmt.Sprintf("{kind: Gateway, name: edge, listeners: [{port: %d%s}]}", port, more)
	}
	e := newEdge(t, services, with(""))
	standing, err := strconv.Atoi(e.url[strings.LastIndexByte(e.url, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan error, 4)
	for _, at := range []int{port, standing} {
		for _, stays := range []bool{true, false} {
			c := newCaller(t, nil, at)
			c.http.Transport.(*http.Transport).DisableKeepAlives = !stays
			go func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						done <- nil
						return
					default:
					}
					if got, err := c.ask("GET", "http://api.example.com/orders/"); err != nil || got.status != 200 {
						done <- fmt.Errorf("request %d at %d: %w %+v", n, at, err, got)
						return
					}
				}
			}()
		}
	}
	for _, more := range []string{", name: other", ", protocol: http", ", hosts: api.example.com", ", hosts: ['*.example.com', b.example.com]", "", ", name: other, hosts: api.example.com"} {
		e.replaced(services, with(more))
	}
	close(stop)
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	e.replaced(services, with(", address: 0.0.0.0")) // another socket, under the same name
	newCaller(t, nil, port).expect("GET", "http://api.example.com/orders/", 200, "orders")
}
