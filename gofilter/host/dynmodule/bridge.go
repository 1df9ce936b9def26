package main

// #include "envoy.h"
import "C"

import (
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

var bridges host.Slots[config.Bridge]

//export dubboBridgeConfig
func dubboBridgeConfig(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t) C.uint32_t {
	if !named("bridge", "bridge_name", name, nameLen, config.BridgeName) {
		return 0
	}
	cfg, err := config.ParseBridge(bytesOf(text, textLen))
	if err != nil {
		logError(err.Error())
		return 0
	}
	return C.uint32_t(bridges.Put(&cfg))
}

//export dubboBridgeConfigDrop
func dubboBridgeConfigDrop(slot C.uint32_t) {
	bridges.Drop(uint32(slot))
}

// dubboRequest takes the next part of a request. Without a slot in out it is the first one and brings the headers.
//
//export dubboRequest
func dubboRequest(cfg C.uint32_t, fields *C.envoy_field, fieldsLen C.size_t, chunks *C.envoy_bytes, chunksLen C.size_t, end C.bool, out *C.dubbo_step) {
	var began host.Event
	if out.slot == 0 {
		st := takeState()
		out.slot = C.uint32_t(states.Put(st))
		s := st.exchange.Begin(bridges.Get(uint32(cfg)), st.fieldsOf(fields, fieldsLen))
		if began = s.Events; s.Response != nil {
			st.tell(out, s)
			return
		}
	}
	st := states.Get(uint32(out.slot))
	s := st.exchange.Request(st.partsOf(chunks, chunksLen), bool(end))
	s.Events |= began
	st.tell(out, s)
}

//export dubboUpstream
func dubboUpstream(chunks *C.envoy_bytes, chunksLen C.size_t, end C.bool, out *C.dubbo_step) {
	st := states.Get(uint32(out.slot))
	st.tell(out, st.exchange.Upstream(st.partsOf(chunks, chunksLen), bool(end)))
}

//export dubboRelease
func dubboRelease(slot C.uint32_t) {
	st := states.Drop(uint32(slot))
	st.exchange.Gone()
	st.counts.Gone()
	st.pins.Unpin()
	free.Put(st)
}

func (st *state) fieldsOf(p *C.envoy_field, n C.size_t) []host.Field {
	st.head = st.head[:0]
	for _, f := range unsafe.Slice(p, int(n)) {
		st.head = append(st.head, host.Field{Name: bytesOf(f.key_ptr, f.key_length), Value: bytesOf(f.value_ptr, f.value_length)})
	}
	return st.head
}

func (st *state) partsOf(p *C.envoy_bytes, n C.size_t) [][]byte {
	st.parts = st.parts[:0]
	for _, c := range unsafe.Slice(p, int(n)) {
		st.parts = append(st.parts, bytesOf(c.ptr, c.length))
	}
	return st.parts
}
