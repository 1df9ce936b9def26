package model

import (
	"regexp"
	"strings"
)

// StringMatch says which texts fit. Exactly one of Exact, Prefix, Suffix, Contains, Regex, In, Range and Present is set; a
// plain value is short for exact.
type StringMatch struct {
	// Exact is the whole text.
	Exact *string `json:"exact,omitempty" check:"short"`
	// Prefix is how the text begins.
	Prefix string `json:"prefix,omitempty"`
	// Suffix is how the text ends.
	Suffix string `json:"suffix,omitempty"`
	// Contains is part of the text.
	Contains string `json:"contains,omitempty"`
	// Regex fits the whole text (RE2).
	Regex string `json:"regex,omitempty" check:"format=regex"`
	// In lists texts of which one is the whole text.
	In []string `json:"in,omitempty" check:"nonEmpty"`
	// Range fits whole numbers, also written +5 or 007.
	Range *Range `json:"range,omitempty"`
	// Present asks only whether there is a value (true) or none (false).
	Present *bool `json:"present,omitempty"`
	// Not turns the outcome round: what is not there fits then.
	Not bool `json:"not,omitempty"`
	// IgnoreCase takes upper and lower case for the same; not with regex and range.
	IgnoreCase bool `json:"ignoreCase,omitempty"`
}

// Pattern is the condition as a regular expression (RE2) for the whole text, without Flags.
func (s StringMatch) Pattern() string { return s.pattern("[^?]*") }

// pattern is Pattern where around stands for what may be beside a part of the text.
func (s StringMatch) pattern(around string) string {
	switch {
	case s.Exact != nil:
		return regexp.QuoteMeta(*s.Exact)
	case s.Prefix != "":
		return regexp.QuoteMeta(s.Prefix) + around
	case s.Suffix != "":
		return around + regexp.QuoteMeta(s.Suffix)
	case s.Contains != "":
		return around + regexp.QuoteMeta(s.Contains) + around
	case s.Regex != "":
		return "(?:" + s.Regex + ")"
	case len(s.In) > 0:
		quoted := make([]string, len(s.In))
		for i, text := range s.In {
			quoted[i] = regexp.QuoteMeta(text)
		}
		return "(?:" + strings.Join(quoted, "|") + ")"
	case s.Range != nil:
		return s.Range.Pattern()
	}
	return ".*"
}

// Flags stand before Pattern at the beginning of an expression.
func (s StringMatch) Flags() string {
	if s.IgnoreCase {
		return "(?i)"
	}
	return ""
}

// Range is the whole numbers from Min to Max, both included.
type Range struct {
	// Min is the smallest number.
	Min int64 `json:"min" check:"required"`
	// Max is the largest number.
	Max int64 `json:"max" check:"required"`
}

// RequestMatch says which requests fit: those that fit every field that is set.
type RequestMatch struct {
	// Host of the request, without a port.
	Host *StringMatch `json:"host,omitempty"`
	// Path that the service gets, without the query: of one that speaks plain HTTP and is asked for as /<service>/x that is /x; calls have
	// /<interface>/<method>. In rules of a Gateway, and under hosts, it is the path as it is asked for.
	Path *StringMatch `json:"path,omitempty"`
	// Verb is the HTTP method: GET, POST, …
	Verb []string `json:"verb,omitempty" check:"single,nonEmpty,format=verb"`
	// Method is the Dubbo method.
	Method *StringMatch `json:"method,omitempty"`
	// Group is the Dubbo group that is asked for.
	Group *StringMatch `json:"group,omitempty"`
	// Version is the Dubbo version that is asked for.
	Version *StringMatch `json:"version,omitempty"`
	// Headers of the request, by name.
	Headers map[string]StringMatch `json:"headers,omitempty" check:"keys=header"`
	// Query parameters, by name. Names and values are as they stand in the URL (%2F, not /); of several of a name the first counts.
	Query map[string]StringMatch `json:"query,omitempty"`
	// Cookies by name.
	Cookies map[string]StringMatch `json:"cookies,omitempty" check:"keys=token"`
	// Attachments of the Dubbo call, by key; over HTTP the headers x-dubbo-attachment-<key>.
	Attachments map[string]StringMatch `json:"attachments,omitempty" check:"keys=token"`
	// Arguments of the Dubbo call, by index or path: "0", "0.user.id".
	Arguments map[string]StringMatch `json:"arguments,omitempty" check:"lines,keys=argument"`
	// Source is who calls.
	Source *SourceMatch `json:"source,omitempty"`
	// Percent of the requests that fit otherwise and come to the rule: one before it that fits the same, or all, has taken its part. Where a
	// request fits rules with different conditions Envoy throws once for all of them: the later takes what its percentage is above the earlier's.
	Percent *Percent `json:"percent,omitempty"`
}

// SourceMatch says which callers fit: those that fit every field that is set, and in each field one of its values.
type SourceMatch struct {
	// Service or application that calls, as its proxy or its attachments say.
	Service []string `json:"service,omitempty" check:"single,nonEmpty"`
	// IP addresses or networks of the caller: 10.0.0.0/8.
	IP []string `json:"ip,omitempty" check:"single,nonEmpty,format=cidr"`
	// Labels of the caller's proxy.
	Labels map[string]string `json:"labels,omitempty" check:"nonEmpty"`
	// Zone of the caller's proxy.
	Zone []string `json:"zone,omitempty" check:"single,nonEmpty"`
}
