package recovery_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/recovery"
)

var usual = config.Recovery{Service: "hello", StepPercent: 10, EveryMs: 10_000, OutMs: 30_000}

// pool is a cluster of Envoy's that takes its healthy instances in turn, with a clock that stands still until it is told.
type pool struct {
	t         *testing.T
	w         *recovery.Watch
	now       int64
	instances []string
	out       map[string]bool
	turn      int
	led       int // how many calls were led elsewhere
}

func newPool(t *testing.T, n int) *pool {
	t.Helper()
	p := &pool{t: t, w: recovery.NewWatch(usual), now: int64(time.Hour), out: map[string]bool{}}
	for i := range n {
		p.instances = append(p.instances, fmt.Sprintf("10.0.0.%d:80", i+1))
	}
	return p
}

// call makes calls for a while, one a millisecond, and returns the shares of the instances.
func (p *pool) call(d time.Duration) map[string]float64 {
	n, counts := int(d.Milliseconds()), map[string]int{}
	for range n {
		p.now += int64(time.Millisecond)
		counts[p.one()]++
	}
	shares := map[string]float64{}
	for i, c := range counts {
		shares[i] = float64(c) / float64(n)
	}
	return shares
}

func (p *pool) one() string {
	healthy := len(p.instances) - len(p.out)
	chosen := p.w.Choose(p.now, len(p.instances), healthy)
	instance := chosen
	if chosen == "" || p.out[chosen] { // which Envoy does not ask
		for instance = ""; instance == "" || healthy > 0 && p.out[instance]; p.turn++ {
			instance = p.instances[p.turn%len(p.instances)]
		}
	} else {
		p.led++
	}
	p.w.Answered(p.now, []byte(instance), instance == chosen)
	return instance
}

// near fails unless an instance has a share, as far as n calls by lot can tell.
func (p *pool) near(what string, got, want float64, n int) {
	p.t.Helper()
	if math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/float64(n))+1e-9 {
		p.t.Errorf("%s: %.4f of the calls, want %.4f", what, got, want)
	}
}

// away has an instance out for a while.
func (p *pool) away(instance string, d time.Duration) {
	p.t.Helper()
	p.out[instance] = true
	if share := p.call(d)[instance]; share != 0 {
		p.t.Errorf("%s is out and gets %.4f of the calls", instance, share)
	}
	delete(p.out, instance)
}

// An instance that was out gets its share again in ten steps; the others share the rest as they would.
func TestSteps(t *testing.T) {
	for _, n := range []int{2, 3, 20, 200} {
		p := newPool(t, n)
		first := p.instances[0]
		p.call(10 * time.Second)
		p.away(first, 30*time.Second)
		for step := 1; step <= 12; step++ {
			shares, want := p.call(10*time.Second), min(1, float64(step)/10)/float64(n)
			p.near(fmt.Sprintf("%d instances, step %d", n, step), shares[first], want, 10_000)
			if n <= 20 {
				p.near(fmt.Sprintf("%d instances, another in step %d", n, step), shares[p.instances[1]], (1-want)/float64(n-1), 10_000)
			}
		}
		led := p.led
		if p.call(10 * time.Second); p.led != led {
			t.Errorf("%d instances: calls are led elsewhere when all have recovered", n)
		}
	}
}

// Nobody is spared who was not out: at the beginning, when instances come and go, and while their first health check is due.
func TestNobodyWasOut(t *testing.T) {
	p := newPool(t, 3)
	for _, i := range p.instances {
		p.out[i] = true
	}
	p.call(time.Second)
	clear(p.out)
	p.call(time.Second)
	p.instances = append(p.instances, "10.0.1.1:80")
	p.out["10.0.1.1:80"] = true
	p.call(time.Second)
	clear(p.out)
	p.call(time.Second)
	p.instances = p.instances[1:]
	p.call(time.Second)
	if p.led > 0 {
		t.Errorf("%d calls were led elsewhere", p.led)
	}
}

// Each of several instances has its own beginning, in whatever order they come back; one that is new in between is not taken
// for them.
func TestSeveral(t *testing.T) {
	p := newPool(t, 10)
	a, b := p.instances[0], p.instances[1]
	p.call(time.Second)
	p.out[a] = true
	p.call(20 * time.Second)
	p.out[b] = true
	p.call(20 * time.Second)
	p.instances = append(p.instances, "10.0.1.1:80")
	p.call(15 * time.Second)
	delete(p.out, a) // 55 s
	p.call(35 * time.Second)
	delete(p.out, b) // 70 s
	shares := p.call(5 * time.Second)
	p.near("the first, in its fourth step", shares[a], 0.4/11, 5_000)
	p.near("the second, in its first step", shares[b], 0.1/11, 5_000)
	p.call(45 * time.Second)
	shares = p.call(5 * time.Second)
	p.near("the first, in its ninth step", shares[a], 0.9/11, 5_000)
	p.near("the second, in its sixth step", shares[b], 0.6/11, 5_000)
	p.call(2 * time.Minute)
	p.near("the second, later", p.call(10 * time.Second)[b], 1.0/11, 10_000)
}

// An instance that fails again while it recovers begins anew.
func TestAgain(t *testing.T) {
	p := newPool(t, 4)
	p.call(time.Second)
	p.away(p.instances[0], 30*time.Second)
	p.call(55 * time.Second)
	p.away(p.instances[0], time.Minute)
	p.near("after the second time", p.call(10 * time.Second)[p.instances[0]], 0.1/4, 10_000)
}

// Where nobody else can be asked, those that are back are.
func TestAllWereOut(t *testing.T) {
	p := newPool(t, 2)
	p.call(time.Second)
	p.out[p.instances[0]], p.out[p.instances[1]] = true, true
	for range 30 { // nobody is asked
		p.now += int64(time.Second)
		p.w.Choose(p.now, 2, 0)
	}
	clear(p.out)
	shares := p.call(10 * time.Second)
	p.near("one of two", shares[p.instances[0]], 0.5, 10_000)
}

// What is known of instances does not grow with all that ever were.
func TestForgets(t *testing.T) {
	p := newPool(t, 3)
	for i := range 100_000 {
		p.now++
		p.w.Choose(p.now, 3, 3)
		p.w.Answered(p.now, []byte(fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)), false)
	}
	if known := p.w.Known(); known > 100 {
		t.Errorf("%d instances are known", known)
	}
}

func BenchmarkCall(b *testing.B) {
	cluster, instance := []byte("com.example.Hello|dubbo"), []byte("10.0.0.1:20880")
	for name, before := range map[string]int{"well": 3, "recovering": 2} {
		var s recovery.Set
		r := s.Take(usual)
		for at, healthy := range []int{3, before, 3} {
			r.Choose(0, cluster, int64(at)*int64(time.Minute), 3, healthy)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				_, call := r.Choose(0, cluster, int64(2*time.Minute), 3, 3)
				r.Answered(0, call, int64(2*time.Minute), instance, false)
			}
		})
	}
}
