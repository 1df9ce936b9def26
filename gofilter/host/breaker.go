package host

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// LoadBreaker reads the breaker of a route and returns the one that all routes with these settings share; breakers.Release
// gives it back. A panic becomes an error.
func LoadBreaker(breakers *breaker.Set, text []byte, now int64, tell func(breaker.Change)) (b *breaker.Breaker, err error) {
	defer caught("reading a breaker", &err)
	settings, err := config.ParseBreaker(text)
	if err != nil {
		return nil, err
	}
	return breakers.Take(settings, now, tell), nil
}

// AskBreaker says whether a call may be made: turn is for AnswerBreaker, 0 with the response that refuses the call. After a
// panic, which is reported to log, the call is made and does not count.
func AskBreaker(b *breaker.Breaker, now int64, log func(message string)) (turn uint64, s Step) {
	defer guardBreaker(&s, log)
	p := b.Ask(now)
	if p.Turn == 0 {
		s.Response = broken(p)
	}
	return p.Turn, s
}

// Answer is what became of a call that a breaker let in.
type Answer struct {
	// Status is HTTP's, 0 when there was no answer.
	Status int
	// GRPC is the status of gRPC, -1 when there is none.
	GRPC int
	// Local is what Envoy says of an answer of its own, "" for one of the service.
	Local string
}

// AnswerBreaker tells a breaker what became of a call that it let in at began.
func AnswerBreaker(b *breaker.Breaker, turn uint64, began, now int64, a Answer, log func(message string)) (s Step) {
	defer guardBreaker(&s, log)
	if failed, counts := a.failed(); counts {
		b.Done(turn, began, now, failed)
	} else {
		b.Leave(turn, began, now)
	}
	return s
}

// limited are Envoy's words for refusals of what bounds the load: they say nothing of the service.
var limited = []string{"overflow", "reached_concurrency_limit", "denied_by_admission_control"}

// failed reports whether the call has failed, and whether it says anything of the service at all.
func (a Answer) failed() (failed, counts bool) {
	if a.Local != "" {
		ours := slices.ContainsFunc(limited, func(s string) bool { return strings.Contains(a.Local, s) })
		return true, a.Status >= http.StatusInternalServerError && !ours
	}
	return a.Status >= http.StatusInternalServerError || grpcFailed(a.GRPC), a.Status != 0
}

// grpcFailed reports whether a status of gRPC is one that HTTP has a 5xx for: unknown, deadline exceeded, unimplemented,
// internal, unavailable and data loss, as in Envoy's outlier detection.
func grpcFailed(status int) bool { return slices.Contains([]int{2, 4, 12, 13, 14, 15}, status) }

// broken is the response to a call that the breaker refuses.
func broken(p breaker.Pass) *transcode.Response {
	seconds := int64((p.Wait + time.Second - 1) / time.Second)
	r := &transcode.Response{Status: http.StatusServiceUnavailable}
	r.Headers = []transcode.Header{
		{Name: "content-type", Value: "application/problem+json"},
		{Name: "retry-after", Value: strconv.FormatInt(max(1, seconds), 10)},
		{Name: "x-envoy-overloaded", Value: "true"}, // an Envoy in front may ask elsewhere
	}
	r.Body = []byte(`{"type":"urn:dubbomesh:breaker-open","title":"The service's breaker is open","status":503,` +
		`"detail":"too many calls have failed or were slow; the breaker is ` + p.State.String() + ` and lets this one not through"}`)
	return r
}

func guardBreaker(s *Step, log func(message string)) {
	if fault := recover(); fault != nil {
		log(fmt.Sprintf("panic in a breaker: %v\n%s", fault, debug.Stack()))
		*s = Step{Events: Panicked}
	}
}

// BreakerChange tells a change in words, and whether it is one for the worse.
func BreakerChange(c breaker.Change) (message string, worse bool) {
	name := c.Service
	if c.Method != "" {
		name += "." + c.Method
	}
	message = fmt.Sprintf("breaker of %s: %s -> %s", name, c.From, c.To)
	if c.Calls > 0 {
		message += fmt.Sprintf(" (%d calls, %d failed, %d slow)", c.Calls, c.Failed, c.Slow)
	}
	return message, c.To == breaker.Open
}
