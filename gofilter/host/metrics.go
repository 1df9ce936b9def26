package host

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

const (
	maxMethods  = 4096 // that are counted one by one, "other" of each service included
	maxOfOne    = 512  // of these of one service, lest one that answers to every name take all places
	maxName     = 128  // bytes of a service's or method's name that is counted by itself
	otherMethod = "other"
)

// Metrics counts calls for each method. Counting does not lock and does not allocate, but for the first call of a
// method. Names come from outside, so only those of methods that exist get a place, no more than 4096 in all and 512 of a
// service: other calls count for the method "other" of their service, or of the service "other" when that is not known either.
//
// What was counted leaves through Flush, which a host calls from time to time.
type Metrics struct {
	seed    maphash.Seed
	buckets [1024]atomic.Pointer[counted] // by service and method
	rest    *counted                      // where there is no place

	full     atomic.Bool // all places are taken
	mu       sync.Mutex
	all      []*counted
	flushing sync.Mutex
}

// counted is the counts of one method.
type counted struct {
	service, method string
	labels          [2]string    // both, as series have them
	next            *counted     // in the bucket; it never changes
	methods         atomic.Int32 // of "other": how many of its service have a place

	counts  [counters]atomic.Uint64
	flushed [counters]uint64 // of Flush
}

func newCounted(service, method string, next *counted) *counted {
	return &counted{service: service, method: method, labels: [2]string{safe(service), safe(method)}, next: next}
}

// NewMetrics returns metrics without any counts.
func NewMetrics() *Metrics {
	m := &Metrics{seed: maphash.MakeSeed(), rest: newCounted(otherMethod, otherMethod, nil)}
	m.all = []*counted{m.rest}
	return m
}

// Clock is the time since the process began, in nanoseconds. It costs half of what time.Now does.
func Clock() int64 { return int64(time.Since(began)) }

var began = time.Now()

// Count counts a call that is over. Encode and decode are the nanoseconds that the request and the answer took.
func (m *Metrics) Count(o *transcode.Outcome, encode, decode int64) {
	c := m.find(o)
	c.counts[result(o)].Add(1)
	if o.Thrown {
		c.counts[exceptions].Add(1)
	}
	c.counts[requestBytes].Add(uint64(o.RequestBytes))
	if o.ResponseBytes > 0 {
		c.counts[responseBytes].Add(uint64(o.ResponseBytes))
	}
	c.counts[encodeTime].Add(uint64(encode))
	if decode > 0 {
		c.counts[decodeTime].Add(uint64(decode))
	}
}

// Panicked counts a panic inside a call.
func (m *Metrics) Panicked(o *transcode.Outcome) { m.find(o).counts[panics].Add(1) }

// find returns where to count a call.
func (m *Metrics) find(o *transcode.Outcome) *counted {
	if len(o.Service) == 0 || len(o.Service) > maxName {
		return m.rest
	}
	named := len(o.Method) > 0 && len(o.Method) <= maxName
	if named {
		if c := m.lookup(o.Service, o.Method); c != nil {
			return c
		}
	}
	others := m.lookup(o.Service, []byte(otherMethod))
	if named && o.Known && !m.full.Load() && (others == nil || others.methods.Load() < maxOfOne) {
		return m.add(string(o.Service), string(o.Method))
	}
	if others != nil {
		return others
	}
	return m.rest
}

func (m *Metrics) lookup(service, method []byte) *counted {
	for c := m.bucket(service, method).Load(); c != nil; c = c.next {
		if c.method == string(method) && c.service == string(service) {
			return c
		}
	}
	return nil
}

// add makes a place for a method, and one for the others of its service, and returns that of the method if there was room.
func (m *Metrics) add(service, method string) *counted {
	m.mu.Lock()
	defer m.mu.Unlock()
	others := m.place(service, otherMethod)
	if others == nil {
		return m.rest
	}
	if c := m.lookup([]byte(service), []byte(method)); c != nil { // another thread was faster
		return c
	}
	if others.methods.Load() < maxOfOne {
		if c := m.place(service, method); c != nil {
			others.methods.Add(1)
			return c
		}
	}
	return others
}

// place returns the place of a method, which it makes if there is none. It returns nil when all are taken.
func (m *Metrics) place(service, method string) *counted {
	if c := m.lookup([]byte(service), []byte(method)); c != nil {
		return c
	}
	if len(m.all) >= maxMethods {
		m.full.Store(true)
		return nil
	}
	b := m.bucket([]byte(service), []byte(method))
	c := newCounted(service, method, b.Load())
	m.all = append(m.all, c)
	b.Store(c)
	return c
}

func (m *Metrics) bucket(service, method []byte) *atomic.Pointer[counted] {
	h := maphash.Bytes(m.seed, service) + 31*maphash.Bytes(m.seed, method)
	return &m.buckets[h%uint64(len(m.buckets))]
}
