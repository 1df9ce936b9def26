package limiter_test

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/limiter"
)

// rig is a set with a clock that stands still until it is told.
type rig struct {
	t   *testing.T
	set limiter.Set
	now int64
}

func newRig(t *testing.T) *rig { return &rig{t: t, now: int64(time.Hour)} }

func limit(requests uint32, per time.Duration, edit ...func(*config.Limit)) config.Limit {
	l := config.Limit{Name: "limit", Requests: requests, PerMs: per.Milliseconds(), Burst: max(1, requests), Status: 429}
	for _, e := range edit {
		e(&l)
	}
	return l
}

func by(keys ...config.LimitKey) func(*config.Limit) {
	return func(l *config.Limit) { l.By = keys }
}

func named(name string) func(*config.Limit) { return func(l *config.Limit) { l.Name = name } }

func (r *rig) take(all ...config.Limit) *limiter.Limits {
	r.t.Helper()
	settings, err := config.ParseLimits(config.Limits{Service: "hello", Limits: all}.Text())
	if err != nil {
		r.t.Fatal(err)
	}
	l, err := r.set.Take(settings)
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

// ask makes n requests with these headers and returns how many may be made.
func (r *rig) ask(l *limiter.Limits, n int, headers ...string) (in int) {
	for range n {
		if _, ok := l.Ask(request("10.0.0.1:1234", headers...), r.now); ok {
			in++
		}
	}
	return in
}

func request(source string, headers ...string) *limiter.Request {
	r := &limiter.Request{}
	r.Begin([]byte(source))
	for i := 0; i < len(headers); i += 2 {
		r.Header([]byte(headers[i]), []byte(headers[i+1]))
	}
	return r
}

func (r *rig) want(what string, got, want int) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s: %d admitted, want %d", what, got, want)
	}
}

func TestBucket(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(10, time.Second))
	r.want("a full bucket", r.ask(l, 100), 10)
	r.now += int64(100*time.Millisecond) - 1000
	r.want("nearly a tenth", r.ask(l, 1), 0)
	why, _ := l.Ask(request(""), r.now)
	if why.Wait != time.Microsecond || why.Service != "hello" || why.Limit.Name != "limit" {
		t.Errorf("%+v", why)
	}
	r.now += 1000
	r.want("a tenth", r.ask(l, 100), 1)
	r.now += int64(time.Hour)
	r.want("an hour", r.ask(l, 100), 10)
	r.now -= int64(time.Second) // another worker looked at the clock before
	r.want("going back", r.ask(l, 100), 0)
	in := 0
	for range 10_000 { // ten seconds in steps
		r.now += int64(time.Millisecond)
		in += r.ask(l, 1)
	}
	r.want("steadily", in, 90) // of which it had seen one
}

func TestBurst(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(1, time.Second, func(l *config.Limit) { l.Burst = 5 }))
	r.want("burst", r.ask(l, 100), 5)
	r.now += int64(2 * time.Second)
	r.want("then steadily", r.ask(l, 100), 2)
}

func TestNone(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(0, time.Second))
	r.want("none", r.ask(l, 10), 0)
	r.now += int64(time.Hour)
	if why, ok := l.Ask(request(""), r.now); ok || why.Wait != 0 {
		t.Errorf("%v %+v", ok, why)
	}
}

// Routes share a limit, whatever else they say of it, and it is kept while any of them has it.
func TestShared(t *testing.T) {
	r := newRig(t)
	exact := "a"
	one := r.take(limit(10, time.Hour))
	other := r.take(limit(10, time.Hour, func(l *config.Limit) {
		l.Match = [][]config.Condition{{{Header: "x", Exact: &exact}}}
	}), limit(1, time.Hour, named("second")))
	r.want("one route", r.ask(one, 4), 4)
	r.want("another", r.ask(other, 1, "x", "a"), 1)
	larger := r.take(limit(20, time.Hour))
	r.set.Release(one)
	r.set.Release(other)
	r.want("made larger", r.ask(larger, 100), 15)
	smaller := r.take(limit(4, time.Hour))
	r.set.Release(larger)
	r.want("made smaller", r.ask(smaller, 100), 0)
	r.now += int64(15 * time.Minute)
	r.want("a quarter", r.ask(smaller, 100), 1)
	again := r.take(limit(4, time.Hour))
	if again != smaller {
		t.Error("equal settings, other limits")
	}
	r.set.Release(again)
	r.set.Release(smaller)
	r.want("when nobody had it", r.ask(r.take(limit(4, time.Hour)), 100), 4)
}

