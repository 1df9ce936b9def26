package main

// #cgo noescape dubbo_breaker_state
// #cgo nocallback dubbo_breaker_state
// #cgo noescape dubbo_breaker_entered
// #cgo nocallback dubbo_breaker_entered
// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// breakers are those of the routes that Envoy has.
var (
	breakers     breaker.Set
	broken       host.Slots[breaker.Breaker]
	breakerStats host.BreakerStats
)

func loadBreaker(text []byte) uint32 {
	b, err := host.LoadBreaker(&breakers, text, host.Clock(), tellBreaker)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return broken.Put(b)
}

func dropBreaker(slot uint32) { breakers.Release(broken.Drop(slot)) }

// tellBreaker logs that a breaker has come into another state.
func tellBreaker(c breaker.Change) {
	message, worse := host.BreakerChange(c)
	if worse {
		logAt(C.envoy_dynamic_module_type_log_level_Warn, message)
		return
	}
	logAt(C.envoy_dynamic_module_type_log_level_Info, message)
}

// dubboBreakerAsk says whether a request may be made: turn is 0 for one that is not counted, and out has a response for one
// that is refused.
//
//export dubboBreakerAsk
func dubboBreakerAsk(slot C.uint32_t, turn *C.uint64_t, began *C.int64_t, out *C.dubbo_step) {
	b := broken.Get(uint32(slot))
	if b == nil {
		return
	}
	now := host.Clock()
	t, s := host.AskBreaker(b, now, logError)
	*turn, *began = C.uint64_t(t), C.int64_t(now)
	out.events = C.uint32_t(s.Events)
	if s.Response == nil {
		return
	}
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	st.tell(out, s)
}

// dubboBreakerAnswer takes what became of a request and returns what to count.
//
//export dubboBreakerAnswer
func dubboBreakerAnswer(slot C.uint32_t, turn C.uint64_t, began C.int64_t, status, grpc C.int, local *C.char, localLen C.size_t) C.uint32_t {
	b := broken.Get(uint32(slot))
	if b == nil {
		return 0
	}
	a := host.Answer{Status: int(status), GRPC: int(grpc), Local: string(bytesOf(local, localLen))}
	s := host.AnswerBreaker(b, uint64(turn), int64(began), host.Clock(), a, logError)
	return C.uint32_t(s.Events)
}

// dubboBreakersFlush hands the states of breakers to Envoy's statistics, on its main thread.
//
//export dubboBreakersFlush
func dubboBreakersFlush() {
	breakerStats.Flush(breakers.Status(host.Clock()), host.BreakerSink{
		State: func(service, method string, state, refused uint64) {
			C.dubbo_breaker_state(viewOf(service), viewOf(method), C.uint64_t(state), C.uint64_t(refused))
		},
		Entered: func(service, method, state string, n uint64) {
			C.dubbo_breaker_entered(viewOf(service), viewOf(method), viewOf(state), C.uint64_t(n))
		},
	}, logError)
}
