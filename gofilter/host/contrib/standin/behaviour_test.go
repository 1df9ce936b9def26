package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	xdstype "github.com/cncf/xds/go/xds/type/v3"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

func hello(p ...*hosttest.Provider) hosttest.Route {
	return hosttest.Route{Prefix: "/com.example.Hello/", Providers: p, Timeout: long}
}

// A request that is refused, before or after its body, costs nobody a connection.
func TestConnectionIsUsedAgain(t *testing.T) {
	p := hosttest.StartProvider(t, hosttest.Echo)
	url := start(t, hello(p))
	for i := range 30 {
		argument := fmt.Sprintf("call %d", i)
		hosttest.Expect(t, url, hosttest.Invoke(argument), hosttest.OK(argument))
		hosttest.Expect(t, url, hosttest.Request{Body: "{"}, hosttest.Reply{Status: http.StatusBadRequest})
		hosttest.Expect(t, url, hosttest.Request{Verb: http.MethodGet, Path: hosttest.Hash + "?a=1", Type: "-"}, hosttest.Reply{Status: http.StatusBadRequest})
	}
	if n := p.Connections.Load(); n != 1 {
		t.Errorf("90 requests one after the other took %d connections, want 1", n)
	}
	if n := p.Calls.Load(); n != 30 {
		t.Errorf("the provider saw %d calls, want the 30 good ones", n)
	}
}

// Envoy tells this host that a provider has hung up, instead of trying another one. The connection, of which only one
// side is closed, is then reset by the next request, which is tried again.
func TestHangUp(t *testing.T) {
	p := hosttest.StartProvider(t, hosttest.HangUp)
	g, url := startGateway(t, hello(p))
	hosttest.Expect(t, url, hosttest.Invoke("hello"), hosttest.Reply{Status: http.StatusServiceUnavailable})
	p.Become(hosttest.Echo)
	hosttest.Expect(t, url, hosttest.Invoke("after"), hosttest.OK("after"))
	if n := g.retried.Load(); n != 1 {
		t.Errorf("%d attempts were reset, want 1", n)
	}
}

// A late answer must never reach another call: the connection of a call that timed out is closed.
func TestLateAnswer(t *testing.T) {
	late := make(chan struct{})
	p := hosttest.StartProvider(t, func(p *hosttest.Peer, c hosttest.Call) {
		if c.Argument == "slow" {
			<-late
		}
		hosttest.Echo(p, c)
	})
	route := hello(p)
	route.Timeout = hosttest.ShortTimeout
	url := start(t, route)
	hosttest.Expect(t, url, hosttest.Invoke("slow"), hosttest.Reply{Status: http.StatusGatewayTimeout})
	close(late)
	for i := range 20 {
		argument := fmt.Sprintf("call %d", i)
		hosttest.Expect(t, url, hosttest.Invoke(argument), hosttest.OK(argument))
	}
}

