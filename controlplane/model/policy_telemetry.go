package model

// Telemetry says what is told of a service's traffic.
type Telemetry struct {
	PolicyMeta
	TelemetrySettings
}

// Kind implements Policy.
func (Telemetry) Kind() Kind { return KindTelemetry }

// TelemetrySettings are those of a service, or the mesh's defaults for them.
type TelemetrySettings struct {
	// Tracing of requests.
	Tracing *Tracing `json:"tracing,omitempty"`
	// AccessLog of requests.
	AccessLog *AccessLog `json:"accessLog,omitempty"`
	// Metrics of requests.
	Metrics *Metrics `json:"metrics,omitempty"`
}

// Tracing of requests over OTLP.
type Tracing struct {
	// Service that takes spans over OTLP/gRPC. Envoy has one collector for all services.
	Service string `json:"service,omitempty" check:"format=service"`
	// Address that takes spans, host:port, in place of a service.
	Address string `json:"address,omitempty" check:"format=hostPort"`
	// Sampling is the share of the requests whose caller has not decided (traceparent); 1% by default.
	Sampling *Percent `json:"sampling,omitempty"`
	// Tags of the spans: a fixed text, or header:<name>.
	Tags map[string]string `json:"tags,omitempty" check:"keys=tag,format=tagValue"`
	// Off switches tracing off.
	Off bool `json:"off,omitempty"`
}

// AccessLog of requests.
type AccessLog struct {
	// Path of the file; /dev/stdout by default.
	Path string `json:"path,omitempty" check:"format=file"`
	// Fields of a JSON line: name → text with Envoy's %COMMANDS%; those of docs/telemetry.md by default.
	Fields map[string]string `json:"fields,omitempty" check:"nonEmpty,keys=logField,format=logFormat"`
	// Format is a line of text, in place of fields.
	Format string `json:"format,omitempty" check:"lines,format=logFormat"`
	// MinStatus logs only answers with this status or above.
	MinStatus *uint32 `json:"minStatus,omitempty" check:"min=100,max=599"`
	// SlowerThan logs only requests that took as long or longer.
	SlowerThan *Duration `json:"slowerThan,omitempty" check:"zero,min=1ms,max=1h"`
	// Sampling is the share of the requests that are logged; 100% by default.
	Sampling *Percent `json:"sampling,omitempty"`
	// Off switches the access log off.
	Off bool `json:"off,omitempty"`
}

// Metrics of requests.
type Metrics struct {
	// Tags of dubbomesh.requests and dubbomesh.request_ms, which are there for services with tags: a fixed text, or
	// header:<name>.
	Tags map[string]string `json:"tags,omitempty" check:"keys=tag,format=tagValue"`
	// PerMethod counts each Dubbo method for itself, which is always so.
	PerMethod *bool `json:"perMethod,omitempty"`
}
