package main

// #include "envoy.h"
import "C"

import (
	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// keySets are the files with the keys of tokens.
var keySets host.Slots[callers.KeySet]

func loadKeySet(path string) uint32 {
	set, err := host.LoadKeySet(keeper, path, logError)
	if err != nil {
		logError(err.Error())
		return 0
	}
	watch()
	return keySets.Put(set)
}

//export dubboKeySetDrop
func dubboKeySetDrop(slot C.uint32_t) { keeper.ReleaseKeySet(keySets.Drop(uint32(slot))) }

// dubboKeySet answers with what a file has.
//
//export dubboKeySet
func dubboKeySet(slot C.uint32_t, out *C.dubbo_step) {
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	st.tell(out, host.KeySetAnswer(keySets.Get(uint32(slot))))
}
