package main

// #include "envoy.h"
import "C"

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// dubboFormConfig returns the largest form in bytes, or 0 for a configuration that cannot be used.
//
//export dubboFormConfig
func dubboFormConfig(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t) C.size_t {
	if !named("HTTP filter", "filter_name", name, nameLen, config.FormFilter) {
		return 0
	}
	cfg, err := config.ParseBridge(bytesOf(text, textLen))
	if err != nil {
		logError(err.Error())
		return 0
	}
	return C.size_t(cfg.MaxRequestBytes)
}

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
