package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// cross checks what no field can be told alone. It visits every struct that was read, the outer before the inner.
func (d *decoder) cross(v reflect.Value) {
	for _, p := range d.problems {
		d.unread = append(d.unread, p.Field)
	}
	if p, ok := v.Interface().(model.Policy); ok {
		d.of = p.Meta().Service
	}
	d.visit("", v)
}

func (d *decoder) visit(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			d.visit(path, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			d.visit(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			d.visit(fmt.Sprintf("%s[%s]", path, key), v.MapIndex(key))
		}
	case reflect.Struct:
		d.choose(path, v)
		d.check(path, v.Interface())
		d.unused(path, v.Type())
		for _, f := range structs[v.Type()] {
			d.visit(below(path, f.name), v.FieldByIndex(f.index))
		}
	}
}

// check is the list of the checks, one function a struct.
func (d *decoder) check(path string, v any) {
	switch v := v.(type) {
	case model.Mesh:
		d.meshwide(v.PolicyMeta, model.KindMesh)
		if v.Traffic != nil {
			d.traffic("traffic", *v.Traffic)
		}
	case model.Gateway:
		d.meshwide(v.PolicyMeta, model.KindGateway)
		d.gateway(v)
	case model.Route:
		d.route(v)
		d.fallbacksOfRules(v)
	case model.Traffic:
		d.traffic("", v.TrafficSettings)
		d.methods(v)
		d.fallbacksOf(v)
	case model.Lane:
		d.lane(v)
	case model.Access:
		d.access(v)
	case model.Mapping:
		d.service(v.PolicyMeta, model.KindMapping)
		d.mapped(v)
	default:
		d.checkRequests(path, v)
	}
}

// checkRequests is the part of the list that is about requests and what becomes of them.
func (d *decoder) checkRequests(path string, v any) {
	switch v := v.(type) {
	case model.StringMatch:
		d.stringMatch(path, v)
	case model.RequestMatch:
		d.requestMatch(path, v)
	case model.Rule:
		d.rule(path, v)
	case model.Rewrite:
		d.atLeastOne(path, set{"path", v.Path != ""}, set{"prefix", v.Prefix != ""}, set{"regex", v.Regex != nil}, set{"host", v.Host != ""}, set{"method", v.Method != ""})
	case model.Redirect:
		d.redirect(path, v)
	case model.Response:
		d.response(path, v)
	case model.CORS:
		d.origins(path, v)
	case model.HeaderChange:
		d.headerChange(path, v)
	case model.LoadBalancing:
		d.loadBalancing(path, v)
	case model.HashKey:
		d.needs(path, "cookieTtl", v.CookieTTL != nil, "cookie", v.Cookie != "")
	case model.HealthCheck:
		d.healthCheck(path, v)
	case model.Retry:
		d.retry(path, v)
	case model.Backoff:
		d.ascending(path, "base", v.Base, "max", v.Max)
	case model.Strategy:
		forking := v.Mode == model.StrategyForking
		d.needs(path, "forks", v.Forks != nil, "mode: forking", forking)
		d.needs(path, "after", v.After != nil, "mode: forking", forking)
	case model.Ejection:
		d.ejection(path, v)
	case model.Breaker:
		d.atLeastOne(path, set{"errorPercent", v.ErrorPercent != nil}, set{"slowPercent", v.SlowPercent != nil})
		d.needs(path, "slowPercent", v.SlowPercent != nil, "slowAfter", v.SlowAfter != nil)
	case model.Fault:
		d.atLeastOne(path, set{"delay", v.Delay != nil}, set{"abort", v.Abort != nil}, set{"rate", v.Rate != nil})
		d.headersAlone(path, v.Match)
	case model.RateLimit:
		d.headersAlone(path, v.Match)
	case model.Fallback:
		d.fallback(path, v)
	case model.Caller:
		d.atLeastOne(path, set{"identity", len(v.Identity) > 0}, set{"service", len(v.Service) > 0}, set{"caller", len(v.Caller) > 0},
			set{"ip", len(v.IP) > 0}, set{"claims", len(v.Claims) > 0})
	case model.JWTProvider:
		d.needs(path, "jwksUrl", v.JWKSURL != "", "jwksService", v.JWKSService != "")
		d.token(path, v)
	case model.LaneCarrier:
		d.carrier(path, v)
	}
}

