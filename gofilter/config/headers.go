package config

// Headers by which the parts of the mesh inside one Envoy talk to each other. Routes set or remove the first two on every
// request to a Dubbo service, so that no client's word counts for them.
const (
	// SchemaHeader names the Schema that describes the service, as returned by Schema.ID.
	SchemaHeader = "x-dubbo-schema"
	// OperationHeader is the index of the schema's Operation that the route matched, in decimal.
	OperationHeader = "x-dubbo-operation"
)

// A Dubbo call that a Dubbo consumer made travels through Envoy as
//
//	POST /{interface}/{method}
//	content-type: application/x-dubbo
//	tri-service-group, tri-service-version     when the call has them
//	x-dubbo-parameter-types                    the JVM descriptor, as sent
//	x-dubbo-arguments                          decimal: how many bytes of the body are the arguments
//	x-dubbo-protocol                           the Dubbo protocol version, as sent ("2.0.2")
//	x-dubbo-method                             the method as sent, when the path has another: a generic call ($invoke)
//	                                           is routed by the method that its first argument names
//	x-dubbo-one-way: true                      when no answer is wanted
//	x-dubbo-timeout                            decimal milliseconds: how long the consumer waits, when it says so
//	x-dubbo-attachment-<key>, traceparent, …   string attachments whose key and value fit a header
//
// with names in the path percent-encoded where a URL needs it, the interface's as :authority too, header names made of
// attachment keys in lower case, and a body of the arguments' Hessian bytes followed by the attachment map's, both untouched. The bridge puts the frame
// together again; attachments that routes set as headers come after those of the map and so win. The answer is
//
//	content-type: application/x-dubbo
//	x-dubbo-status                             the Dubbo status, decimal
//
// with the body of the Dubbo response, untouched, and the HTTP status of the README's table, so that retries and outlier
// detection act on it. Any other content type is an answer of Envoy's own or of an HTTP service.
const (
	DubboContentType  = "application/x-dubbo"
	ArgumentsHeader   = "x-dubbo-arguments"
	ProtocolHeader    = "x-dubbo-protocol"
	MethodHeader      = "x-dubbo-method"
	OneWayHeader      = "x-dubbo-one-way"
	TimeoutHeader     = "x-dubbo-timeout"
	StatusHeader      = "x-dubbo-status"
	ExceptionHeader   = "x-dubbo-exception"
	ProviderHeader    = "x-dubbo-provider" // ip:port of the instance that answered, on every answer to a call
	TypesHeader       = "x-dubbo-parameter-types"
	AttachmentPrefix  = "x-dubbo-attachment-"
	GroupHeader       = "tri-service-group"
	VersionHeader     = "tri-service-version"
	RemainingMsHeader = "x-envoy-expected-rq-timeout-ms" // set by Envoy's router on each attempt
)
