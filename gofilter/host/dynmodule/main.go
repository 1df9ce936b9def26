// Command dynmodule is libdubbo.so, the module that stock Envoy loads (-buildmode=c-shared). It moves bytes between
// Envoy's dynamic module ABI and the core; what those bytes mean is not decided here.
//
// The C files hold the hooks that Envoy calls, the Go files what those call. See envoy.h for why.
package main

// #cgo CFLAGS: -Wall -Wno-unused-parameter
// #cgo linux LDFLAGS: -ldl
// #cgo noescape dubbo_log
// #cgo nocallback dubbo_log
// #include "envoy.h"
import "C"

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/config"

	_ "github.com/envoyproxy/envoy/source/extensions/dynamic_modules/abi" // abi.h, pinned by go.mod
)

func main() {}

//export dubboBootstrap
func dubboBootstrap(name *C.char, nameLen C.size_t) C.bool {
	return C.bool(named("bootstrap extension", "extension_name", name, nameLen, config.Boot))
}

// named says whether Envoy asks for one of the things of its kind that this module has, and logs when it does not.
func named(kind, field string, name *C.char, nameLen C.size_t, want ...string) bool {
	got := string(bytesOf(name, nameLen))
	ok := slices.Contains(want, got)
	if !ok {
		logError("libdubbo.so has no " + kind + " named \"" + got + "\"; write " + field + ": " + strings.Join(want, " or "))
	}
	return ok
}

func logError(message string) { logAt(C.envoy_dynamic_module_type_log_level_Error, message) }

func logAt(level C.envoy_dynamic_module_type_log_level, message string) {
	C.dubbo_log(level, (*C.char)(unsafe.Pointer(unsafe.StringData(message))), C.size_t(len(message)))
}

// bytesOf views Envoy's memory as a slice; it is valid as long as Envoy says the memory is.
func bytesOf(p *C.char, n C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n))
}
