package main_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const hash = "/com.example.Hello/hash"

func ok(argument string) reply { return reply{http.StatusOK, quoted(argument)} }

// What a provider may put on the wire, one behaviour after the other.
func TestBehaviours(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}, options: "timeout: 3s"})
	large := strings.Repeat("large ", 200_000)

	t.Run("connection is used again", func(t *testing.T) {
		for i := range 50 {
			argument := fmt.Sprintf("call %d", i)
			r.expect(t, hash, argument, ok(argument))
		}
		if n := p.Connections.Load(); n > 2 { // one for each of Envoy's two workers at most
			t.Errorf("50 calls one after the other took %d connections", n)
		}
	})
	for name, b := range map[string]behaviour{"echo": echo, "split": split, "noisy": noisy} {
		t.Run(name, func(t *testing.T) {
			p.Become(b)
			r.expect(t, hash, "hello", ok("hello"))
			r.expect(t, hash, "", ok(""))
		})
	}
	t.Run("larger than one buffer", func(t *testing.T) {
		p.Become(says(large))
		r.expect(t, hash, "hello", ok(large))
	})
	t.Run("never answers", func(t *testing.T) {
		p.Become(silent)
		before := p.Connections.Load()
		r.expect(t, hash, "hello", reply{status: http.StatusGatewayTimeout})
		p.Become(echo)
		r.expect(t, hash, "after", ok("after"))
		if p.Connections.Load() == before {
			t.Error("the connection of a call without an answer was used again")
		}
	})
	t.Run("hangs up", func(t *testing.T) {
		p.Become(hangUp)
		r.expect(t, hash, "hello", reply{status: http.StatusServiceUnavailable})
	})
	broken := r.Stat("dubbo.protocol_errors")
	for name, b := range map[string]behaviour{
		"speaks HTTP":       garbage,
		"declares too much": huge,
	} {
		t.Run(name, func(t *testing.T) {
			p.Become(b)
			r.expect(t, hash, "hello", reply{status: http.StatusBadGateway})
			p.Become(echo)
			r.expect(t, hash, "after", ok("after"))
		})
	}
	r.WaitStat("dubbo.protocol_errors", func(n uint64) bool { return n == broken+2 })
	if n := r.Stat("dubbo.panics"); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// A late answer must never reach another call: the connection of a call that timed out is closed.
func TestLateAnswer(t *testing.T) {
	late := make(chan struct{})
	p := startProvider(t, func(p *peer, c call) {
		if c.Argument != "slow" {
			echo(p, c)
			return
		}
		<-late
		echo(p, c)
	})
	r := startRig(t, route{prefix: "/", providers: []*provider{p}, options: "timeout: 0.2s"})
	r.expect(t, hash, "slow", reply{status: http.StatusGatewayTimeout})
	close(late)
	for i := range 20 {
		argument := fmt.Sprintf("call %d", i)
		r.expect(t, hash, argument, ok(argument))
	}
}

// A client that goes away in the middle of a call takes its connection to the provider with it, and nothing else.
// Calls that are under way when Envoy stops do not keep it from stopping cleanly.
func TestClientGoesAway(t *testing.T) {
	arrived := make(chan struct{})
	p := startProvider(t, func(p *peer, c call) {
		if c.Argument == "wait" {
			arrived <- struct{}{}
			return
		}
		echo(p, c)
	})
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	for range 5 {
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan struct{})
		go func() {
			defer close(left)
			if got, err := r.invokeUnder(ctx, t, hash, "wait"); err == nil {
				t.Errorf("got %v, want no answer", got)
			}
		}()
		<-arrived
		leave()
		<-left
		r.expect(t, hash, "hello", ok("hello"))
	}
	go func() { _, _ = r.invoke(t, hash, "wait") }() // ends when Envoy does
	<-arrived
}

