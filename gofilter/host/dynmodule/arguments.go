package main

// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/arguments"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// plans are what routes look at arguments for.
var plans host.Slots[arguments.Plan]

func loadArguments(text []byte) uint32 {
	c, err := config.ParseArguments(text)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return plans.Put(arguments.NewPlan(c, config.MaxMaxBytes))
}

// dubboArgumentsLimit is the largest body that a route takes, beside the filter's own limit.
//
//export dubboArgumentsLimit
func dubboArgumentsLimit(slot C.uint32_t) C.size_t { return C.size_t(plans.Get(uint32(slot)).Limit()) }

// dubboArgumentsWait reports whether the body of a request has to be there first.
//
//export dubboArgumentsWait
func dubboArgumentsWait(verb *C.char, verbLen C.size_t, kind *C.char, kindLen C.size_t, upgrade *C.char, upgradeLen C.size_t) C.bool {
	return C.bool(arguments.Waits(bytesOf(verb, verbLen), bytesOf(kind, kindLen), bytesOf(upgrade, upgradeLen)))
}

// dubboArguments takes a whole request and writes the headers that it gets; those without a value are taken away.
//
//export dubboArguments
func dubboArguments(slot C.uint32_t, fields *C.envoy_field, fieldsLen C.size_t, chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_step) {
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	plan := plans.Get(uint32(slot))
	f := &st.arguments
	out.events = C.uint32_t(host.FindArguments(f, plan, st.fieldsOf(fields, fieldsLen), st.partsOf(chunks, chunksLen), logError))
	st.fields = st.fields[:0]
	for i := range plan.Headers() {
		value, _ := f.Value(i)
		st.field(plan.Header(i), st.share(value))
	}
	st.pins.Pin(&st.fields[0])
	out.fields, out.fields_len = &st.fields[0], C.size_t(len(st.fields))
}
