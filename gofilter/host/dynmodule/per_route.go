package main

// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// schemas are those of the routes that Envoy has, for every bridge in the process.
var (
	schemas transcode.Schemas
	loaded  host.Slots[transcode.Schema]
)

// routeKinds are the configurations that routes have. The number of one in Envoy's hands is the index of its kind in the
// upper half and its slot in the lower.
var routeKinds = [...]struct {
	name string
	load func(text []byte) uint32 // 0 for one that cannot be used
	drop func(slot uint32)
}{
	{config.SchemaConfig, loadSchema, func(slot uint32) { schemas.Release(loaded.Drop(slot)) }},
	{config.BreakerFilter, loadBreaker, dropBreaker},
	{config.ElsewhereFilter, loadElsewhere, func(slot uint32) { elsewhere.Drop(slot) }},
	{config.ArgumentsFilter, loadArguments, func(slot uint32) { plans.Drop(slot) }},
	{config.CallersFilter, loadCallers, dropCallers},
	{config.RecoveryFilter, loadRecovery, dropRecovery},
	{config.LimitsFilter, loadLimits, dropLimits},
}

// dubboRoute takes a configuration of a route and returns its number, or 0 for one that cannot be used: then Envoy refuses
// the routes.
//
//export dubboRoute
func dubboRoute(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t) C.uint64_t {
	var names []string
	for i, kind := range routeKinds {
		if kind.name == string(bytesOf(name, nameLen)) {
			slot := kind.load(bytesOf(text, textLen))
			if slot == 0 {
				return 0
			}
			return C.uint64_t(i)<<32 | C.uint64_t(slot)
		}
		names = append(names, kind.name)
	}
	named("configuration of routes", "filter_name", name, nameLen, names...)
	return 0
}

//export dubboRouteDrop
func dubboRouteDrop(number C.uint64_t) { routeKinds[number>>32].drop(uint32(number)) }

func loadSchema(text []byte) uint32 {
	s, err := host.Load(&schemas, text, logError)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return loaded.Put(s)
}
