package translate

import (
	"cmp"
	"fmt"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// A heartbeat of Dubbo 2 and the begin of its answer, in hexadecimal: the request's body is one null.
const (
	heartbeat       = "dabbe2000000000000000001000000014e"
	heartbeatAnswer = "dabb22"
)

// checkHealth asks instances whether they are well.
func checkHealth(c *clusterv3.Cluster, t target) {
	h := t.settings.HealthCheck
	if h == nil || !answers(h, t.protocol) {
		return
	}
	interval := durationpb.New(h.Interval.Or(5 * time.Second))
	check := &corev3.HealthCheck{
		Interval: interval, NoTrafficInterval: interval, Timeout: durationpb.New(h.Timeout.Or(time.Second)),
		HealthyThreshold: wrapperspb.UInt32(model.Or(h.Healthy, 1)), UnhealthyThreshold: wrapperspb.UInt32(model.Or(h.Unhealthy, 3)),
		// Many proxies that started together do not ask all at once.
		IntervalJitterPercent: 10,
	}
	switch cmp.Or(h.Type, spoken[t.protocol]) {
	case "http":
		check.HealthChecker = httpCheck(h, t.protocol)
	case "grpc":
		check.HealthChecker = &corev3.HealthCheck_GrpcHealthCheck_{GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{}}
	case "dubbo":
		check.HealthChecker = tcpCheck(heartbeat, heartbeatAnswer)
	default:
		check.HealthChecker = tcpCheck("")
	}
	c.HealthChecks = []*corev3.HealthCheck{check}
	// Otherwise Envoy goes on calling an instance that drains or weighs nothing for as long as it is well.
	c.IgnoreHealthOnHostRemoval = true
}

// spoken is the check by which an instance is asked in its own language.
var spoken = map[model.Protocol]string{
	model.ProtocolDubbo: "dubbo", model.ProtocolHTTP: "http", model.ProtocolH2: "http", model.ProtocolTriple: "grpc", model.ProtocolGRPC: "grpc",
}

// answers reports whether instances of a protocol can answer a check: what they do not speak would take out all of them. What
// another port speaks is for whoever names it to know; but Envoy asks by gRPC where it speaks HTTP/2 itself alone.
func answers(h *model.HealthCheck, p model.Protocol) bool {
	own := spoken[p]
	switch h.Type {
	case "http":
		return h.Port != nil || own != "dubbo"
	case "dubbo":
		return h.Port != nil || own == "dubbo"
	case "grpc":
		return own == "grpc" || p == model.ProtocolH2
	}
	return true
}

// tellUnchecked says which instances cannot answer the check that is asked for.
func (u *unit) tellUnchecked() {
	h, source := u.in.Policies.Traffic.HealthCheck, u.in.Policies.From["healthCheck"]
	for _, v := range u.variants {
		if h != nil && !answers(h, v.protocol) {
			u.problem(source, fmt.Sprintf("%s: healthCheck: instances of %s that speak %s cannot answer a check of the type %s and are not checked; leave type out, or write tcp, for a check that they can",
				source, u.in.Service.Name, v.protocol, h.Type))
		}
	}
}

func httpCheck(h *model.HealthCheck, p model.Protocol) *corev3.HealthCheck_HttpHealthCheck_ {
	// By default Envoy names the cluster, which is no host: servers refuse that with 400.
	check := &corev3.HealthCheck_HttpHealthCheck{Path: cmp.Or(h.Path, "/"), Host: cmp.Or(h.Host, "localhost")}
	if p != model.ProtocolHTTP && p != model.ProtocolDubbo {
		check.CodecClientType = typev3.CodecClientType_HTTP2
	}
	for _, s := range h.Statuses {
		check.ExpectedStatuses = append(check.ExpectedStatuses, &typev3.Int64Range{Start: int64(s), End: int64(s) + 1})
	}
	return &corev3.HealthCheck_HttpHealthCheck_{HttpHealthCheck: check}
}

// tcpCheck connects, and sends and expects bytes where there are any.
func tcpCheck(send string, receive ...string) *corev3.HealthCheck_TcpHealthCheck_ {
	hex := func(text string) *corev3.HealthCheck_Payload {
		return &corev3.HealthCheck_Payload{Payload: &corev3.HealthCheck_Payload_Text{Text: text}}
	}
	check := &corev3.HealthCheck_TcpHealthCheck{}
	if send != "" {
		check.Send = hex(send)
	}
	for _, r := range receive {
		check.Receive = append(check.Receive, hex(r))
	}
	return &corev3.HealthCheck_TcpHealthCheck_{TcpHealthCheck: check}
}
