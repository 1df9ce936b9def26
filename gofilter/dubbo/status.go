package dubbo

import "strconv"

// Status is the fourth byte of a response header: how the call went.
type Status byte

// The statuses Dubbo defines (org.apache.dubbo.remoting.exchange.Response).
const (
	StatusOK                  Status = 20  // a value or an exception of the service follows
	StatusSerializationError  Status = 25  // the answer was larger than the provider's payload limit
	StatusClientTimeout       Status = 30  // no answer in time, seen by the caller
	StatusServerTimeout       Status = 31  // no answer in time, seen by the provider
	StatusChannelInactive     Status = 35  // connection closed during the call
	StatusBadRequest          Status = 40  // the provider could not read the request
	StatusBadResponse         Status = 50  // the provider could not write the answer
	StatusServiceNotFound     Status = 60  // no such service
	StatusServiceError        Status = 70  // the provider failed around the call
	StatusServerError         Status = 80  // the provider failed inside
	StatusClientError         Status = 90  // the caller failed inside
	StatusThreadPoolExhausted Status = 100 // no free thread: the call never ran
)

// String names the status, with its number when Dubbo defines none.
func (s Status) String() string {
	switch s {
	case StatusOK:
		return "OK"
	case StatusSerializationError:
		return "SERIALIZATION_ERROR"
	case StatusClientTimeout:
		return "CLIENT_TIMEOUT"
	case StatusServerTimeout:
		return "SERVER_TIMEOUT"
	case StatusChannelInactive:
		return "CHANNEL_INACTIVE"
	case StatusBadRequest:
		return "BAD_REQUEST"
	case StatusBadResponse:
		return "BAD_RESPONSE"
	case StatusServiceNotFound:
		return "SERVICE_NOT_FOUND"
	case StatusServiceError:
		return "SERVICE_ERROR"
	case StatusServerError:
		return "SERVER_ERROR"
	case StatusClientError:
		return "CLIENT_ERROR"
	case StatusThreadPoolExhausted:
		return "SERVER_THREADPOOL_EXHAUSTED_ERROR"
	}
	return "status " + strconv.Itoa(int(s))
}

// The value in front of the content of a response body with StatusOK. From ResponseExceptionWithAttachments on, a
// map of attachments follows the content.
const (
	ResponseException                = 0
	ResponseValue                    = 1
	ResponseNull                     = 2
	ResponseExceptionWithAttachments = 3
	ResponseValueWithAttachments     = 4
	ResponseNullWithAttachments      = 5
)
