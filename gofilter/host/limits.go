package host

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/limiter"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// LoadLimits reads the limits of a route and returns those that all routes with these settings share; set.Release gives them
// back. A panic becomes an error.
func LoadLimits(set *limiter.Set, text []byte) (l *limiter.Limits, err error) {
	defer caught("reading rate limits", &err)
	settings, err := config.ParseLimits(text)
	if err != nil {
		return nil, err
	}
	return set.Take(settings)
}

// AskLimits says whether a request may be made: the step has a response for one that may not. Source is the caller's address.
// After a panic, which is reported to log, the request is made.
func AskLimits(l *limiter.Limits, r *limiter.Request, head []Field, source []byte, now int64, log func(message string)) (s Step) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic in rate limits: %v\n%s", fault, debug.Stack()))
			s = Step{Events: Panicked}
		}
	}()
	r.Begin(source)
	for _, f := range head {
		r.Header(f.Name, f.Value)
	}
	if why, ok := l.Ask(r, now); !ok {
		s.Response = overLimit(why)
	}
	return s
}

// overLimit is the response to a request that a limit refuses.
func overLimit(why limiter.Refusal) *transcode.Response {
	l := why.Limit
	r := &transcode.Response{Status: l.Status, Body: []byte(l.Body)}
	kind := l.Type
	if l.Body == "" {
		kind, r.Body = "application/problem+json", limitProblem(why.Service, l)
	}
	r.Headers = []transcode.Header{
		{Name: "content-type", Value: kind},
		{Name: config.LimitHeader, Value: l.Name},
		{Name: "x-envoy-ratelimited", Value: "true"}, // an Envoy in front does not try again
	}
	if why.Wait > 0 {
		seconds := int64((why.Wait + time.Second - 1) / time.Second)
		r.Headers = append(r.Headers, transcode.Header{Name: "retry-after", Value: strconv.FormatInt(seconds, 10)})
	}
	return r
}

func limitProblem(service string, l *config.Limit) []byte {
	detail := fmt.Sprintf("%s of %s admits %d in %s", l.Name, service, l.Requests, time.Duration(l.PerMs)*time.Millisecond)
	if len(l.By) > 0 {
		detail += " for each that it tells apart"
	}
	body := append([]byte(`{"type":"urn:dubbomesh:rate-limited","title":"Too many requests","status":`), strconv.Itoa(l.Status)...)
	quoted, err := jsontext.AppendQuote(nil, detail)
	if err != nil { // a name in it is no UTF-8
		quoted = []byte(`""`)
	}
	return append(append(append(body, `,"detail":`...), quoted...), '}')
}

// LimitStats turns what limits show into statistics. Its Flush is called by one goroutine at a time.
type LimitStats struct {
	flushed map[uint64]limiter.Status // by ID
}

// Flush hands to add how many requests more each limit has admitted, refused, and would have refused were it no dry run. A
// panic is reported to log.
func (st *LimitStats) Flush(all []limiter.Status, add func(service, limit string, admitted, refused, tried uint64), log func(message string)) {
	guarded("handing over what rate limits do", func() { st.flush(all, add) }, log)
}

func (st *LimitStats) flush(all []limiter.Status, add func(service, limit string, admitted, refused, tried uint64)) {
	before := st.flushed
	st.flushed = make(map[uint64]limiter.Status, len(all))
	for _, s := range all {
		st.flushed[s.ID] = s
		last := before[s.ID]
		if s.Admitted != last.Admitted || s.Refused != last.Refused || s.Tried != last.Tried {
			add(safe(s.Service), safe(s.Name), s.Admitted-last.Admitted, s.Refused-last.Refused, s.Tried-last.Tried)
		}
	}
}