// What one limit refuses costs nothing of the others.
func TestSeveral(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(5, time.Hour, named("a")), limit(2, time.Hour, named("b"), by(config.LimitKey{From: config.KeyHeader, Name: "x"})),
		limit(3, time.Hour, named("c"), func(l *config.Limit) { l.DryRun = true }))
	r.want("ann", r.ask(l, 100, "x", "ann"), 2)
	r.want("bob", r.ask(l, 100, "x", "bob"), 2)
	r.want("eve", r.ask(l, 100, "x", "eve"), 1)
	want := []limiter.Status{
		{ID: 1, Service: "hello", Name: "a", Admitted: 5, Refused: 99},
		{ID: 2, Service: "hello", Name: "b", Admitted: 5, Refused: 196},
		{ID: 3, Service: "hello", Name: "c", Admitted: 3, Tried: 2},
	}
	if diff := cmp.Diff(want, r.set.Status()); diff != "" {
		t.Error(diff)
	}
}

func TestBy(t *testing.T) {
	for name, x := range map[string]struct {
		keys        []config.LimitKey
		same, other []string // headers
		otherSource string
	}{
		"header":        {keys: []config.LimitKey{{From: config.KeyHeader, Name: "x"}}, same: []string{"x", "1", "y", "2"}, other: []string{"x", "2"}},
		"without it":    {keys: []config.LimitKey{{From: config.KeyHeader, Name: "x"}}, same: []string{"y", "2"}, other: []string{"x", "2"}},
		"twice":         {keys: []config.LimitKey{{From: config.KeyHeader, Name: "x"}}, same: []string{"x", "1", "x", "2"}, other: []string{"x", "1"}},
		"two":           {keys: []config.LimitKey{{From: config.KeyHeader, Name: "x"}, {From: config.KeyHeader, Name: "y"}}, same: []string{"x", "1", "y", "23"}, other: []string{"x", "12", "y", "3"}},
		"path":          {keys: []config.LimitKey{{From: config.KeyPath}}, same: []string{":path", "/a/b?c=d"}, other: []string{":path", "/b/b"}},
		"method":        {keys: []config.LimitKey{{From: config.KeyMethod}}, same: []string{":path", "/a/b?c=d/e"}, other: []string{":path", "/a/c"}},
		"source":        {keys: []config.LimitKey{{From: config.KeySource}}, otherSource: "10.0.0.2:1234"},
		"IPv6":          {keys: []config.LimitKey{{From: config.KeySource}}, otherSource: "[::1]:1234"},
		"a known value": {keys: []config.LimitKey{{From: config.KeyText, Name: "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			l := r.take(limit(1, time.Hour, by(x.keys...)))
			r.want("the first", r.ask(l, 10, x.same...), 1)
			if x.otherSource != "" {
				if _, ok := l.Ask(request(x.otherSource), r.now); !ok {
					t.Error("another one is refused")
				}
				if _, ok := l.Ask(request("10.0.0.1:77"), r.now); ok {
					t.Error("the same is not known")
				}
			} else if x.other != nil {
				r.want("another", r.ask(l, 10, x.other...), 1)
			}
		})
	}
	r := newRig(t)
	method := r.take(limit(2, time.Hour, by(config.LimitKey{From: config.KeyMethod})))
	r.want("a call", r.ask(method, 1, ":path", "/hello/ask"), 1)
	r.want("the operation", r.ask(r.take(limit(2, time.Hour, by(config.LimitKey{From: config.KeyText, Name: "ask"}))), 10, ":path", "/v1/7"), 1)
}

// Of many callers the one that was idle longest is forgotten.
func TestManyKeys(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(1, time.Hour, by(config.LimitKey{From: config.KeyHeader, Name: "x"})))
	for i := range 10_000 {
		r.want("new", r.ask(l, 1, "x", fmt.Sprint(i)), 1)
	}
	r.want("known", r.ask(l, 1, "x", "0"), 0)
	r.want("one more", r.ask(l, 1, "x", "more"), 1)
	r.want("still known", r.ask(l, 1, "x", "0"), 0)
	r.want("forgotten", r.ask(l, 1, "x", "1"), 1)
}

