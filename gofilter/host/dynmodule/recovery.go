package main

// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/recovery"
)

// recoveries are those of the routes that Envoy has.
var (
	recoveries recovery.Set
	recovering host.Slots[recovery.Recovery]
)

func loadRecovery(text []byte) uint32 {
	r, err := host.LoadRecovery(&recoveries, text)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return recovering.Put(r)
}

func dropRecovery(slot uint32) { recoveries.Release(recovering.Drop(slot)) }

// dubboRecoveryChoose says to which instance a request should go: into room, and returns the length, 0 for the one that Envoy
// chooses.
//
//export dubboRecoveryChoose
func dubboRecoveryChoose(pool *C.dubbo_pool, call *C.dubbo_call, room *C.char, roomLen C.size_t) C.size_t {
	r := recovering.Get(uint32(pool.slot))
	if r == nil {
		return 0
	}
	now := host.Clock()
	p := host.Pool{
		Cluster: bytesOf(pool.cluster.ptr, pool.cluster.length), Worker: uint32(pool.worker),
		Total: int(pool.total), Healthy: int(pool.healthy),
	}
	instance, id, events := host.ChooseInstance(r, p, now, logError)
	call.id, call.began, call.events = C.uint64_t(id), C.int64_t(now), C.uint32_t(events)
	if len(instance) > int(roomLen) {
		return 0
	}
	return C.size_t(copy(bytesOf(room, roomLen), instance))
}

// dubboRecoveryAnswered takes which instance has answered, and whether it is the one that dubboRecoveryChoose had said. It
// returns what to count.
//
//export dubboRecoveryAnswered
func dubboRecoveryAnswered(slot, worker C.uint32_t, call *C.dubbo_call, instance *C.char, instanceLen C.size_t, led C.bool) C.uint32_t {
	r := recovering.Get(uint32(slot))
	if r == nil {
		return 0
	}
	return C.uint32_t(host.InstanceAnswered(r, uint32(worker), uint64(call.id), int64(call.began), bytesOf(instance, instanceLen), bool(led), logError))
}
