package plugin

import (
	"strings"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// FormParser reads the configurations of form filters. Envoy refuses those that it refuses.
type FormParser struct{}

// Parse returns the filter's configuration.
func (FormParser) Parse(message *anypb.Any, _ api.ConfigCallbackHandler) (any, error) {
	cfg, err := parse(message)
	return cfg, err
}

// Merge prefers the configuration of a route to that of the filter.
func (FormParser) Merge(_, child any) any { return child }

// form routes a form on POST /, which says in its body what it calls: its path is set from there before it is routed.
// Envoy calls it on one thread. The body is collected here, because Envoy would answer one that is too large itself.
type form struct {
	api.PassThroughStreamFilter
	callbacks api.FilterCallbackHandler
	limit     int                  // largest body in bytes
	headers   api.RequestHeaderMap // nil when this request is none of ours
	body      []byte
}

// NewForm makes the filter of one request; cfg is what FormParser returned.
func NewForm(cfg any, callbacks api.FilterCallbackHandler) api.StreamFilter {
	return &form{callbacks: callbacks, limit: cfg.(config.Bridge).MaxRequestBytes}
}

// DecodeHeaders stops a form until its body is there.
func (f *form) DecodeHeaders(headers api.RequestHeaderMap, end bool) api.StatusType {
	if !isForm(headers) {
		return api.Continue
	}
	f.headers = headers
	if end {
		return f.route()
	}
	return api.StopAndBufferWatermark // each part comes here, and none is kept there
}

// DecodeData takes the next part of the body.
func (f *form) DecodeData(buffer api.BufferInstance, end bool) api.StatusType {
	if f.headers == nil {
		return api.Continue
	}
	if len(f.body)+buffer.Len() > f.limit {
		return f.reply(host.TooLarge(f.limit))
	}
	f.body = append(f.body, buffer.Bytes()...)
	if !end {
		return api.StopNoBuffer
	}
	status := f.route()
	if status == api.Continue {
		_ = buffer.Set(f.body) // never fails
	}
	return status
}

// DecodeTrailers ends the body.
func (f *form) DecodeTrailers(api.RequestTrailerMap) api.StatusType {
	if f.headers == nil {
		return api.Continue
	}
	status := f.route()
	if status == api.Continue && len(f.body) > 0 {
		f.callbacks.DecoderFilterCallbacks().AddData(f.body, false)
	}
	return status
}

func (f *form) route() api.StatusType {
	path, s := host.Form(transcode.FormPath, f.body, logError)
	if s.Response != nil {
		return f.reply(s)
	}
	f.headers.SetPath(path)
	f.callbacks.ClearRouteCache()
	return api.Continue
}

func (f *form) reply(s host.Step) api.StatusType {
	headers := make(map[string][]string, len(s.Response.Headers))
	for _, h := range s.Response.Headers {
		headers[h.Name] = append(headers[h.Name], h.Value)
	}
	const notGRPC = -1
	f.callbacks.DecoderFilterCallbacks().SendLocalReply(s.Response.Status, string(s.Response.Body), headers, notGRPC, "dubbo_form")
	return api.LocalReply
}

func isForm(headers api.RequestHeaderMap) bool {
	const want = "application/x-www-form-urlencoded"
	if headers.Path() != "/" || headers.Method() != "POST" {
		return false
	}
	got, _ := headers.Get("content-type")
	kind, _, _ := strings.Cut(got, ";")
	return strings.EqualFold(strings.TrimSpace(kind), want)
}
