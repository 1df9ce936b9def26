package config

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// LimitsFilter is the filter_name of the HTTP filter that refuses requests above a rate, and of the routes' configurations of
// it, each a google.protobuf.StringValue with the text of a Limits.
const LimitsFilter = "limits"

// LimitedDetails is what Envoy says of requests that a Limit refused.
const LimitedDetails = "dubbo_rate_limited"

// LimitHeader names, in a refusal, the limit that has refused.
const LimitHeader = "x-dubbomesh-limit"

// Limits are the rate limits of a route. A request needs a token of each that counts it.
type Limits struct {
	Service string  `json:"service"`
	Limits  []Limit `json:"limits"`
}

// Limit is a token bucket, or one for each value of what By names. Limits of equal service, name and By are one, whatever
// route has them: they share their tokens, which are kept for as long as any route has one. The other settings are those of
// the route by which a request comes.
type Limit struct {
	Name string `json:"name"`
	// Requests flow in during PerMs, steadily; 0 refuses all.
	Requests uint32 `json:"requests"`
	PerMs    int64  `json:"perMs"`
	// Burst is the size of the bucket.
	Burst uint32 `json:"burst"`
	// By tells requests apart. Those that lack what it names are one, with the value "".
	By []LimitKey `json:"by,omitzero"`
	// Match has the conditions on requests that count: all of some one of them. Without any, each request counts.
	Match [][]Condition `json:"match,omitzero"`
	// Status, Type and Body are the answer to a refused request, whose body is a problem in JSON when it is "".
	Status int    `json:"status"`
	Type   string `json:"type,omitzero"`
	Body   string `json:"body,omitzero"`
	// DryRun counts what would be refused, and refuses nothing.
	DryRun bool `json:"dryRun,omitzero"`
}

// LimitKey is a part of what tells requests apart.
type LimitKey struct {
	From string `json:"from"`
	Name string `json:"name,omitzero"` // of the header in lower case, or the text
}

// Where parts of a key come from.
const (
	KeyHeader = "header"
	KeyPath   = "path"   // without its query
	KeyMethod = "method" // the last segment of the path
	KeySource = "source" // the caller's address
	KeyText   = "text"   // the same for all requests of the route
)

// The bounds of a Limits.
const (
	MaxLimits  = 32 // of a route: more than policies can say of one
	maxMatches = 1024
	maxPerMs   = int64(24 * time.Hour / time.Millisecond)
)

// ParseLimits reads a Limits in JSON and checks it. Unknown fields are errors.
func ParseLimits(text []byte) (Limits, error) {
	var l Limits
	if err := json.Unmarshal(text, &l, json.RejectUnknownMembers(true)); err != nil {
		return Limits{}, fmt.Errorf("limits: %w", err)
	}
	return l, l.Check()
}

// Text returns the limits as ParseLimits reads them. Equal ones give equal bytes.
func (l Limits) Text() []byte { return marshal(l) }

// Check reports all that the filter could not hold to.
func (l Limits) Check() error {
	var errs []error
	if l.Service == "" {
		errs = append(errs, errors.New("limits: service is missing"))
	}
	if len(l.Limits) == 0 || len(l.Limits) > MaxLimits {
		errs = append(errs, fmt.Errorf("limits: %d of them; write 1 to %d", len(l.Limits), MaxLimits))
	}
	seen := map[string]bool{}
	for _, one := range l.Limits {
		if seen[one.Name] {
			errs = append(errs, fmt.Errorf("limits: %s is there twice", one.Name))
		}
		seen[one.Name] = true
		errs = append(errs, in("limits: "+one.Name, one.check()))
	}
	return errors.Join(errs...)
}

func (l Limit) check() error {
	var errs []error
	number := func(field string, n, least, most int64) {
		if n < least || n > most {
			errs = append(errs, fmt.Errorf("%s is %d; write a number from %d to %d", field, n, least, most))
		}
	}
	if l.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	number("perMs", l.PerMs, 1, maxPerMs)
	number("burst", int64(l.Burst), 1, 1<<32-1)
	number("status", int64(l.Status), 200, 599)
	number("by", int64(len(l.By)), 0, maxMatches)
	number("match", int64(len(l.Match)), 0, maxMatches)
	for _, k := range l.By {
		if !slices.Contains([]string{KeyHeader, KeyPath, KeyMethod, KeySource, KeyText}, k.From) {
			errs = append(errs, fmt.Errorf("by: from is %.40q", k.From))
		}
		if k.From == KeyHeader && k.Name == "" {
			errs = append(errs, errors.New("by: the header has no name"))
		}
	}
	for _, all := range l.Match {
		number("conditions of a match", int64(len(all)), 1, maxMatches)
		for _, c := range all {
			errs = append(errs, in("match: "+c.Header, c.check()))
		}
	}
	return errors.Join(errs...)
}

// Condition is one on a header of a request, :path and the like among them. Values of a header that is there more than once
// are joined by commas. Exactly one of the kinds is set.
type Condition struct {
	Header string `json:"header"` // in lower case

	Exact    *string         `json:"exact,omitzero"`
	Prefix   string          `json:"prefix,omitzero"`
	Suffix   string          `json:"suffix,omitzero"`
	Contains string          `json:"contains,omitzero"`
	Regex    string          `json:"regex,omitzero"`   // for the whole value, in Go's syntax; who uses it compiles it
	Present  *bool           `json:"present,omitzero"` // whether the header has to be there
	Range    *ConditionRange `json:"range,omitzero"`

	// Not turns the condition round. A header that is not there fits neither way, unless Empty has it count as "".
	Not   bool `json:"not,omitzero"`
	Empty bool `json:"empty,omitzero"`
}

// ConditionRange has whole numbers from Min to below End.
type ConditionRange struct {
	Min int64 `json:"min"`
	End int64 `json:"end"`
}

func (c Condition) check() error {
	kinds := 0
	for _, set := range []bool{c.Exact != nil, c.Prefix != "", c.Suffix != "", c.Contains != "", c.Regex != "", c.Present != nil, c.Range != nil} {
		if set {
			kinds++
		}
	}
	var errs []error
	if c.Header == "" {
		errs = append(errs, errors.New("header is missing"))
	}
	if kinds != 1 {
		errs = append(errs, fmt.Errorf("%d kinds of conditions; write one of exact, prefix, suffix, contains, regex, present, range", kinds))
	}
	return errors.Join(errs...)
}
