package recovery

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const (
	kept  = 64 // choices of Envoy's that are kept
	tries = 8  // to find one that may be repeated
)

// Watch sees the instances of one cluster as one worker of Envoy does. One goroutine at a time may use it.
type Watch struct {
	step            float64 // 0 to 1
	every, shortest int64

	total, out int     // as the last call found them
	changed    int64   // when that found that some had come or gone
	unknown    int     // of those that were out then: since nobody knows when, or new
	went       []int64 // since when the others are out, in order
	back       []comeback
	latest     int64 // when an instance last came back, 0 for never

	instances map[string]*instance
	choices   [kept]*instance // Envoy's own, the latest ones
	next      uint
	random    rand.PCG
}

// comeback is an instance that is back, as long as it has not shown which one.
type comeback struct{ went, at int64 }

type instance struct {
	address string
	chosen  int64 // when the last call began that it answered
	back    int64 // when it came back, 0 for never
}

// NewWatch returns a watch that knows no instances. Settings are as config.ParseRecovery lets through.
func NewWatch(settings config.Recovery) *Watch {
	return &Watch{
		step: settings.StepPercent / 100, every: settings.EveryMs * int64(time.Millisecond),
		// A worker learns a moment late that one is out, and a moment late that it is back.
		shortest: settings.OutMs * int64(time.Millisecond) * 9 / 10,
		total:    -1, instances: map[string]*instance{},
	}
}

// Choose says to which instance a call should go that begins now, "" for the one that Envoy chooses.
func (w *Watch) Choose(now int64, total, healthy int) string {
	w.see(now, total, total-healthy)
	if w.latest == 0 {
		return ""
	}
	least := w.share(w.latest, now)
	if least >= 1 {
		w.latest, w.back = 0, w.back[:0]
		return ""
	}
	if w.draw() < least {
		return ""
	}
	return w.another(now, least)
}

// another is one of Envoy's latest choices. Of all calls this is asked for the part 1 - least of them: so an instance whose
// share has grown further than the least one is taken for as many as it lacks.
func (w *Watch) another(now int64, least float64) string {
	for range tries {
		i := w.choices[w.random.Uint64()%kept]
		if i == nil || slices.ContainsFunc(w.back, func(b comeback) bool { return i.chosen < b.went }) {
			continue // it may be the one that is back
		}
		if i.back == 0 || w.draw()*(1-least) < w.share(i.back, now)-least {
			return i.address
		}
	}
	return ""
}

// Answered says which instance has answered a call that began then, and whether it was the one that Choose had said.
func (w *Watch) Answered(began int64, address []byte, led bool) {
	i := w.instance(address)
	for n, b := range w.back {
		if i.chosen < b.went && began >= b.at {
			i.back, w.back = b.at, slices.Delete(w.back, n, n+1)
			break
		}
	}
	i.chosen = max(i.chosen, began)
	if !led {
		w.choices[w.next%kept] = i
		w.next++
	}
}

// see compares how many instances are out with what the last call found.
func (w *Watch) see(now int64, total, out int) {
	if total != w.total { // some came or went; those that are new may have to pass a health check first
		w.went = w.went[max(0, len(w.went)-out):]
		w.changed, w.total, w.out, w.unknown = now, total, out, out-len(w.went)
		return
	}
	for ; w.out < out; w.out++ {
		w.went = append(w.went, now)
	}
	for ; w.out > out; w.out-- {
		w.comeback(now)
	}
}

// comeback notes that one of those that were out is back: any of those that were out long enough, which is why the time that is
// kept is that of the last of them, and the one that goes that of the first. Where there is none, and right after a change, it
// is taken for one that is new, which is not spared.
func (w *Watch) comeback(now int64) {
	n := 0
	for n < len(w.went) && now-w.went[n] >= w.shortest {
		n++
	}
	if w.unknown > 0 && (n == 0 || now-w.changed < w.shortest) {
		w.unknown--
		return
	}
	if len(w.went) == 0 {
		return
	}
	w.back = append(w.back, comeback{w.went[max(0, n-1)], now})
	w.went = slices.Delete(w.went, 0, 1)
	w.latest = now
}

// share of its calls that an instance gets that is back since then, 1 for all and more.
func (w *Watch) share(since, now int64) float64 {
	return w.step * float64(1+(now-since)/w.every)
}

func (w *Watch) instance(address []byte) *instance {
	if i := w.instances[string(address)]; i != nil {
		return i
	}
	if len(w.instances) > 2*w.total+kept { // most of them are gone
		clear(w.instances)
		clear(w.choices[:])
	}
	i := &instance{address: string(address)}
	w.instances[i.address] = i
	return i
}

// draw is a number from 0 to less than 1.
func (w *Watch) draw() float64 { return float64(w.random.Uint64()>>11) / (1 << 53) }