func TestBodySizes(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	const limit = 8 << 20
	for _, size := range []int{2, 3, 1000, 16 << 10, 100_000, 1 << 20, limit} {
		argument := strings.Repeat("x", size-len(`[""]`)+min(2, max(0, 4-size)))
		r.expect(t, hash, argument, ok(argument))
	}
	r.expect(t, hash, strings.Repeat("x", limit), reply{status: http.StatusRequestEntityTooLarge})

	request, err := http.NewRequest(http.MethodPost, r.url+hash, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	got, err := send(t, request)
	if err != nil || got != ok("") {
		t.Errorf("without a body: %v %v, want %v", got, err, ok(""))
	}
	if n := r.Stat("dubbo.rejected"); n != 1 {
		t.Errorf("%d requests counted as rejected, want 1", n)
	}
}

// Trailers end a request as the last part of a body does.
func TestTrailers(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	request, err := http.NewRequest(http.MethodPost, r.url+hash, struct{ *strings.Reader }{strings.NewReader(`["hello"]`)})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("content-type", "application/json")
	request.Header.Set("x-dubbo-parameter-types", "java.lang.String")
	request.Trailer = http.Header{"X-Checksum": {"1"}}
	if got, err := send(t, request); err != nil || got != ok("hello") {
		t.Errorf("got %v %v, want %v", got, err, ok("hello"))
	}
}

// A refused request costs a connection: Envoy closes those whose response came before it had taken the end of the
// request. It must not cost anyone else theirs.
func TestRefusedRequest(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	for i := range 20 {
		request, err := http.NewRequest(http.MethodPost, r.url+hash, strings.NewReader(`["hello"`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("content-type", "application/json")
		got, err := send(t, request)
		if err != nil || got.status != http.StatusBadRequest {
			t.Fatalf("got %v %v, want 400", got, err)
		}
		argument := fmt.Sprintf("call %d", i)
		r.expect(t, hash, argument, ok(argument))
	}
	if n := p.Calls.Load(); n != 20 {
		t.Errorf("the provider saw %d calls, want the 20 good ones", n)
	}
	if n := r.Stat("dubbo.rejected"); n != 20 {
		t.Errorf("%d requests counted as rejected, want 20", n)
	}
}

// A provider that dies in the middle of a call, hangs up or reports a failure is replaced by another.
func TestRetry(t *testing.T) {
	for name, b := range map[string]behaviour{"dies": die, "hangs up": hangUp, "is exhausted": busy, "speaks HTTP": garbage} {
		t.Run(name, func(t *testing.T) {
			good, bad := startProvider(t, echo), startProvider(t, b)
			r := startRig(t, route{prefix: "/", providers: []*provider{good, bad}, options: retry})
			inParallel(8, func(n int) {
				for i := range 20 {
					argument := fmt.Sprintf("call %d of %d", i, n)
					if got, err := r.invoke(t, hash, argument); err != nil || got != ok(argument) {
						t.Errorf("got %v %v, want %v", got, err, ok(argument))
					}
				}
			})
			if bad.Calls.Load() == 0 {
				t.Error("the bad provider was never called")
			}
		})
	}
}

func TestConcurrentClients(t *testing.T) {
	const clients, calls = 64, 200
	p := startProvider(t, func(p *peer, c call) {
		switch len(c.Argument) % 3 {
		case 0:
			echo(p, c)
		case 1:
			split(p, c)
		default:
			noisy(p, c)
		}
	})
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	inParallel(clients, func(n int) {
		for i := range calls {
			argument := strings.Repeat("x", (n*calls+i)%1500) + fmt.Sprintf(" %d %d", n, i)
			got, err := r.invoke(t, hash, argument)
			if err != nil || got != ok(argument) {
				t.Errorf("client %d call %d: got %.100v %v", n, i, got, err)
				return
			}
		}
	})
	if n := r.Stat("dubbo.requests"); n != clients*calls {
		t.Errorf("%d requests counted, want %d", n, clients*calls)
	}
}

// inParallel runs n goroutines and waits for all of them.
func inParallel(n int, run func(n int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { run(i) })
	}
	running.Wait()
}
