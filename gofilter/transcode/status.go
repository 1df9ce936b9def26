package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

// statusRule says what a Dubbo status means in HTTP.
type statusRule struct {
	status    dubbo.Status
	text      string // contained in the provider's reason; empty fits any
	problem   kind
	retriable bool   // the call never ran: x-dubbo-retriable is set
	hint      string // what the caller can do
}

// statusTable is the one place where Dubbo statuses become HTTP statuses. The first rule that fits holds. The texts
// are those of Dubbo Java 2.7 and 3.3 and, with the status OK, of errors (java.lang.Throwable) of dubbo-go 3.3.
var statusTable = [...]statusRule{
	{status: dubbo.StatusOK, text: "don't have this exporter, key: ", problem: notFound, retriable: true},
	{status: dubbo.StatusOK, text: "don't have the invoker, key: ", problem: notFound, retriable: true},
	{status: dubbo.StatusOK, text: "cannot find service [", problem: notFound, retriable: true},
	{status: dubbo.StatusOK, text: "cannot find method [", problem: notFound},
	{status: dubbo.StatusOK, text: "\" method is not found, service key: ", problem: notFound},
	{status: dubbo.StatusOK, text: "the number of args(=", problem: badRequest},
	{status: dubbo.StatusOK, text: "realization failed, ", problem: badRequest},
	// The Go runtime's words when the arguments of a typed call do not fit the method.
	{status: dubbo.StatusOK, text: "reflect: Call using ", problem: badRequest, hint: typesHint},
	{status: dubbo.StatusOK, text: "reflect: Call with too ", problem: badRequest, hint: typesHint},
	{status: dubbo.StatusSerializationError, problem: badAnswer},
	{status: dubbo.StatusClientTimeout, problem: timeout},
	{status: dubbo.StatusServerTimeout, problem: timeout},
	// No provider says this of a call it refused; it is what a caller notes when it loses the connection of a call
	// that it has sent. One that passes it on may have had the call run: it is not retriable.
	{status: dubbo.StatusChannelInactive, problem: inactive},
	{status: dubbo.StatusBadRequest, text: "Service not found:", problem: notFound,
		hint: " (no such service or method, or no method with these parameter types)"},
	{status: dubbo.StatusBadRequest, problem: badRequest,
		hint: " (no such service, version or method, or arguments of the wrong type)"},
	{status: dubbo.StatusBadResponse, problem: badAnswer},
	{status: dubbo.StatusServiceNotFound, problem: notFound},
	// A provider that is shutting down answers this as well, so another instance may know the service.
	{status: dubbo.StatusServiceError, text: "Not found exported service", problem: notFound, retriable: true},
	{status: dubbo.StatusServiceError, text: "Not unique method", problem: badRequest,
		hint: " (name the parameter types in x-dubbo-parameter-types)"},
	{status: dubbo.StatusServiceError, text: "args.length != types.length", problem: badRequest},
	{status: dubbo.StatusServiceError, text: "PojoUtils.realize", problem: badRequest,
		hint: " (an argument does not fit the method's parameter)"},
	{status: dubbo.StatusServiceError, text: "NoSuchMethodException", problem: notFound},
	{status: dubbo.StatusServiceError, text: "No such method", problem: notFound},
	{status: dubbo.StatusServiceError, problem: failed},
	{status: dubbo.StatusServerError, problem: badAnswer},
	{status: dubbo.StatusClientError, problem: badAnswer},
	{status: dubbo.StatusThreadPoolExhausted, problem: exhausted, retriable: true},
}

const typesHint = " (the arguments do not fit the method's parameters; check x-dubbo-parameter-types)"
