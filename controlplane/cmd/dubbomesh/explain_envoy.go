package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
)

// maxAdmin bounds what is read of an Envoy, in bytes: some hundreds for each instance.
const maxAdmin = 256 << 20

// askEnvoy asks an Envoy's admin interface, host:port.
func askEnvoy(ctx context.Context, admin, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+path, nil)
	if err != nil {
		return nil, fmt.Errorf("envoy %q: %w; write the host:port of its admin interface", admin, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask Envoy's admin interface at %s: %w", admin, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("what answers at %s is no Envoy's admin interface: %s", admin, answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAdmin))
	if err != nil {
		return nil, fmt.Errorf("read from Envoy's admin interface at %s: %w", admin, err)
	}
	return text, nil
}

// seenBy adds what an Envoy found out itself of the instances and the service: it is asked at its admin interface, host:port.
func seenBy(ctx context.Context, admin string, e *explain.Explanation) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := askEnvoy(ctx, admin, "/clusters?format=json")
	if err != nil {
		return err
	}
	var all adminv3.Clusters
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, &all); err != nil {
		return fmt.Errorf("what answers at %s is no Envoy's admin interface: %w", admin, err)
	}
	seen := map[string]map[string]string{}
	for _, c := range all.GetClusterStatuses() {
		seen[c.GetName()] = map[string]string{}
		for _, h := range c.GetHostStatuses() {
			at := h.GetAddress().GetSocketAddress()
			seen[c.GetName()][net.JoinHostPort(at.GetAddress(), strconv.FormatUint(uint64(at.GetPortValue()), 10))] = found(h)
		}
	}
	for i := range e.Routes {
		for j := range e.Routes[i].Destinations {
			d := &e.Routes[i].Destinations[j]
			for k := range d.Endpoints {
				d.Endpoints[k].Seen = "not there"
				if text, there := seen[d.Cluster][d.Endpoints[k].Address]; there {
					d.Endpoints[k].Seen = text
				}
			}
		}
	}
	stats, err := askEnvoy(ctx, admin, "/stats/prometheus?filter=breaker_(state|refused)")
	if err != nil {
		return err
	}
	states := readBreakers(string(stats))
	for i := range e.Routes {
		e.Routes[i].Breakers = breakersOf(e.Routes[i], states)
	}
	e.Notes = slices.DeleteFunc(e.Notes, func(n string) bool { return n == explain.UnseenNote })
	return nil
}

// found is what an Envoy found out of an instance, and what it does there now.
func found(h *adminv3.HostStatus) string {
	var out []string
	s := h.GetHealthStatus()
	for _, f := range []struct {
		is  bool
		say string
	}{
		{s.GetFailedOutlierCheck(), "ejected"},
		{s.GetFailedActiveHealthCheck(), "fails its health check"},
		{s.GetFailedActiveDegradedCheck(), "degraded"},
		{s.GetExcludedViaImmediateHcFail(), "says that it is not well"},
		{s.GetPendingDynamicRemoval(), "about to go"},
		{s.GetEdsHealthStatus() == corev3.HealthStatus_DRAINING, "draining"},
	} {
		if f.is {
			out = append(out, f.say)
		}
	}
	if len(out) == 0 {
		out = []string{"healthy"}
	}
	for _, stat := range h.GetStats() {
		switch n := stat.GetValue(); stat.GetName() {
		case "rq_active":
			out = append(out, fmt.Sprintf("%d under way", n))
		case "cx_active":
			out = append(out, fmt.Sprintf("%d connections", n))
		}
	}
	slices.Sort(out[1:])
	return strings.Join(out, ", ")
}
