package config

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// RecoveryFilter is the filter_name of the HTTP filter that spares instances that were out, and of the routes' configurations
// of it, each a google.protobuf.StringValue with the text of a Recovery.
const RecoveryFilter = "recovery"

// Recovery is how the instances of a service that were out get their share of the calls again. Routes with equal ones share
// what is known of the instances, and it is kept for as long as any route has it.
type Recovery struct {
	Service     string  `json:"service"`
	StepPercent float64 `json:"stepPercent"` // of its share that an instance has at first, and that is added each time
	EveryMs     int64   `json:"everyMs"`     // between two steps
	OutMs       int64   `json:"outMs"`       // how long an instance is out at the least when it fails
}

// ParseRecovery reads a recovery in JSON. Unknown fields and values out of range are errors.
func ParseRecovery(text []byte) (Recovery, error) {
	var r Recovery
	if err := json.Unmarshal(text, &r, json.RejectUnknownMembers(true)); err != nil {
		return Recovery{}, fmt.Errorf("recovery: %w", err)
	}
	return r, r.check()
}

func (r Recovery) check() error {
	var errs []error
	if r.Service == "" {
		errs = append(errs, errors.New("recovery: service is missing"))
	}
	if !(r.StepPercent >= 1 && r.StepPercent < 100) { // and no NaN
		errs = append(errs, fmt.Errorf("recovery: stepPercent is %g; write a percentage from 1 to less than 100", r.StepPercent))
	}
	number := func(field string, ms int64) {
		if ms < 1 || ms > maxBreakerMs {
			errs = append(errs, fmt.Errorf("recovery: %s is %d; write a number from 1 to %d", field, ms, maxBreakerMs))
		}
	}
	number("everyMs", r.EveryMs)
	number("outMs", r.OutMs)
	return errors.Join(errs...)
}

// Text returns the recovery as ParseRecovery reads it. Equal recoveries give equal bytes.
func (r Recovery) Text() []byte {
	return marshal(r)
}