// at is the node that a path stands for, or the nearest one around it.
func (d *decoder) at(path string) ast.Node {
	for {
		if n := d.nodes[path]; n != nil {
			return n
		}
		if path == "" {
			return nil
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// wrong notes what is wrong with the field at a path.
// A field that could not be read is not judged a second time.
func (d *decoder) wrong(path, format string, args ...any) {
	if !slices.Contains(d.unread, path) {
		d.fail(d.at(path), path, format, args...)
	}
}

// warn notes what is probably not meant.
func (d *decoder) warn(path, format string, args ...any) {
	before := len(d.problems)
	d.wrong(path, format, args...)
	for i := range d.problems[before:] {
		d.problems[before+i].Warning = true
	}
}

// set tells whether a field was written.
type set struct {
	name string
	is   bool
}

func which(sets []set) (is, all []string) {
	for _, s := range sets {
		all = append(all, s.name)
		if s.is {
			is = append(is, s.name)
		}
	}
	return is, all
}

func (d *decoder) atMostOne(path string, sets ...set) {
	if is, _ := which(sets); len(is) > 1 {
		at := below(path, is[1]) // which is told though one of them could not be read: none of the two mends the other
		d.fail(d.at(at), at, "%s cannot stand together; keep one", strings.Join(is, " and "))
	}
}

func (d *decoder) atLeastOne(path string, sets ...set) {
	tried := func(s set) bool { return slices.Contains(d.unread, below(path, s.name)) } // it was written, and is wrong itself
	if is, all := which(sets); len(is) == 0 && !slices.ContainsFunc(sets, tried) {
		d.wrong(path, "nothing is said; write %s", strings.Join(all, " or "))
	}
}

// needs notes a field that does nothing without another one.
func (d *decoder) needs(path, name string, is bool, other string, otherIs bool) {
	if is && !otherIs {
		d.wrong(below(path, name), "it means nothing without %s; add that, or leave this out", other)
	}
}

// ascending notes a duration that is longer than its bound.
func (d *decoder) ascending(path, low string, lower *model.Duration, high string, higher *model.Duration) {
	if lower != nil && higher != nil && *lower > *higher {
		d.wrong(below(path, low), "%s is more than %s, which is %s; exchange the two, or lower this one", lower, high, higher)
	}
}

// perTry notes an attempt that may last longer than the whole request.
func (d *decoder) perTry(path string, timeout *model.Duration, retry *model.Retry) {
	if retry != nil && timeout.Or(0) > 0 && retry.PerTryTimeout.Or(0) > time.Duration(*timeout) {
		d.wrong(below(path, "retry.perTryTimeout"), "%s is longer than timeout, which is %s for all attempts together", retry.PerTryTimeout, timeout)
	}
}

// meshwide notes a service where there is none in question.
func (d *decoder) meshwide(m model.PolicyMeta, kind model.Kind) {
	for _, s := range []set{{"service", m.Service != ""}, {"selector", m.Selector != nil}} {
		if s.is {
			d.wrong(s.name, "a %s is about no single service; leave it out", kind)
		}
	}
}

// service notes that a service is missing.
func (d *decoder) service(m model.PolicyMeta, kind model.Kind) {
	if m.Selector != nil {
		d.wrong("selector", "a %s is about one service; write service in its place", kind)
	}
	if m.Service == "" {
		d.wrong("service", "it is missing; write the interface, such as service: com.example.Hello")
	}
}
