package limiter

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxKeys is how many values a limit tells apart; the one that was idle longest is forgotten.
const maxKeys = 10_000

// buckets are those of one limit. Any number of goroutines may use them.
type buckets struct {
	id      identity
	serial  uint64 // no other ones of the process have it
	keyed   bool
	maxKeys int
	users   int // of the Set

	mu            sync.Mutex
	one           bucket // unless keyed
	byKey         map[key]*entry
	recent, idler *entry // ends of the list of entries

	admitted, refused, tried atomic.Uint64
}

// key is a digest of the values that tell a request apart, which nobody outside can find another input for: values may be
// long, and the number of them is bounded, not their size.
type key [2]uint64

// entry is the bucket of one key, in a list by when they were last used.
type entry struct {
	bucket
	key          key
	newer, older *entry
}

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// keyOf digests what tells a request apart.
func keyOf(by []config.LimitKey, r *Request) key {
	var hashes [2]maphash.Hash
	for i := range hashes {
		hashes[i].SetSeed(seeds[i])
	}
	for _, k := range by {
		value := r.part(k)
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(value)))
		for i := range hashes {
			_, _ = hashes[i].Write(size[:]) // never fails
			_, _ = hashes[i].Write(value)
		}
	}
	return key{hashes[0].Sum64(), hashes[1].Sum64()}
}

// take takes a token of the bucket of a key.
func (b *buckets) take(k key, r rate, now int64) (ok bool, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.keyed {
		return b.one.take(r, now)
	}
	return b.entry(k).take(r, now)
}

// giveBack gives back what take took.
func (b *buckets) giveBack(k key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.keyed {
		b.one.giveBack()
	} else if e := b.byKey[k]; e != nil {
		e.giveBack()
	}
}

// entry finds or makes the entry of a key and notes that it was used.
func (b *buckets) entry(k key) *entry {
	e := b.byKey[k]
	switch {
	case e == b.recent && e != nil:
		return e
	case e != nil:
		b.unlink(e)
	case len(b.byKey) >= b.maxKeys:
		e = b.idler
		b.unlink(e)
		delete(b.byKey, e.key)
		*e = entry{key: k}
		b.byKey[k] = e
	default:
		if b.byKey == nil {
			b.byKey = map[key]*entry{}
		}
		e = &entry{key: k}
		b.byKey[k] = e
	}
	e.newer, e.older = nil, b.recent
	if b.recent != nil {
		b.recent.newer = e
	} else {
		b.idler = e
	}
	b.recent = e
	return e
}

func (b *buckets) unlink(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		b.recent = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		b.idler = e.newer
	}
}
