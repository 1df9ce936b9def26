package main

// #include "envoy.h"
import "C"

import (
	"runtime"
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// relay is what one connection of a consumer needs in Go.
type relay struct {
	connection *host.Connection
	parts      [][]byte       // Envoy's memory, seen as slices
	pins       runtime.Pinner // holds what the last call handed to C
}

var (
	consumerConfigs host.Slots[config.Consumer]
	relays          host.Slots[relay]
)

//export dubboConsumerConfig
func dubboConsumerConfig(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t) C.uint32_t {
	if !named("network filter", "filter_name", name, nameLen, config.ConsumerFilter) {
		return 0
	}
	cfg, err := config.ParseConsumer(bytesOf(text, textLen))
	if err != nil {
		logError(err.Error())
		return 0
	}
	return C.uint32_t(consumerConfigs.Put(&cfg))
}

//export dubboConsumerConfigDrop
func dubboConsumerConfigDrop(slot C.uint32_t) {
	consumerConfigs.Drop(uint32(slot))
}

//export dubboConsumerNew
func dubboConsumerNew(cfg C.uint32_t) C.uint32_t {
	return C.uint32_t(relays.Put(&relay{connection: host.NewConnection(*consumerConfigs.Get(uint32(cfg)), logError)}))
}

//export dubboConsumerDrop
func dubboConsumerDrop(slot C.uint32_t) {
	relays.Drop(uint32(slot)).pins.Unpin()
}

//export dubboFromConsumer
func dubboFromConsumer(chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_flow) {
	r := relays.Get(uint32(out.slot))
	r.tell(out, r.connection.FromConsumer(r.partsOf(chunks, chunksLen)))
}

//export dubboFromManager
func dubboFromManager(chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_flow) {
	r := relays.Get(uint32(out.slot))
	r.tell(out, r.connection.FromManager(r.partsOf(chunks, chunksLen)))
}

//export dubboWake
func dubboWake(drain C.bool, out *C.dubbo_flow) {
	r := relays.Get(uint32(out.slot))
	r.tell(out, r.connection.Wake(bool(drain)))
}

//export dubboBlock
func dubboBlock(blocked C.bool, out *C.dubbo_flow) {
	r := relays.Get(uint32(out.slot))
	r.tell(out, r.connection.Block(bool(blocked)))
}

// tell writes a flow for C, which reads it after this call has returned.
func (r *relay) tell(out *C.dubbo_flow, f host.Flow) {
	r.pins.Unpin()
	out.events = C.uint32_t(f.Events)
	out.consumer = r.share(f.Consumer)
	out.manager = r.share(f.Manager)
	out.later, out.shut, out.pause = C.bool(f.Later), C.bool(f.Close), C.bool(f.Pause)
	out.counts[C.CONSUMER_REQUESTS] = C.uint32_t(f.Counts.Requests)
	out.counts[C.CONSUMER_HEARTBEATS] = C.uint32_t(f.Counts.Heartbeats)
	out.counts[C.CONSUMER_REJECTED] = C.uint32_t(f.Counts.Rejected)
	out.counts[C.CONSUMER_ERRORS] = C.uint32_t(f.Counts.Errors)
}

func (r *relay) share(b []byte) C.module_bytes {
	if len(b) == 0 {
		return C.module_bytes{}
	}
	r.pins.Pin(&b[0])
	return C.module_bytes{ptr: (*C.char)(unsafe.Pointer(&b[0])), length: C.size_t(len(b))}
}

func (r *relay) partsOf(p *C.envoy_bytes, n C.size_t) [][]byte {
	r.parts = r.parts[:0]
	for _, c := range unsafe.Slice(p, int(n)) {
		r.parts = append(r.parts, bytesOf(c.ptr, c.length))
	}
	return r.parts
}
