package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
)

func TestBreakersOfARequest(t *testing.T) {
	all := readBreakers(`# TYPE envoy_dubbo_breaker_refused counter
envoy_dubbo_breaker_refused{service="web",method="all"} 4
# TYPE envoy_dubbo_breaker_state gauge
envoy_dubbo_breaker_state{service="web",method="all"} 3

envoy_dubbo_breaker_state{method="report",service="a.Hello"} 2
envoy_dubbo_breaker_state{method="all",service="a.Hello"} 1
envoy_dubbo_breaker_state{method="all",service="odd \"na}me, \\x"} 0
envoy_dubbo_breaker_state{broken
envoy_dubbo_breaker_state{service="x"} much
`)
	if len(all) != 4 || all[3].Service != `odd "na}me, \x` {
		t.Fatalf("read %+v", all)
	}
	report := explain.Route{Service: "a.Hello", Method: "report"}
	for name, c := range map[string]struct {
		route explain.Route
		want  []explain.Breaker
	}{
		"of the service":     {explain.Route{Service: "web"}, []explain.Breaker{{Service: "web", State: "open", Refused: 4}}},
		"of the method":      {report, []explain.Breaker{{Service: "a.Hello", Method: "report", State: "half-open"}}},
		"of another method":  {explain.Route{Service: "a.Hello", Method: "hi"}, []explain.Breaker{{Service: "a.Hello", State: "recovering"}}},
		"where it is led to": {explain.Route{Service: "shop", Destinations: []explain.Destination{{Cluster: "http|web||"}}}, []explain.Breaker{{Service: "web", State: "open", Refused: 4}}},
		"none":               {explain.Route{Service: "shop"}, nil},
	} {
		if diff := cmp.Diff(c.want, breakersOf(c.route, all)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
