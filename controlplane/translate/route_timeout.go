package translate

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	bufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/buffer/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// timeOut bounds the whole request, its retries included, and the time in which nothing moves.
func timeOut(r *routev3.Route, _ *unit, s routeSettings) {
	a := r.GetRoute()
	if d := or(s.rule.Timeout, s.service.Timeout); d != nil {
		a.Timeout, a.IdleTimeout, a.MaxStreamDuration = durationOf(d), nil, nil
		if d.Std() > 0 {
			a.IdleTimeout = durationpb.New(d.Std() + uploadPause)
		}
	}
	if d := or(s.rule.IdleTimeout, s.service.IdleTimeout); d != nil {
		a.IdleTimeout = durationOf(d)
	}
}

// limitSize refuses requests with too large a body, which is gathered for that.
func limitSize(r *routev3.Route, _ *unit, s routeSettings) {
	if s.service.MaxRequestSize == nil {
		return
	}
	enable(r, bufferFilter, &bufferv3.BufferPerRoute{Override: &bufferv3.BufferPerRoute_Buffer{
		Buffer: &bufferv3.Buffer{MaxRequestBytes: wrapperspb.UInt32(uint32(s.service.MaxRequestSize.Or(0)))},
	}})
}

// or is the first that is set.
func or[T any](first, second *T) *T {
	if first != nil {
		return first
	}
	return second
}

// orList is the first that has entries.
func orList[T any](first, second []T) []T {
	if len(first) > 0 {
		return first
	}
	return second
}
