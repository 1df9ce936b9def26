package main

// #cgo noescape dubbo_limits_add
// #cgo nocallback dubbo_limits_add
// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/limiter"
)

// limiters are the limits of the routes that Envoy has.
var (
	limiters   limiter.Set
	limiting   host.Slots[limiter.Limits]
	limitStats host.LimitStats
)

func loadLimits(text []byte) uint32 {
	l, err := host.LoadLimits(&limiters, text)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return limiting.Put(l)
}

func dropLimits(slot uint32) { limiters.Release(limiting.Drop(slot)) }

// dubboLimitsAsk takes the headers of a request and its caller's address; out has a response for one that is refused.
//
//export dubboLimitsAsk
func dubboLimitsAsk(route C.uint32_t, fields *C.envoy_field, fieldsLen C.size_t, source *C.char, sourceLen C.size_t, out *C.dubbo_step) {
	l := limiting.Get(uint32(route))
	if l == nil {
		return
	}
	st := takeState()
	s := host.AskLimits(l, &st.limits, st.fieldsOf(fields, fieldsLen), bytesOf(source, sourceLen), host.Clock(), logError)
	out.events = C.uint32_t(s.Events)
	if s.Response == nil {
		free.Put(st)
		return
	}
	out.slot = C.uint32_t(states.Put(st))
	st.tell(out, s)
}

// dubboLimitsFlush hands what limits have counted to Envoy's counters, on its main thread.
//
//export dubboLimitsFlush
func dubboLimitsFlush() {
	limitStats.Flush(limiters.Status(), func(service, limit string, admitted, refused, tried uint64) {
		C.dubbo_limits_add(viewOf(service), viewOf(limit), C.uint64_t(admitted), C.uint64_t(refused), C.uint64_t(tried))
	}, logError)
}
