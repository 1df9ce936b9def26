package routing

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

func prefixed(prefix string, percent uint32) *routev3.Route {
	r := &routev3.Route{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: prefix}}}
	if percent < 100 {
		r.Match.RuntimeFraction = &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: percent}}
	}
	return r
}

// Envoy throws once for a request: of two routes the second takes what its share has beyond that of the first.
func TestShares(t *testing.T) {
	c := &routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Name: "v", Domains: []string{"*"}, Routes: []*routev3.Route{
		prefixed("/b", 100), prefixed("/a", 0), prefixed("/a", 25), prefixed("/", 50), prefixed("/", 100), prefixed("/", 100),
	}}}}
	found, err := Find(c, Request{Host: "h", Path: "/a", Verb: "GET"})
	if err != nil || len(found) != 3 {
		t.Fatalf("got %+v, %v", found, err)
	}
	for i, want := range []float64{0.25, 0.25, 0.5} {
		if found[i].Share != want || found[i].Index != i+2 || len(found[i].Passed) != i+2 {
			t.Errorf("%d: share %v of %+v", i, found[i].Share, found[i])
		}
	}
}

func TestVirtualHosts(t *testing.T) {
	c := &routev3.RouteConfiguration{IgnorePortInHostMatching: true}
	for _, d := range []string{"*", "*.b.c", "*.c", "a.*", "x.b.c", "[::1]"} {
		c.VirtualHosts = append(c.VirtualHosts, &routev3.VirtualHost{Name: d, Domains: []string{d}})
	}
	for host, want := range map[string]string{
		"x.b.c": "x.b.c", "X.B.C:80": "x.b.c", "y.b.c": "*.b.c", "y.c": "*.c", "a.d": "a.*", "a.c": "*.c", ".c": "*", "c": "*", "[::1]:80": "[::1]", "[::1]": "[::1]", "a:b": "*",
	} {
		if got := virtualHost(c, host).GetName(); got != want {
			t.Errorf("%s goes to %s, want %s", host, got, want)
		}
	}
}

func TestWhatIsNotKnownIsAnError(t *testing.T) {
	r := &routev3.Route{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_ConnectMatcher_{}}}
	c := &routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{r}}}}
	if _, err := Find(c, Request{Path: "/"}); err == nil {
		t.Error("a matcher that is not known fits")
	}
}
