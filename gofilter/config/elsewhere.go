package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// ElsewhereFilter is the filter_name of the HTTP filter that makes a failed call anew elsewhere, and of the routes'
// configurations of it, each a google.protobuf.StringValue with the text of an Elsewhere.
const ElsewhereFilter = "elsewhere"

// FallbackHeader marks a request that is made anew: the index of the choice, in decimal, for the routes that lead
// elsewhere. Listeners take it off what comes from outside.
const FallbackHeader = "x-dubbomesh-fallback"

// BreakerDetails is what Envoy says of calls that a breaker refused.
const BreakerDetails = "dubbo_breaker_open"

// The failures in whose place a fallback stands.
const (
	FailedOpen        = "open"
	FailedOverload    = "overload"
	FailedRateLimited = "rateLimited"
	FailedTimeout     = "timeout"
	Failed5xx         = "5xx"
)

// What Envoy says of its own refusals: nobody can be asked, no connection came about, a limit is full, or one of the
// filters that bound the load has refused. A * at both ends stands for a part of the text.
var (
	DetailsOpen = []string{
		"no_healthy_upstream", "cluster_not_found", "*{overflow*", "*connection_failure*", "*connection_timeout*",
		"reached_concurrency_limit", "denied_by_admission_control", BreakerDetails,
	}
	DetailsRateLimited = []string{LimitedDetails}
	DetailsAnswered    = []string{"via_upstream"}
)

// Elsewhere says which failures of a route have the call made anew.
type Elsewhere struct {
	Choices []FallbackChoice `json:"choices"` // the first that fits counts
}

// FallbackChoice is one of the fallbacks of a route.
type FallbackChoice struct {
	On       []string `json:"on,omitzero"`
	Statuses []int    `json:"statuses,omitzero"`
	Again    bool     `json:"again,omitzero"` // the call is made anew; else another filter answers
}

// Fits reports whether the fallback stands in the place of an answer of which Envoy says these details.
func (c FallbackChoice) Fits(status int, details string) bool {
	if slices.Contains(c.Statuses, status) {
		return true
	}
	return slices.ContainsFunc(c.On, func(on string) bool {
		switch on {
		case FailedOpen:
			return saidBy(DetailsOpen, details)
		case FailedRateLimited:
			return saidBy(DetailsRateLimited, details)
		case FailedOverload:
			return status == 503 && saidBy(DetailsAnswered, details)
		case FailedTimeout:
			return status == 504
		}
		return status >= 500 && status < 600
	})
}

func saidBy(some []string, details string) bool {
	return slices.ContainsFunc(some, func(s string) bool {
		if part := strings.Trim(s, "*"); part != s {
			return strings.Contains(details, part)
		}
		return s == details
	})
}

// Choose returns the index of the fallback by which the call is made anew, -1 for none.
func (e Elsewhere) Choose(status int, details string) int {
	i := slices.IndexFunc(e.Choices, func(c FallbackChoice) bool { return c.Fits(status, details) })
	if i >= 0 && !e.Choices[i].Again {
		return -1
	}
	return i
}

// ParseElsewhere reads the configuration in JSON. Unknown fields and failures are errors.
func ParseElsewhere(text []byte) (Elsewhere, error) {
	var e Elsewhere
	if err := json.Unmarshal(text, &e, json.RejectUnknownMembers(true)); err != nil {
		return Elsewhere{}, fmt.Errorf("fallbacks: %w", err)
	}
	if len(e.Choices) == 0 {
		return Elsewhere{}, errors.New("fallbacks: there are no choices")
	}
	known := []string{FailedOpen, FailedOverload, FailedRateLimited, FailedTimeout, Failed5xx}
	for i, c := range e.Choices {
		for _, on := range c.On {
			if !slices.Contains(known, on) {
				return Elsewhere{}, fmt.Errorf("fallbacks: choices[%d]: on is %.40q; write one of %v", i, on, known)
			}
		}
	}
	return e, nil
}

// Text returns the configuration as ParseElsewhere reads it. Equal ones give equal bytes.
func (e Elsewhere) Text() []byte {
	return marshal(e)
}