func TestConditions(t *testing.T) {
	text := func(s string) *string { return &s }
	yes, no := true, false
	for name, x := range map[string]struct {
		c            config.Condition
		fits, others []string // values; "-" for no header
	}{
		"exact":      {config.Condition{Exact: text("a")}, []string{"a"}, []string{"A", "ab", "", "-"}},
		"empty":      {config.Condition{Exact: text(""), Empty: true}, []string{"", "-"}, []string{"a"}},
		"prefix":     {config.Condition{Prefix: "ab"}, []string{"ab", "abc"}, []string{"a", "-"}},
		"suffix":     {config.Condition{Suffix: "bc"}, []string{"bc", "abc"}, []string{"c", "-"}},
		"contains":   {config.Condition{Contains: "b"}, []string{"b", "abc"}, []string{"ac", "-"}},
		"regex":      {config.Condition{Regex: "a|b.*"}, []string{"a", "bc"}, []string{"ac", "cb", "-"}},
		"present":    {config.Condition{Present: &yes}, []string{"", "a"}, []string{"-"}},
		"absent":     {config.Condition{Present: &no}, []string{"-"}, []string{"", "a"}},
		"range":      {config.Condition{Range: &config.ConditionRange{Min: -1, End: 3}}, []string{"-1", "2"}, []string{"3", "x", "", "-"}},
		"not":        {config.Condition{Exact: text("a"), Not: true}, []string{"b"}, []string{"a", "-"}},
		"not, empty": {config.Condition{Exact: text("a"), Not: true, Empty: true}, []string{"b", "-"}, []string{"a"}},
	} {
		x.c.Header = "x"
		r := newRig(t)
		l := r.take(limit(0, time.Second, func(l *config.Limit) { l.Match = [][]config.Condition{{x.c}} }))
		for _, part := range []struct {
			values []string
			in     int
		}{{x.fits, 0}, {x.others, 1}} {
			for _, v := range part.values {
				headers := []string{"x", v}
				if v == "-" {
					headers = nil
				}
				r.want(name+" "+v, r.ask(l, 1, headers...), part.in)
			}
		}
	}
	bad := config.Limits{Service: "hello", Limits: []config.Limit{limit(1, time.Second, func(l *config.Limit) {
		l.Match = [][]config.Condition{{{Header: "x", Regex: "("}}}
	})}}
	var set limiter.Set
	if _, err := set.Take(bad); err == nil || len(set.Status()) != 0 {
		t.Errorf("%v %v", err, set.Status())
	}
}

// With any number of callers at once no more are admitted than there are tokens.
func TestAtOnce(t *testing.T) {
	r := newRig(t)
	l := r.take(limit(100, time.Hour), limit(1000, time.Hour, named("by"), by(config.LimitKey{From: config.KeyHeader, Name: "x"})))
	var in atomic.Int64
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			request := request("", "x", fmt.Sprint(worker))
			for range 1000 {
				if _, ok := l.Ask(request, r.now); ok {
					in.Add(1)
				}
			}
		})
	}
	all.Wait()
	if in.Load() != 100 {
		t.Errorf("%d admitted, want 100", in.Load())
	}
}

func TestNoAllocations(t *testing.T) {
	r := newRig(t)
	request := request("10.0.0.1:1", "x", "ann", ":path", "/a/b")
	for name, l := range map[string]*limiter.Limits{
		"plain": r.take(limit(math.MaxUint32, time.Second)),
		"by":    r.take(limit(math.MaxUint32, time.Second, by(config.LimitKey{From: config.KeyHeader, Name: "x"}))),
		"none":  r.take(limit(0, time.Second, named("none"))),
	} {
		if n := testing.AllocsPerRun(1000, func() { l.Ask(request, r.now) }); n != 0 {
			t.Errorf("%s: %g allocations a request", name, n)
		}
	}
}

func BenchmarkAsk(b *testing.B) {
	for name, keys := range map[string][]config.LimitKey{"plain": nil, "by": {{From: config.KeyHeader, Name: "x"}}} {
		b.Run(name, func(b *testing.B) {
			var set limiter.Set
			l, err := set.Take(config.Limits{Service: "hello", Limits: []config.Limit{limit(math.MaxUint32, time.Second, by(keys...))}})
			if err != nil {
				b.Fatal(err)
			}
			request := request("10.0.0.1:1", "x", "ann")
			for now := int64(0); b.Loop(); now++ {
				l.Ask(request, now)
			}
		})
	}
}
