package standin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// gateway is the rest of Envoy: HTTP in front, then the form filter, routes, retries and pools.
type gateway struct {
	t *testing.T
	*standin
	routes []hosttest.Route
	config []byte // of both plugins
	form   uint64 // configuration of the form filter
	pool   pool
	turns  atomic.Uint32 // load balancing

	retried atomic.Int64
}

// startGateway starts a stand-in and what is around it. Requests that were reset are tried twice more, as the control
// plane configures it.
func startGateway(t *testing.T, routes ...hosttest.Route) (g *gateway, url string) {
	t.Helper()
	g = &gateway{t: t, standin: startStandin(t), routes: routes, config: stringValue(t, fmt.Sprintf(`{"maxResponseBytes": %d}`, hosttest.MaxAnswer))}
	g.form = g.workers[0].object('F', config.FormFilter, g.config)
	g.pool.idle = map[*hosttest.Provider][]*upstream{}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		g.pool.close()
		g.workers[0].object('f', g.form)
	})
	return g, server.URL
}

// stringValue is a plugin_config as the control plane writes it.
func stringValue(t *testing.T, text string) []byte {
	t.Helper()
	return bytesOf(t, pack(t, wrapperspb.String(text)))
}

func pack(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func bytesOf(t *testing.T, message proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ServeHTTP is a request's way through the filters. The library sees what Envoy would show it.
func (g *gateway) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	x := &exchange{worker: g.next(), config: g.config, head: headOf(in), hasBody: in.ContentLength != 0}
	parts, read := make(chan []byte), make(chan struct{})
	go func() {
		defer close(read)
		readParts(in, parts)
	}()
	x.parts, x.trailer = parts, func() bool { return len(in.Trailer) > 0 }
	r, err := g.filtered(in.Context(), x)
	for range parts { // what nobody wanted
	}
	<-read
	if err != nil {
		r = g.failure(err)
	}
	for _, h := range r.headers {
		out.Header().Add(h.name, h.value)
	}
	if status, err := strconv.Atoi(r.status); err == nil {
		out.WriteHeader(status)
	} else {
		g.t.Errorf("status %q", r.status)
	}
	_, _ = out.Write(r.body) // a client that has gone does not see it
}

// readParts reads a body in parts as large as Envoy's.
func readParts(in *http.Request, parts chan<- []byte) {
	defer close(parts)
	for {
		part := make([]byte, 16<<10)
		n, err := in.Body.Read(part)
		if n > 0 {
			parts <- part[:n]
		}
		if err != nil {
			return
		}
	}
}

func headOf(in *http.Request) []header {
	head := []header{{":authority", in.Host}, {":path", in.RequestURI}, {":method", in.Method}, {":scheme", "http"}, {"x-request-id", "1"}}
	for name, values := range in.Header {
		for _, v := range values {
			head = append(head, header{strings.ToLower(name), v})
		}
	}
	return head
}

func (g *gateway) failure(err error) response {
	status := "500"
	switch {
	case errors.Is(err, errReset):
		status = "503"
	case errors.Is(err, context.DeadlineExceeded):
		status = "504"
	case errors.Is(err, context.Canceled):
	default:
		g.t.Error(err)
	}
	return response{status: status, headers: []header{{"content-length", strconv.Itoa(len(err.Error()))}}, body: []byte(err.Error())}
}

// filtered runs the form filter and, where that lets the request through, the router.
func (g *gateway) filtered(ctx context.Context, x *exchange) (response, error) {
	f, err := g.formFilter(x)
	if f.destroy != nil {
		defer f.destroy()
	}
	if err != nil || f.reply != nil {
		return *f.reply, err
	}
	path := valueOf(x.head, ":path")
	for _, r := range g.routes {
		if strings.HasPrefix(path, r.Prefix) {
			ctx, cancel := context.WithTimeout(ctx, r.Timeout)
			defer cancel()
			return g.route(ctx, x, r)
		}
	}
	return response{status: "404", headers: []header{{"content-length", "0"}}}, nil
}

func (g *gateway) route(ctx context.Context, x *exchange, to hosttest.Route) (r response, err error) {
	const attempts = 3
	for range attempts {
		p := to.Providers[int(g.turns.Add(1))%len(to.Providers)]
		if r, err = x.attempt(ctx, &g.pool, p); !errors.Is(err, errReset) {
			return r, err
		}
		g.retried.Add(1)
	}
	return r, err
}

func valueOf(head []header, name string) string {
	for _, h := range head {
		if h.name == name {
			return h.value
		}
	}
	return ""
}

func start(t *testing.T, routes ...hosttest.Route) string {
	_, url := startGateway(t, routes...)
	return url
}

const long = time.Minute
