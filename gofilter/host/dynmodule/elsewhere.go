package main

// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// elsewhere are the fallbacks of the routes that Envoy has.
var elsewhere host.Slots[config.Elsewhere]

func loadElsewhere(text []byte) uint32 {
	e, err := host.LoadElsewhere(text)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return elsewhere.Put(e)
}

// dubboElsewhere returns the index of the fallback by which a request with this answer is made anew, -1 for none.
//
//export dubboElsewhere
func dubboElsewhere(slot C.uint32_t, status C.int, details *C.char, detailsLen C.size_t, events *C.uint32_t) C.int {
	e := elsewhere.Get(uint32(slot))
	if e == nil {
		return -1
	}
	choice, happened := host.ChooseElsewhere(e, int(status), string(bytesOf(details, detailsLen)), logError)
	*events = C.uint32_t(happened)
	return C.int(choice)
}