// A client that goes away in the middle of a call takes nothing else with it.
func TestClientGoesAway(t *testing.T) {
	arrived := make(chan struct{})
	p := hosttest.StartProvider(t, func(p *hosttest.Peer, c hosttest.Call) {
		if c.Argument == "wait" {
			arrived <- struct{}{}
			return
		}
		hosttest.Echo(p, c)
	})
	url := start(t, hello(p))
	for range 5 {
		ctx, leave := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+hosttest.Hash, strings.NewReader(`["wait"]`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("content-type", "application/json")
		request.Header.Set("x-dubbo-parameter-types", "java.lang.String")
		left := make(chan struct{})
		go func() {
			defer close(left)
			if resp, err := http.DefaultClient.Do(request); err == nil {
				_ = resp.Body.Close()
				t.Errorf("got %s, want no answer", resp.Status)
			}
		}()
		select {
		case <-arrived:
		case <-left:
			t.FailNow()
		}
		leave()
		<-left
		hosttest.Expect(t, url, hosttest.Invoke("hello"), hosttest.OK("hello"))
	}
}

func TestConcurrentClients(t *testing.T) {
	const clients, calls = 32, 60
	p := hosttest.StartProvider(t, func(p *hosttest.Peer, c hosttest.Call) {
		switch len(c.Argument) % 3 {
		case 0:
			hosttest.Echo(p, c)
		case 1:
			hosttest.Split(p, c)
		default:
			hosttest.Noisy(p, c)
		}
	})
	url := start(t, hello(p))
	var running sync.WaitGroup
	for n := range clients {
		running.Go(func() {
			for i := range calls {
				argument := strings.Repeat("x", (n*calls+i)%1500) + fmt.Sprintf(" %d %d", n, i)
				got, err := hosttest.Send(url, hosttest.Invoke(argument))
				if err != nil || got != hosttest.OK(argument) {
					t.Errorf("client %d call %d: got %.100v %v", n, i, got, err)
					return
				}
			}
		})
	}
	running.Wait()
}

// Envoy's bridge does not say that trailers have ended a request, but closes the sending side: the provider hangs up,
// and the client is told so.
func TestTrailers(t *testing.T) {
	p := hosttest.StartProvider(t, hosttest.Echo)
	url := start(t, hello(p))
	for body, want := range map[string]int{
		`["hello"]`: http.StatusServiceUnavailable,
		"interface=com.example.Hello&method=hash&parameterTypesString=java.lang.String&parameter=hello": http.StatusOK, // the filter ends it
	} {
		kind, path := "application/json", hosttest.Hash
		if want == http.StatusOK {
			kind, path = "application/x-www-form-urlencoded", "/"
		}
		request, err := http.NewRequest(http.MethodPost, url+path, struct{ *strings.Reader }{strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("content-type", kind)
		request.Trailer = http.Header{"X-Checksum": {"1"}}
		resp, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %s, want %d", kind, resp.Status, want)
		}
	}
}

// Envoy would abort if the bridge's configuration were refused. Every request is answered instead.
func TestUnusableConfiguration(t *testing.T) {
	p := hosttest.StartProvider(t, hosttest.Echo)
	g, url := startGateway(t, hello(p))
	for _, c := range []struct {
		name    string
		config  []byte
		problem string // "" for a configuration that can be used
	}{
		{"nothing", nil, ""},
		{"text", stringValue(t, `{"maxRequestBytes": 1024}`), ""},
		{"typed struct", bytesOf(t, typedStruct(t, map[string]any{"maxRequestBytes": 1024})), ""},
		{"unknown field", stringValue(t, `{"maxBytes": 1}`), "maxBytes"},
		{"unknown field in a typed struct", bytesOf(t, typedStruct(t, map[string]any{"maxBytes": 1})), "maxBytes"},
		{"other message", bytesOf(t, pack(t, wrapperspb.Bool(true))), "write a google.protobuf.StringValue"},
		{"broken message", bytesOf(t, &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.StringValue", Value: []byte{0xff}}), "plugin_config"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.config = c.config
			form := g.workers[0].object('F', config.FormFilter, c.config)
			if c.problem == "" {
				hosttest.Expect(t, url, hosttest.Invoke("hello"), hosttest.OK("hello"))
				if form == 0 {
					t.Error("the form filter refused it")
				}
				return
			}
			for range 3 {
				hosttest.Expect(t, url, hosttest.Invoke("hello"), hosttest.Reply{Status: http.StatusInternalServerError})
			}
			if form != 0 {
				t.Error("the form filter took it")
			}
			lines := 0
			for line := range strings.Lines(g.log.String()) {
				if strings.Contains(line, "no request of this cluster can be served") && strings.Contains(line, c.problem) {
					lines++
				}
			}
			if lines == 0 {
				t.Errorf("%q is not in the log: %s", c.problem, g.log)
			}
		})
	}
}

func typedStruct(t *testing.T, fields map[string]any) *anypb.Any {
	t.Helper()
	value, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	return pack(t, &xdstype.TypedStruct{TypeUrl: "dubbomesh", Value: value})
}
