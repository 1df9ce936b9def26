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

// dubboSchema takes a schema and returns its slot, or 0 for one that cannot be used: then Envoy refuses the routes.
//
//export dubboSchema
func dubboSchema(name *C.char, nameLen C.size_t, text *C.char, textLen C.size_t) C.uint32_t {
	if !named("configuration of routes", "filter_name", name, nameLen, config.SchemaConfig) {
		return 0
	}
	s, err := host.Load(&schemas, bytesOf(text, textLen), logError)
	if err != nil {
		logError(err.Error())
		return 0
	}
	return C.uint32_t(loaded.Put(s))
}

//export dubboSchemaDrop
func dubboSchemaDrop(slot C.uint32_t) {
	schemas.Release(loaded.Drop(uint32(slot)))
}
