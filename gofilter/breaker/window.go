package breaker

import "sync/atomic"

const (
	windowParts = 10
	windowSpan  = 1 << 32 // times of a part are told apart up to this
)

// window counts what happened in the last while, which slides on by a tenth of its length at a time.
type window struct {
	part  int64 // nanoseconds
	parts [windowParts]part
}

// part is a tenth of the window, alone in its cache line. Each count carries the number of the time it is of, so that a part
// becomes the next one's with the first count and none gets lost.
type part struct {
	calls, failed, slow atomic.Uint64 // the time's number, then the count, 32 bits each
	_                   [40]byte
}

func newWindow(length int64) *window { return &window{part: max(1, length/windowParts)} }

// add counts a call at a time.
func (w *window) add(now int64, failed, slow bool) {
	at := now / w.part
	p := &w.parts[at%windowParts]
	increase(&p.calls, at)
	if failed {
		increase(&p.failed, at)
	}
	if slow {
		increase(&p.slow, at)
	}
}

func increase(count *atomic.Uint64, at int64) {
	time := uint64(at) << 32
	for {
		old := count.Load()
		next := old + 1
		if old&^(windowSpan-1) != time {
			next = time | 1
		}
		if count.CompareAndSwap(old, next) {
			return
		}
	}
}

// sum is what was counted in the window that ends now.
func (w *window) sum(now int64) (s counts) {
	at := now / w.part
	for i := range int64(windowParts) {
		time := at - i
		if time < 0 {
			break
		}
		p := &w.parts[time%windowParts]
		s.calls += read(&p.calls, time)
		s.failed += read(&p.failed, time)
		s.slow += read(&p.slow, time)
	}
	return s
}

func read(count *atomic.Uint64, at int64) int64 {
	n := count.Load()
	if n&^(windowSpan-1) != uint64(at)<<32 {
		return 0
	}
	return int64(n & (windowSpan - 1))
}

// counts is what became of some calls.
type counts struct{ calls, failed, slow int64 }
