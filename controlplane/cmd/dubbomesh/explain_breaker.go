package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/breaker"
)

// allMethods is how the statistics call the breaker of a whole service.
const allMethods = "all"

// readBreakers reads the statistics of breakers from what Envoy has for Prometheus.
func readBreakers(page string) (out []explain.Breaker) {
	for line := range strings.Lines(page) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), "{")
		end := strings.LastIndex(rest, "} ")
		if !ok || end < 0 || strings.HasPrefix(name, "#") {
			continue
		}
		value, err := strconv.ParseUint(rest[end+2:], 10, 64)
		if err != nil {
			continue
		}
		labels := readLabels(rest[:end])
		one := explain.Breaker{Service: labels["service"], Method: labels["method"], State: breaker.Closed.String()}
		if one.Method == allMethods {
			one.Method = ""
		}
		at := slices.IndexFunc(out, func(b explain.Breaker) bool { return b.Service == one.Service && b.Method == one.Method })
		if at < 0 {
			at, out = len(out), append(out, one)
		}
		switch {
		case strings.HasSuffix(name, "_breaker_state"):
			out[at].State = breaker.State(min(value, uint64(breaker.Open))).String()
		case strings.HasSuffix(name, "_breaker_refused"):
			out[at].Refused = value
		}
	}
	return out
}

// readLabels reads name="value",…; a value's quotes, backslashes and line ends are escaped.
func readLabels(text string) map[string]string {
	out := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		quoted, err := strconv.QuotedPrefix(rest)
		if !ok || err != nil {
			return out
		}
		out[name], _ = strconv.Unquote(quoted) // a quoted prefix can be unquoted
		text = strings.TrimPrefix(rest[len(quoted):], ",")
	}
	return out
}

// breakersOf are those that the requests of a route meet: that of the method, where it has one, else that of the service, of
// whichever service is called.
func breakersOf(r explain.Route, all []explain.Breaker) (out []explain.Breaker) {
	services := []string{r.Service}
	for _, d := range r.Destinations {
		services = append(services, translate.ClusterService(d.Cluster))
	}
	for _, b := range all {
		if !slices.Contains(services, b.Service) || b.Service == "" || b.Method != "" && b.Method != r.Method {
			continue
		}
		own := func(x explain.Breaker) bool { return x.Service == b.Service && x.Method != "" && x.Method == r.Method }
		if b.Method == "" && slices.ContainsFunc(all, own) {
			continue
		}
		out = append(out, b)
	}
	return out
}
