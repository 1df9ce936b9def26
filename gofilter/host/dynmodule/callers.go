package main

// #cgo noescape dubbo_callers_add
// #cgo nocallback dubbo_callers_add
// #include "envoy.h"
import "C"

import (
	"sync"
	"time"
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// What all routes share that ask who calls.
var (
	keeper    = callers.NewKeeper(logWarning)
	asked     host.Slots[callers.Set]
	watchKeys sync.Once
)

func logWarning(message string) { logAt(C.envoy_dynamic_module_type_log_level_Warn, message) }

func loadCallers(text []byte) uint32 {
	set, err := host.LoadCallers(keeper, text, logError)
	if err != nil {
		logError(err.Error())
		return 0
	}
	watch()
	return asked.Put(set)
}

// watch has the files of keys looked after, until Envoy ends.
func watch() {
	watchKeys.Do(func() { go host.WatchKeys(keeper, time.Tick(time.Second), logError) })
}

func dropCallers(slot uint32) { keeper.Release(asked.Drop(slot)) }

// dubboCallersAsk takes the headers of a request on a route. The slot in out is for its body if that is waited for.
//
//export dubboCallersAsk
func dubboCallersAsk(route C.uint32_t, fields *C.envoy_field, fieldsLen C.size_t, out *C.dubbo_verdict) {
	st := takeState()
	out.step.slot = C.uint32_t(states.Put(st))
	st.judge(out, host.AskCaller(&st.callers, asked.Get(uint32(route)), st.fieldsOf(fields, fieldsLen), time.Now(), logError))
}

// dubboCallersBody takes the whole body of a request that waited.
//
//export dubboCallersBody
func dubboCallersBody(chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_verdict) {
	st := states.Get(uint32(out.step.slot))
	st.judge(out, host.CheckCaller(&st.callers, st.partsOf(chunks, chunksLen), time.Now(), logError))
}

//export dubboCallersTooLarge
func dubboCallersTooLarge(limit C.size_t, out *C.dubbo_verdict) {
	st := states.Get(uint32(out.step.slot))
	st.judge(out, host.CallerTooLarge(&st.callers, int(limit), time.Now(), logError))
}

// empty is what an empty value of a header points to: without a pointer the header would go.
var empty [1]byte

// judge writes a verdict for C, as tell does.
func (st *state) judge(out *C.dubbo_verdict, v host.CallerStep) {
	out.wait, out.reroute, out.limit = C.bool(v.Wait), C.bool(v.Reroute), C.size_t(v.Limit)
	out.details = st.shareString(v.Details)
	if st.tell(&out.step, v.Step); v.Response != nil {
		return
	}
	st.fields, st.facts = st.fields[:0], st.facts[:0]
	for _, e := range v.Edits {
		value := st.share(e.Value)
		if e.Value != nil && len(e.Value) == 0 {
			value.ptr = (*C.char)(unsafe.Pointer(&empty[0]))
		}
		st.field(e.Name, value)
	}
	for _, f := range v.Facts {
		key, value := st.shareString(f.Policy), st.shareString(f.Caller)
		st.facts = append(st.facts, C.module_field{key_ptr: key.ptr, key_length: key.length, value_ptr: value.ptr, value_length: value.length})
	}
	if len(st.fields) > 0 {
		st.pins.Pin(&st.fields[0])
		out.step.fields, out.step.fields_len = &st.fields[0], C.size_t(len(st.fields))
	}
	if len(st.facts) > 0 {
		st.pins.Pin(&st.facts[0])
		out.facts, out.facts_len = &st.facts[0], C.size_t(len(st.facts))
	}
}

// dubboCallersFlush hands what was counted to Envoy's counters, on its main thread.
//
//export dubboCallersFlush
func dubboCallersFlush() {
	host.FlushCallers(keeper, func(policy, outcome string, tried bool, n uint64) {
		C.dubbo_callers_add(viewOf(policy), viewOf(outcome), C.bool(tried), C.uint64_t(n))
	}, func(n uint64) { C.dubbo_callers_failed(C.uint64_t(n)) }, logError)
}
