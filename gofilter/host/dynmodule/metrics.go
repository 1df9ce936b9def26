package main

// #cgo noescape dubbo_metrics_add
// #cgo nocallback dubbo_metrics_add
// #include "envoy.h"
import "C"

import (
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// metrics are those of all calls in the process.
var metrics = host.NewMetrics()

//export dubboMetricsFlush
func dubboMetricsFlush() { host.FlushTo(metrics, addToCounter, logError) }

// addToCounter adds to one of Envoy's counters, on Envoy's main thread.
func addToCounter(s host.Series, n uint64) {
	C.dubbo_metrics_add(C.size_t(s.Family), viewOf(s.Service), viewOf(s.Method), viewOf(s.Status), C.uint64_t(n))
}

// viewOf is text as C sees it during one call into C.
func viewOf(text string) C.module_bytes {
	return C.module_bytes{ptr: (*C.char)(unsafe.Pointer(unsafe.StringData(text))), length: C.size_t(len(text))}
}
