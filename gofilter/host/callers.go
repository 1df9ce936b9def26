package host

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// CallerStep is what a host has to do with a request once it was asked who makes it. Without a response its edits and facts
// are to be made known. Its bytes are valid until the check is fed again.
type CallerStep struct {
	Step
	Wait    bool // for the whole body, and for nothing else yet
	Limit   int  // largest body to wait for in bytes, 0 for no limit of the route's
	Reroute bool
	Edits   []callers.Edit
	Facts   []callers.Fact
	Details string // response code details of the response
}

// LoadCallers takes what a route asks of its callers. A panic becomes an error and is reported to log.
func LoadCallers(keeper *callers.Keeper, text []byte, log func(message string)) (s *callers.Set, err error) {
	err = errors.New("callers: they cannot be read")
	guarded("reading who may call", func() { s, err = keeper.Load(text) }, log)
	return s, err
}

// LoadKeySet takes a file with the keys of tokens. A panic becomes an error and is reported to log.
func LoadKeySet(keeper *callers.Keeper, path string, log func(message string)) (s *callers.KeySet, err error) {
	err = errors.New("key set: it cannot be read")
	guarded("reading a key set", func() { s, err = keeper.LoadKeySet(path) }, log)
	return s, err
}

// KeySetAnswer is the answer with the text of a key set.
func KeySetAnswer(s *callers.KeySet) Step {
	return Step{Response: &transcode.Response{
		Status: http.StatusOK, Headers: []transcode.Header{{Name: "content-type", Value: "application/jwk-set+json"}}, Body: s.Text(),
	}}
}

// WatchKeys reads key files that have changed at each tick, for ever. A panic is reported to log.
func WatchKeys(keeper *callers.Keeper, ticks <-chan time.Time, log func(message string)) {
	for range ticks {
		guarded("looking at key files", keeper.Refresh, log)
	}
}

// FlushCallers is Keeper.Flush for hosts. A panic is reported to log.
func FlushCallers(keeper *callers.Keeper, add func(policy, outcome string, tried bool, n uint64), failed func(n uint64), log func(message string)) {
	guarded("handing over counts of callers", func() { keeper.Flush(add, failed) }, log)
}

// AskCaller judges a request by its headers. A panic refuses it and is reported to log, here and in what follows.
func AskCaller(c *callers.Check, set *callers.Set, head []Field, now time.Time, log func(message string)) (s CallerStep) {
	defer guardCaller(&s, log)
	c.Begin(set)
	for _, f := range head {
		c.Header(f.Name, f.Value)
	}
	v := c.Decide(now)
	if v.Wait {
		return CallerStep{Wait: true, Limit: set.MaxRequestBytes}
	}
	return callerStep(v)
}

// CheckCaller judges a request that waited for its whole body.
func CheckCaller(c *callers.Check, parts [][]byte, now time.Time, log func(message string)) (s CallerStep) {
	defer guardCaller(&s, log)
	return callerStep(c.Finish(parts, now))
}

// CallerTooLarge judges a request that waited and has a body of more than limit bytes.
func CallerTooLarge(c *callers.Check, limit int, now time.Time, log func(message string)) (s CallerStep) {
	defer guardCaller(&s, log)
	v, refused := c.TooLarge(now)
	if refused {
		return CallerStep{Step: Step{Response: transcode.TooLarge(limit), Events: Rejected}, Details: callers.TooLarge.Details()}
	}
	return callerStep(v)
}

func callerStep(v *callers.Verdict) CallerStep {
	if v.Refusal != nil {
		return CallerStep{Step: Step{Response: unauthorized(v.Refusal), Events: Rejected}, Details: v.Refusal.Outcome.Details()}
	}
	return CallerStep{Reroute: v.Reroute, Edits: v.Edits, Facts: v.Facts}
}

func unauthorized(r *callers.Refusal) *transcode.Response {
	detail, err := jsontext.AppendQuote(nil, r.Detail)
	if err != nil { // a name in it is no UTF-8
		detail = []byte(`""`)
	}
	body := append([]byte(`{"type":"urn:dubbomesh:unauthorized","title":"The caller shows nothing valid","status":401,"detail":`), detail...)
	return &transcode.Response{
		Status: http.StatusUnauthorized,
		Headers: []transcode.Header{
			{Name: "content-type", Value: "application/problem+json"},
			{Name: "www-authenticate", Value: r.Challenge},
		},
		Body: append(body, '}'),
	}
}

// guardCaller refuses a request of which is not known who makes it.
func guardCaller(s *CallerStep, log func(message string)) {
	if fault := recover(); fault != nil {
		log(fmt.Sprintf("panic while asking who calls: %v\n%s", fault, debug.Stack()))
		*s = CallerStep{Step: Step{Response: new(transcode.Call).Broken(), Events: Panicked}, Details: "caller_panic"}
	}
}
