package main

// #include "envoy.h"
import "C"

import "github.com/dubbomesh/dubbomesh/gofilter/host"

// dubboRestRequest takes a whole call. The slot in out is for its answer, unless out has a response.
//
//export dubboRestRequest
func dubboRestRequest(cfg C.uint32_t, fields *C.envoy_field, fieldsLen C.size_t, chunks *C.envoy_bytes, chunksLen C.size_t, out *C.dubbo_step) {
	st := takeState()
	out.slot = C.uint32_t(states.Put(st))
	st.counts.Begin()
	r := host.RestRequest(&st.rest, bridges.Get(uint32(cfg)), schemas.Find, st.fieldsOf(fields, fieldsLen), st.partsOf(chunks, chunksLen), logError)
	st.counts.Asked(r)
	st.tellRewrite(out, r)
}

// dubboRestAnswer takes the answer of the HTTP service. Own says that it cannot be changed any more.
//
//export dubboRestAnswer
func dubboRestAnswer(fields *C.envoy_field, fieldsLen C.size_t, chunks *C.envoy_bytes, chunksLen C.size_t, own C.bool, out *C.dubbo_step) {
	st := states.Get(uint32(out.slot))
	st.counts.Begin()
	r := host.RestAnswer(&st.rest, st.fieldsOf(fields, fieldsLen), st.partsOf(chunks, chunksLen), bool(own), logError)
	st.counts.Answered()
	st.tellRewrite(out, r)
}

// tellRewrite writes a rewrite for C, as tell does.
func (st *state) tellRewrite(out *C.dubbo_step, r host.Rewrite) {
	if r.Message == nil {
		st.tell(out, host.Step{Response: r.Response, Events: r.Events})
		return
	}
	out.events, out.rewrite = C.uint32_t(r.Events), true
	out.body = st.share(r.Message.Body)
	st.fields = st.fields[:0]
	for _, h := range r.Message.Headers {
		st.field(h.Name, st.shareString(h.Value))
	}
	st.pins.Pin(&st.fields[0])
	out.fields, out.fields_len = &st.fields[0], C.size_t(len(st.fields))
}
