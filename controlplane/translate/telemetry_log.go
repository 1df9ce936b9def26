package translate

import (
	"strings"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filelogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	streamlogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// logFields are a JSON line's where a policy says nothing else.
var logFields = map[string]string{
	"time":       "%START_TIME%",
	"verb":       "%REQ(:METHOD)%",
	"host":       "%REQ(:AUTHORITY)%",
	"path":       "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
	"protocol":   "%PROTOCOL%",
	"status":     "%RESPONSE_CODE%",
	"dubbo":      "%RESP(X-DUBBO-STATUS)%",
	"flags":      "%RESPONSE_FLAGS%",
	"details":    "%RESPONSE_CODE_DETAILS%",
	"ms":         "%DURATION%",
	"received":   "%BYTES_RECEIVED%",
	"sent":       "%BYTES_SENT%",
	"caller":     "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
	"cluster":    "%UPSTREAM_CLUSTER%",
	"instance":   "%UPSTREAM_HOST%",
	"attempts":   "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
	"rule":       "%ROUTE_NAME%",
	"requestId":  "%REQ(X-REQUEST-ID)%",
	"trace":      "%TRACE_ID%",
	"agent":      "%REQ(USER-AGENT)%",
	"remoteName": "%REQ(X-DUBBO-ATTACHMENT-REMOTE.APPLICATION)%",
}

// accessLogs are the logs of a port: that of all requests, and one for each policy that says otherwise for services. Each
// looks at what the route of a request is marked with.
func accessLogs(all told, some []told) (out []*accesslogv3.AccessLog) {
	others := byPolicy(all, some, func(t told) string { return t.accessLog })
	if l := all.settings.AccessLog; l != nil && !l.Off {
		var which []*accesslogv3.AccessLogFilter
		if len(others) > 0 {
			which = append(which, expressed(withoutMark("log")))
		}
		out = append(out, accessLog(l, which))
	}
	for _, t := range others {
		if l := t.settings.AccessLog; !l.Off {
			out = append(out, accessLog(l, []*accesslogv3.AccessLogFilter{expressed(withMark("log", t.accessLog))}))
		}
	}
	return out
}

func accessLog(l *model.AccessLog, which []*accesslogv3.AccessLogFilter) *accesslogv3.AccessLog {
	if l.MinStatus != nil {
		which = append(which, &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
			StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: atLeast(*l.MinStatus)},
		}})
	}
	if l.SlowerThan != nil {
		which = append(which, &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_DurationFilter{
			DurationFilter: &accesslogv3.DurationFilter{Comparison: atLeast(uint32(l.SlowerThan.Std().Milliseconds()))},
		}})
	}
	if share := l.Sampling.Or(model.FullPercent); share < model.FullPercent {
		which = append(which, &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_RuntimeFilter{
			RuntimeFilter: &accesslogv3.RuntimeFilter{RuntimeKey: noRuntimeKey, PercentSampled: fraction(share), UseIndependentRandomness: true},
		}})
	}
	out := &accesslogv3.AccessLog{Filter: everyOf(which)}
	format := logFormat(l)
	switch l.Path {
	case "", "/dev/stdout":
		out.Name = "envoy.access_loggers.stdout"
		out.ConfigType = &accesslogv3.AccessLog_TypedConfig{TypedConfig: pack(&streamlogv3.StdoutAccessLog{
			AccessLogFormat: &streamlogv3.StdoutAccessLog_LogFormat{LogFormat: format},
		})}
	case "/dev/stderr":
		out.Name = "envoy.access_loggers.stderr"
		out.ConfigType = &accesslogv3.AccessLog_TypedConfig{TypedConfig: pack(&streamlogv3.StderrAccessLog{
			AccessLogFormat: &streamlogv3.StderrAccessLog_LogFormat{LogFormat: format},
		})}
	default:
		out.Name = "envoy.access_loggers.file"
		out.ConfigType = &accesslogv3.AccessLog_TypedConfig{TypedConfig: pack(&filelogv3.FileAccessLog{
			Path: l.Path, AccessLogFormat: &filelogv3.FileAccessLog_LogFormat{LogFormat: format},
		})}
	}
	return out
}

func atLeast(n uint32) *accesslogv3.ComparisonFilter {
	return &accesslogv3.ComparisonFilter{Op: accesslogv3.ComparisonFilter_GE, Value: &corev3.RuntimeUInt32{DefaultValue: n, RuntimeKey: noRuntimeKey}}
}

// everyOf fits what all fit; nil, which fits everything, when there is none.
func everyOf(all []*accesslogv3.AccessLogFilter) *accesslogv3.AccessLogFilter {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{AndFilter: &accesslogv3.AndFilter{Filters: all}}}
}

func logFormat(l *model.AccessLog) *corev3.SubstitutionFormatString {
	if l.Format != "" {
		return &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
			TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: strings.TrimRight(l.Format, "\n") + "\n"}},
		}}
	}
	fields := l.Fields
	if len(fields) == 0 {
		fields = logFields
	}
	line := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, format := range fields {
		line.Fields[name] = structpb.NewStringValue(format)
	}
	return &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: line}}
}
