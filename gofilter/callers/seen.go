package callers

import (
	"math"
	"sync"
	"sync/atomic"
)

const (
	seenShards = 16
	// seenPerShard bounds the memory: all shards together hold a million signatures, in about 30 MB.
	seenPerShard = 1 << 16
)

// mark stands for a signature: half of it is enough to tell any two apart.
type mark [16]byte

// seen remembers the signatures of the last while, so that none is taken twice. Signatures are kept by the second they
// were made in. When there is no room, the oldest second is forgotten, and from then on nothing of that second or before it
// is taken at all: what is not remembered is too old. So a flood makes the window narrower and lets no repetition in.
type seen struct {
	window atomic.Int64 // the largest that was asked for, in seconds
	shards [seenShards]seenShard
	room   int // of a shard
}

type seenShard struct {
	mu       sync.Mutex
	bySecond map[int64]map[mark]struct{}
	n        int
	floor    int64 // what was made in this second or before it is too old
	swept    int64 // the second of the last sweep
}

func newSeen(room int) *seen {
	s := &seen{room: room}
	for i := range s.shards {
		s.shards[i].bySecond, s.shards[i].floor = map[int64]map[mark]struct{}{}, math.MinInt64
	}
	return s
}

// widen makes sure that signatures are remembered for a window of so many seconds.
func (s *seen) widen(window int64) {
	for {
		old := s.window.Load()
		if window <= old || s.window.CompareAndSwap(old, window) {
			return
		}
	}
}

// first takes a signature that was made at a second, which is within the window. It says whether it was not taken before,
// and is not too old to know.
func (s *seen) first(m mark, second, now int64) Outcome {
	sh := &s.shards[m[0]%seenShards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.swept != now {
		sh.swept = now
		sh.sweep(now - s.window.Load())
	}
	if second <= sh.floor {
		return Expired
	}
	at := sh.bySecond[second]
	if _, there := at[m]; there {
		return Replayed
	}
	if sh.n >= s.room {
		sh.forgetOldest()
		if second <= sh.floor {
			return Expired
		}
		at = sh.bySecond[second]
	}
	if at == nil {
		at = map[mark]struct{}{}
		sh.bySecond[second] = at
	}
	at[m] = struct{}{}
	sh.n++
	return Verified
}

// sweep forgets what is too old for any window.
func (sh *seenShard) sweep(before int64) {
	for second := range sh.bySecond {
		if second < before {
			sh.forget(second)
		}
	}
}

func (sh *seenShard) forgetOldest() {
	oldest := int64(math.MaxInt64)
	for second := range sh.bySecond {
		oldest = min(oldest, second)
	}
	sh.forget(oldest)
}

func (sh *seenShard) forget(second int64) {
	sh.n -= len(sh.bySecond[second])
	delete(sh.bySecond, second)
	sh.floor = max(sh.floor, second)
}
