package translate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// spoken are the variants that take calls of methods and those that take plain HTTP. One side gives way to the other while
// nothing of it serves, so that whoever drains what was registered by mistake has the service back.
func (u *unit) spoken() (calls, plain []variant) {
	calls, plain = u.calls(), only(u.variants, model.ProtocolHTTP, model.ProtocolH2)
	switch {
	case len(calls) == 0 || len(plain) == 0:
	case !slices.ContainsFunc(plain, serves):
		plain = nil
	case !slices.ContainsFunc(calls, serves):
		calls = nil
	}
	return calls, plain
}

func serves(v variant) bool { return v.weight() > 0 }

// isCall narrows a match to requests that are calls for sure, where instances that speak plain HTTP take all others: of
// a method that is defined, or, where the methods are not known, a POST of one segment. base is what stands before the method.
func (u *unit) isCall(calls []variant, base string, match func() *routev3.RouteMatch) func() *routev3.RouteMatch {
	if len(only(calls, model.ProtocolDubbo, model.ProtocolTriple)) == 0 {
		return typed(match, startingWith("application/grpc"))
	}
	method, known := u.methodNames(calls)
	return func() *routev3.RouteMatch {
		m := match()
		m.Headers = append(m.Headers, regexCondition(":path", regexp.QuoteMeta(base)+method+`(?:\?.*)?`, false))
		if !known {
			m.Headers = append(m.Headers, headerMatches(":method", exactly("POST")))
		}
		return m
	}
}

// methodNames is an expression for the names of the methods that variants have; known is false when it fits any name.
func (u *unit) methodNames(all []variant) (expression string, known bool) {
	var names []string
	for _, v := range all {
		of := u.schemas[pair{v.group, v.version}].config.Methods
		if len(of) == 0 {
			return `[^/?]+`, false
		}
		for _, m := range of {
			names = append(names, regexp.QuoteMeta(escaped(m.Name)))
		}
	}
	return `(?:` + strings.Join(unique(names), "|") + `)`, true
}

// tellMixed says who gets what of a service whose instances speak plain HTTP and something else: that is a slip more often
// than it is meant.
func (u *unit) tellMixed(calls, plain []variant) {
	if len(calls) == 0 || len(plain) == 0 {
		return
	}
	taken := "calls of gRPC"
	if len(only(calls, model.ProtocolDubbo, model.ProtocolTriple)) > 0 {
		taken = fmt.Sprintf("POST %s/{method} and calls of Dubbo consumers", pathPrefix(u.in.Service.Name))
		if _, known := u.methodNames(calls); known {
			taken = "calls of the methods that are defined"
		}
	}
	told, _ := speakers(calls)
	others, names := speakers(plain)
	u.problem(u.in.Service.Name, fmt.Sprintf("instances of %s speak %s and %s: %s go to the former, all other HTTP requests to those that speak %s; "+
		"if that is not meant, register the wrong ones anew with the right --protocol", u.in.Service.Name, told, others, taken, names))
}

// speakers lists protocols, with some of the instances that speak them and without.
func speakers(all []variant) (told, names string) {
	var out, bare []string
	for _, p := range model.Protocols {
		var at []string
		for _, v := range only(all, p) {
			for _, in := range v.instances {
				at = append(at, in.HostPort())
			}
		}
		if len(at) > 3 {
			at = append(at[:3:3], "…")
		}
		if len(at) > 0 {
			out, bare = append(out, fmt.Sprintf("%s (%s)", p, strings.Join(at, ", "))), append(bare, string(p))
		}
	}
	return strings.Join(out, ", "), strings.Join(bare, " or ")
}
