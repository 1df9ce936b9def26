package translate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// template is a path in which some segments are variables: /users/{id}/orders.
type template []config.Segment

// literals is how many segments stand before the first variable.
func (t template) literals() int {
	n := slices.IndexFunc(t, func(s config.Segment) bool { return s.Variable != "" })
	if n < 0 {
		return len(t)
	}
	return n
}

// prefix is what every path of the template begins with: the whole path when it has no variables.
func (t template) prefix() string {
	var b strings.Builder
	for _, s := range t[:t.literals()] {
		b.WriteString("/" + escaped(s.Literal))
	}
	if t.literals() < len(t) {
		b.WriteByte('/')
	}
	return b.String()
}

// shape is the template without the names of its variables. Templates of one shape match the same paths.
func (t template) shape() string {
	var b strings.Builder
	for _, s := range t {
		switch {
		case s.Rest:
			b.WriteString("/{**}")
		case s.Variable != "":
			b.WriteString("/{*}")
		default:
			b.WriteString("/" + escaped(s.Literal))
		}
	}
	return b.String()
}

// escaped is a literal as it stands in a request: what is no character of a path is written with percent signs, and so may
// the literal be already.
func escaped(literal string) string {
	const also = "-._~!$&'()*+,;=:@%"
	var b strings.Builder
	for _, c := range []byte(literal) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(also, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// Shape is that of a path, or the path itself when it is no template: paths of one shape are asked for alike.
func Shape(path string) string {
	t, err := config.ParseTemplate(path)
	if err != nil {
		return path
	}
	return template(t).shape()
}

// match matches the paths of the template. A variable is a segment that is not empty.
func (t template) match() *routev3.RouteMatch {
	if t.literals() == len(t) {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: t.prefix()}}
	}
	var b strings.Builder
	for _, s := range t {
		switch {
		case s.Rest:
			b.WriteString("/.+")
		case s.Variable != "":
			b.WriteString("/[^/]+")
		default:
			b.WriteString("/" + regexp.QuoteMeta(escaped(s.Literal)))
		}
	}
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: b.String()}}}
}

// compare orders templates so that the more specific one comes first: segment by segment from the left, a literal before a
// variable, one segment before all that are left.
func (t template) compare(other template) int {
	return slices.CompareFunc(t, other, func(a, b config.Segment) int {
		return cmp.Or(cmp.Compare(generality(a), generality(b)), cmp.Compare(a.Literal, b.Literal))
	})
}

func generality(s config.Segment) int {
	switch {
	case s.Rest:
		return 2
	case s.Variable != "":
		return 1
	}
	return 0
}
