package recovery

import (
	"sync"
	"sync/atomic"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Set keeps the recoveries of a process. Whoever asks for settings that are in use gets the one that has them, with all it
// knows. The zero value is ready to use; any number of goroutines may use it.
type Set struct {
	mu   sync.Mutex
	last uint32
	all  map[config.Recovery]*Recovery
}

// Recovery is that of one service. Any number of goroutines may use it.
type Recovery struct {
	settings config.Recovery
	id       uint32 // no other one of the set has it
	users    int    // of the Set
	workers  atomic.Pointer[[]*worker]
	growing  sync.Mutex // held to put another slice in the place of workers
}

// worker is what one worker of Envoy knows. Each chooses instances by itself, and learns at its own time of those that are
// out.
type worker struct {
	mu       sync.Mutex
	clusters map[string]uint32 // numbers of watches
	watches  []*Watch
}

// Take returns the recovery with these settings, which are as config.ParseRecovery lets through; a new one when nobody has it.
// Each Take ends with a Release.
func (s *Set) Take(settings config.Recovery) *Recovery {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.all[settings]
	if r == nil {
		s.last++
		r = &Recovery{settings: settings, id: s.last}
		r.workers.Store(new([]*worker))
		if s.all == nil {
			s.all = map[config.Recovery]*Recovery{}
		}
		s.all[settings] = r
	}
	r.users++
	return r
}

// Release gives back what Take returned. Calls that are under way may go on using it.
func (s *Set) Release(r *Recovery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.users--; r.users == 0 {
		delete(s.all, r.settings)
	}
}

// Choose says to which instance of a cluster a call should go that begins now, "" for the one that Envoy chooses, and to which
// Envoy may turn all the same. Total and healthy count the instances as this worker of Envoy knows them. Call is for Answered.
func (r *Recovery) Choose(number uint32, cluster []byte, now int64, total, healthy int) (instance string, call uint64) {
	w := r.worker(number)
	w.mu.Lock()
	defer w.mu.Unlock()
	i, known := w.clusters[string(cluster)]
	if !known {
		i = uint32(len(w.watches))
		w.clusters[string(cluster)] = i
		w.watches = append(w.watches, NewWatch(r.settings))
	}
	return w.watches[i].Choose(now, total, healthy), uint64(r.id)<<32 | uint64(i)
}

// Answered says which instance has answered a call that began then, and whether it was the one that Choose had said. A call
// of another recovery does not count: the route of a call may change while it is under way.
func (r *Recovery) Answered(number uint32, call uint64, began int64, instance []byte, led bool) {
	if uint32(call>>32) != r.id {
		return
	}
	w := r.worker(number)
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := uint32(call); int(i) < len(w.watches) {
		w.watches[i].Answered(began, instance, led)
	}
}

// maxWorkers bounds the memory for them. Beyond it they share.
const maxWorkers = 1 << 12

func (r *Recovery) worker(number uint32) *worker {
	number %= maxWorkers
	if all := *r.workers.Load(); int(number) < len(all) {
		return all[number]
	}
	r.growing.Lock()
	defer r.growing.Unlock()
	all := append([]*worker(nil), *r.workers.Load()...)
	for int(number) >= len(all) {
		all = append(all, &worker{clusters: map[string]uint32{}})
	}
	r.workers.Store(&all)
	return all[number]
}
