package main

// #include "envoy.h"
import "C"

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

//export dubboForm
func dubboForm(chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_step) {
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	path, s := host.Form(transcode.FormPath, bytes.Join(st.partsOf(chunks, chunksLen), nil), logError)
	out.path = st.shareString(path)
	st.tell(out, s)
}

//export dubboFormTooLarge
func dubboFormTooLarge(limit C.size_t, out *C.dubbo_step) {
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	st.tell(out, host.TooLarge(int(limit)))
}
