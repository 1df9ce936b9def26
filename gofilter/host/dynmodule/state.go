package main

// #include "envoy.h"
import "C"

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/arguments"
	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/limiter"
	"github.com/dubbomesh/dubbomesh/gofilter/rest"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// state is what one request needs in Go, used again by later requests.
type state struct {
	exchange  *host.Exchange
	call      transcode.Call
	rest      rest.Call
	arguments arguments.Finder
	counts    host.RestCounts
	callers   callers.Check
	limits    limiter.Request

	head   []host.Field     // Envoy's memory, seen as slices
	parts  [][]byte         // likewise
	fields []C.module_field // of the response
	facts  []C.module_field // of who calls
	length [20]byte         // the response's content-length in digits
	pins   runtime.Pinner   // holds what a step handed to C until the request ends
}

var (
	states host.Slots[state]
	free   = sync.Pool{New: func() any {
		st := new(state)
		st.call.Schemas = &schemas
		st.exchange = host.NewExchange(&st.call, logError)
		st.exchange.Metrics = metrics
		st.counts = host.RestCounts{Metrics: metrics, Core: &st.rest}
		return st
	}}
)

func takeState() *state { return free.Get().(*state) }

// tell writes a step for C, which reads it after this call has returned: all of its memory is pinned until then.
func (st *state) tell(out *C.dubbo_step, s host.Step) {
	out.events = C.uint32_t(s.Events)
	out.shut = C.bool(s.Shut)
	out.send = st.share(s.Send)
	r := s.Response
	if r == nil {
		return
	}
	out.status = C.uint32_t(r.Status)
	out.body = st.share(r.Body)
	st.fields = st.fields[:0]
	for _, h := range r.Headers {
		st.field(h.Name, st.shareString(h.Value))
	}
	if r.Status != http.StatusNoContent { // without it Envoy would answer HTTP/1.1 in chunks
		st.field("content-length", st.share(strconv.AppendInt(st.length[:0], int64(len(r.Body)), 10)))
	}
	if len(st.fields) == 0 {
		return
	}
	st.pins.Pin(&st.fields[0])
	out.fields, out.fields_len = &st.fields[0], C.size_t(len(st.fields))
}

// field adds a header of the response.
func (st *state) field(name string, value C.module_bytes) {
	key := st.shareString(name)
	st.fields = append(st.fields, C.module_field{key_ptr: key.ptr, key_length: key.length, value_ptr: value.ptr, value_length: value.length})
}

func (st *state) share(b []byte) C.module_bytes {
	if len(b) == 0 {
		return C.module_bytes{}
	}
	st.pins.Pin(&b[0])
	return C.module_bytes{ptr: (*C.char)(unsafe.Pointer(&b[0])), length: C.size_t(len(b))}
}

func (st *state) shareString(s string) C.module_bytes {
	if s == "" {
		return C.module_bytes{}
	}
	st.pins.Pin(unsafe.StringData(s))
	return C.module_bytes{ptr: (*C.char)(unsafe.Pointer(unsafe.StringData(s))), length: C.size_t(len(s))}
}
