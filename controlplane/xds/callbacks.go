package xds

import (
	"context"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// The protocol library calls what follows on the stream's goroutine; a request's callback comes before its watch.

// OnDeltaStreamOpen is not needed: a proxy is made for its stream.
func (p *proxy) OnDeltaStreamOpen(context.Context, int64, string) error { return nil }

// OnDeltaStreamClosed is not needed: who made the proxy closes it.
func (p *proxy) OnDeltaStreamClosed(int64, *corev3.Node) {}

// OnStreamDeltaRequest learns who the proxy is and what it says to the last response.
func (p *proxy) OnStreamDeltaRequest(_ int64, req *discoveryv3.DeltaDiscoveryRequest) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meet(req.GetNode(), true)
	if k, ok := kindOf(req.GetTypeUrl()); ok {
		p.answered(k, req.GetResponseNonce(), req.GetErrorDetail() != nil, req.GetErrorDetail().GetMessage())
	}
	return nil
}

// OnStreamDeltaResponse learns the nonce under which the answer will come.
func (p *proxy) OnStreamDeltaResponse(_ int64, _ *discoveryv3.DeltaDiscoveryRequest, resp *discoveryv3.DeltaDiscoveryResponse) {
	p.sending(resp.GetTypeUrl(), resp.GetNonce())
}

// OnStreamOpen is not needed.
func (p *proxy) OnStreamOpen(context.Context, int64, string) error { return nil }

// OnStreamClosed is not needed.
func (p *proxy) OnStreamClosed(int64, *corev3.Node) {}

// OnStreamRequest is OnStreamDeltaRequest for state of the world.
func (p *proxy) OnStreamRequest(_ int64, req *discoveryv3.DiscoveryRequest) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meet(req.GetNode(), false)
	if k, ok := kindOf(req.GetTypeUrl()); ok {
		p.answered(k, req.GetResponseNonce(), req.GetErrorDetail() != nil, req.GetErrorDetail().GetMessage())
	}
	return nil
}

// OnStreamResponse is OnStreamDeltaResponse for state of the world.
func (p *proxy) OnStreamResponse(_ context.Context, _ int64, _ *discoveryv3.DiscoveryRequest, resp *discoveryv3.DiscoveryResponse) {
	p.sending(resp.GetTypeUrl(), resp.GetNonce())
}

func (p *proxy) sending(url, nonce string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k, ok := kindOf(url); ok {
		p.gates.subs[k].number(nonce)
	}
}

// build is the proxy's program and version, as far as it says.
func build(n *corev3.Node) string {
	name := n.GetUserAgentName()
	if v := n.GetUserAgentBuildVersion().GetVersion(); v != nil {
		return fmt.Sprintf("%s %d.%d.%d", name, v.GetMajorNumber(), v.GetMinorNumber(), v.GetPatch())
	}
	if v := n.GetUserAgentVersion(); v != "" {
		return name + " " + v
	}
	return name
}
