package host

import (
	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
)

// BreakerStats turns what breakers show into statistics. Its Flush is called by one goroutine at a time.
type BreakerStats struct {
	flushed map[uint64]breaker.Status // by ID
}

// BreakerSink takes statistics: the state of a breaker (see breaker.State) with how many calls more it has refused, and how
// often more it has come into a state.
type BreakerSink struct {
	State   func(service, method string, state, refused uint64)
	Entered func(service, method, state string, n uint64)
}

// Flush hands on what has changed since the last time. A breaker that is gone shows as closed, unless another has its name.
// A panic is reported to log.
func (st *BreakerStats) Flush(all []breaker.Status, sink BreakerSink, log func(message string)) {
	guarded("handing over what breakers do", func() { st.flush(all, sink) }, log)
}

func (st *BreakerStats) flush(all []breaker.Status, sink BreakerSink) {
	before := st.flushed
	st.flushed = make(map[uint64]breaker.Status, len(all))
	for _, s := range all {
		st.flushed[s.ID] = s
	}
	for id, s := range before {
		if _, still := st.flushed[id]; !still {
			service, method := breakerSeries(s)
			sink.State(service, method, uint64(breaker.Closed), 0)
		}
	}
	for _, s := range all {
		last := before[s.ID]
		service, method := breakerSeries(s)
		sink.State(service, method, uint64(s.State), s.Refused-last.Refused)
		for i, n := range s.Entered {
			if n > last.Entered[i] {
				sink.Entered(service, method, breaker.State(i).String(), n-last.Entered[i])
			}
		}
	}
}

// breakerSeries are the texts of a breaker in statistics, which hold what Series' do.
func breakerSeries(s breaker.Status) (service, method string) {
	if s.Method == "" {
		return safe(s.Service), "all"
	}
	return safe(s.Service), safe(s.Method)
}
