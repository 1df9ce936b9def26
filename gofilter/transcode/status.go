package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

// statusRule says what a Dubbo status means in HTTP.
type statusRule struct {
	Status    dubbo.Status
	Text      string // contained in the provider's reason; empty fits any
	problem   kind
	Retriable bool   // the call never ran: x-dubbo-retriable is set
	Hint      string // what the caller can do
}

// statusTable is the one place where Dubbo statuses become HTTP statuses. The first rule that fits holds. The texts
// are those of Dubbo Java 2.7 and 3.3 and, with the status OK, of errors (java.lang.Throwable) of dubbo-go 3.3.
var statusTable = [...]statusRule{
	{Status: dubbo.StatusOK, Text: "don't have this exporter, key: ", problem: notFound, Retriable: true},
	{Status: dubbo.StatusOK, Text: "don't have the invoker, key: ", problem: notFound, Retriable: true},
	{Status: dubbo.StatusOK, Text: "cannot find service [", problem: notFound, Retriable: true},
	{Status: dubbo.StatusOK, Text: "cannot find method [", problem: notFound},
	{Status: dubbo.StatusOK, Text: "\" method is not found, service key: ", problem: notFound},
	{Status: dubbo.StatusOK, Text: "the number of args(=", problem: badRequest},
	{Status: dubbo.StatusOK, Text: "realization failed, ", problem: badRequest},
	{Status: dubbo.StatusSerializationError, problem: badAnswer},
	{Status: dubbo.StatusClientTimeout, problem: timeout},
	{Status: dubbo.StatusServerTimeout, problem: timeout},
	{Status: dubbo.StatusChannelInactive, problem: inactive},
	{Status: dubbo.StatusBadRequest, Text: "Service not found:", problem: notFound,
		Hint: " (no such service or method, or no method with these parameter types)"},
	{Status: dubbo.StatusBadRequest, problem: badRequest,
		Hint: " (no such service, version or method, or arguments of the wrong type)"},
	{Status: dubbo.StatusBadResponse, problem: badAnswer},
	{Status: dubbo.StatusServiceNotFound, problem: notFound},
	// A provider that is shutting down answers this as well, so another instance may know the service.
	{Status: dubbo.StatusServiceError, Text: "Not found exported service", problem: notFound, Retriable: true},
	{Status: dubbo.StatusServiceError, Text: "Not unique method", problem: badRequest,
		Hint: " (name the parameter types in x-dubbo-parameter-types)"},
	{Status: dubbo.StatusServiceError, Text: "args.length != types.length", problem: badRequest},
	{Status: dubbo.StatusServiceError, Text: "PojoUtils.realize", problem: badRequest,
		Hint: " (an argument does not fit the method's parameter)"},
	{Status: dubbo.StatusServiceError, Text: "NoSuchMethodException", problem: notFound},
	{Status: dubbo.StatusServiceError, Text: "No such method", problem: notFound},
	{Status: dubbo.StatusServiceError, problem: failed},
	{Status: dubbo.StatusServerError, problem: badAnswer},
	{Status: dubbo.StatusClientError, problem: badAnswer},
	{Status: dubbo.StatusThreadPoolExhausted, problem: exhausted, Retriable: true},
}
