package translate

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// onePath tells requests of one path by Envoy's own match of paths instead of an expression, of which Envoy compiles every
// one anew whenever a route changes. It reports whether requests of the way can have that path at all: Envoy need not be
// told of those that cannot.
func onePath(match *routev3.RouteMatch, m *model.RequestMatch, w *way) (possible bool) {
	p := m.Path
	if p == nil || p.Exact == nil || p.Not || p.IgnoreCase || strings.ContainsAny(*p.Exact, "?#") {
		return true
	}
	full := w.cut + *p.Exact
	if w.bare && *p.Exact == "/" {
		full = w.cut
	}
	switch s := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		possible = strings.HasPrefix(full, s.Prefix)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		possible = full == s.PathSeparatedPrefix || strings.HasPrefix(full, s.PathSeparatedPrefix+"/")
	case *routev3.RouteMatch_Path:
		possible = full == s.Path
	default:
		return true
	}
	if !possible || w.calls && w.rewrite != "" {
		return possible
	}
	match.PathSpecifier = &routev3.RouteMatch_Path{Path: full}
	if w.rewrite != "" {
		w.rewrite = *p.Exact
	}
	w.onePath, m.Path = true, nil
	return true
}
