package host

import (
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Family is a group of series that count the same of every method.
type Family int

// The families.
const (
	Calls         Family = iota // calls that reached a provider, by status
	Exceptions                  // calls that a service answered with an exception
	RequestBytes                // bytes of request frames
	ResponseBytes               // bytes of answer frames
	EncodeTime                  // microseconds that requests took to become frames
	DecodeTime                  // microseconds that answers took to become responses
	MethodPanics                // panics inside calls
)

// Series is one of a family. Its texts hold letters, digits and _ $ - / as well as single dots between others, whatever
// callers named; there are no two of the same name, but for names that differ in other characters only.
type Series struct {
	Family          Family
	Service, Method string
	Status          string // of Calls: a Dubbo status, or one_way, unanswered, undefined
}

// answers are the statuses that calls are told apart by; results that are none follow.
var answers = [...]dubbo.Status{
	dubbo.StatusOK, dubbo.StatusSerializationError, dubbo.StatusClientTimeout, dubbo.StatusServerTimeout,
	dubbo.StatusChannelInactive, dubbo.StatusBadRequest, dubbo.StatusBadResponse, dubbo.StatusServiceNotFound,
	dubbo.StatusServiceError, dubbo.StatusServerError, dubbo.StatusClientError, dubbo.StatusThreadPoolExhausted,
}

// The counters of a method: how many calls had which result, and the other families in their order.
const (
	oneWay     = len(answers) + iota // the provider has taken a call that has no answer
	unanswered                       // the request ended before a readable answer was there
	undefined                        // a status that Dubbo does not define

	exceptions    = undefined + int(Exceptions)
	requestBytes  = undefined + int(RequestBytes)
	responseBytes = undefined + int(ResponseBytes)
	encodeTime    = undefined + int(EncodeTime)
	decodeTime    = undefined + int(DecodeTime)
	panics        = undefined + int(MethodPanics)
	counters      = panics + 1
)

// result is the counter of what became of a call.
func result(o *transcode.Outcome) int {
	switch {
	case o.Status == dubbo.StatusOK:
		return 0
	case o.OneWay:
		return oneWay
	case o.Status == 0 && o.ResponseBytes == 0:
		return unanswered
	}
	for i, s := range answers {
		if s == o.Status {
			return i
		}
	}
	return undefined
}

// seriesOf is the series of a counter.
func seriesOf(c *counted, counter int) Series {
	s := Series{Service: c.labels[0], Method: c.labels[1]}
	switch {
	case counter > undefined:
		s.Family = Family(counter - undefined)
	case counter == oneWay:
		s.Status = "one_way"
	case counter == unanswered:
		s.Status = "unanswered"
	case counter == undefined:
		s.Status = "undefined"
	default:
		s.Status = strconv.Itoa(int(answers[counter]))
	}
	return s
}

// safe makes a name one that statistics of every kind can carry: in their names the dot parts, and colon, bar, quote and
// space mean something to those who read them.
func safe(name string) string {
	out := []byte(name)
	for i, b := range out {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '$', b == '-', b == '/':
		case b == '.' && i > 0 && i < len(out)-1 && out[i-1] != '.':
		default:
			out[i] = '_'
		}
	}
	return string(out)
}
