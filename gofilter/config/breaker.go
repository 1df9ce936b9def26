package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// BreakerFilter is the filter_name of the HTTP filter that breaks circuits, and of the routes' configurations of it, each a
// google.protobuf.StringValue with the text of a Breaker.
const BreakerFilter = "breaker"

// Breaker is the circuit breaker of a service, or of a method of it. Routes with equal ones share its state, and it is kept
// for as long as any route has it.
type Breaker struct {
	Service string `json:"service"`
	Method  string `json:"method,omitzero"` // "" for all that have no breaker of their own

	ErrorPercent float64 `json:"errorPercent,omitzero"` // share of failures that opens it, 0 for never
	SlowPercent  float64 `json:"slowPercent,omitzero"`  // share of slow calls that opens it, 0 for never
	SlowMs       int64   `json:"slowMs,omitzero"`       // what takes longer is slow
	MinRequests  int64   `json:"minRequests"`           // in a window, before it can open
	WindowMs     int64   `json:"windowMs"`
	OpenMs       int64   `json:"openMs"`      // how long it is open before calls are tried
	Probes       int64   `json:"probes"`      // calls that are tried half-open
	StepPercent  float64 `json:"stepPercent"` // share of the calls that is let in after that, and added each time; 100 for all at once
	EveryMs      int64   `json:"everyMs"`     // between two steps
}

// maxBreakerMs bounds the times of a breaker.
const maxBreakerMs = int64(24 * time.Hour / time.Millisecond)

// ParseBreaker reads a breaker in JSON. Unknown fields and values out of range are errors.
func ParseBreaker(text []byte) (Breaker, error) {
	var b Breaker
	if err := json.Unmarshal(text, &b, json.RejectUnknownMembers(true)); err != nil {
		return Breaker{}, fmt.Errorf("breaker: %w", err)
	}
	return b, b.check()
}

func (b Breaker) check() error {
	var errs []error
	percent := func(field string, p, least float64) {
		if !(p >= least && p <= 100) { // and no NaN
			errs = append(errs, fmt.Errorf("breaker: %s is %g; write a percentage from %g to 100", field, p, least))
		}
	}
	number := func(field string, n, least, most int64) {
		if n < least || n > most {
			errs = append(errs, fmt.Errorf("breaker: %s is %d; write a number from %d to %d", field, n, least, most))
		}
	}
	if b.Service == "" {
		errs = append(errs, errors.New("breaker: service is missing"))
	}
	percent("errorPercent", b.ErrorPercent, 0)
	percent("slowPercent", b.SlowPercent, 0)
	percent("stepPercent", b.StepPercent, 1)
	if b.SlowPercent > 0 {
		number("slowMs", b.SlowMs, 1, maxBreakerMs)
	}
	number("minRequests", b.MinRequests, 1, 1<<32-1)
	number("windowMs", b.WindowMs, 100, maxBreakerMs)
	number("openMs", b.OpenMs, 1, maxBreakerMs)
	number("probes", b.Probes, 1, 1<<32-1)
	number("everyMs", b.EveryMs, 1, maxBreakerMs)
	return errors.Join(errs...)
}

// Text returns the breaker as ParseBreaker reads it. Equal breakers give equal bytes.
func (b Breaker) Text() []byte {
	return marshal(b)
}
