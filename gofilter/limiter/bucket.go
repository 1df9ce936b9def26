package limiter

import (
	"math"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// bucket is what was taken of one and has not flowed in again.
type bucket struct {
	taken float64
	at    int64 // when that was worked out
}

// rate is how a bucket fills.
type rate struct {
	perNano float64
	size    float64
}

func rateOf(l config.Limit) rate {
	return rate{perNano: float64(l.Requests) / (float64(l.PerMs) * float64(time.Millisecond)), size: float64(l.Burst)}
}

// nearly is how much of a token may be missing: sums of small parts are not exact.
const nearly = 1e-6

// take takes a token, or says how long it takes for one to be there, 0 when there will never be one.
func (b *bucket) take(r rate, now int64) (ok bool, wait time.Duration) {
	if r.perNano == 0 {
		return false, 0
	}
	b.fill(r, now)
	if missing := b.taken + 1 - r.size; missing > nearly {
		return false, time.Duration(min(math.Ceil(missing/r.perNano), math.MaxInt64/2))
	}
	b.taken++
	return true, 0
}

// giveBack undoes a take.
func (b *bucket) giveBack() { b.taken = max(0, b.taken-1) }

func (b *bucket) fill(r rate, now int64) {
	b.taken = min(b.taken, r.size) // it may have become smaller
	if now > b.at {
		b.taken = max(0, b.taken-float64(now-b.at)*r.perNano)
		b.at = now
	}
}
