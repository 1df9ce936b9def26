package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

var errNoFetch = errors.New("only streams are served; use the aggregated discovery service")

// CreateDeltaWatch is asked after each incremental request: tell out once when something is to be sent.
func (p *proxy) CreateDeltaWatch(req *cache.DeltaRequest, sub cache.Subscription, out chan cache.DeltaResponse) (func(), error) {
	k, ok := kindOf(req.GetTypeUrl())
	if !ok {
		return p.unknownDelta(req, sub, out)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, pr := &p.gates.subs[k], &p.kinds[k]
	first := !s.asked
	var again []string
	if first {
		p.gates.returning = p.gates.returning || len(req.GetInitialResourceVersions()) > 0
		s.begin(sub.ReturnedResources(), p.published(k))
	} else {
		again = req.GetResourceNamesSubscribe()
	}
	s.update(sub, again)
	// A proxy that starts waits for its clusters and listeners even if there are none.
	pr.first = pr.first || (first && sub.IsWildcard())
	pr.watch = func(c change, versions map[string]string) bool {
		resp := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: req.GetTypeUrl(), SystemVersionInfo: version(versions), RemovedResources: c.removed}
		slices.Sort(resp.RemovedResources)
		for _, e := range sorted(c.updated) {
			resp.Resources = append(resp.Resources, &discoveryv3.Resource{Name: e.name, Version: e.version, Resource: e.packed})
		}
		select {
		case out <- &cache.DeltaPassthroughResponse{DeltaRequest: req, NextVersionMap: versions, DeltaDiscoveryResponse: resp}:
			return true
		default: // cannot be: each request is answered at most once, and the channel holds more than there are kinds
			return false
		}
	}
	p.advance()
	return p.cancel(k), nil
}

// CreateWatch is the same for a state-of-the-world request.
func (p *proxy) CreateWatch(req *cache.Request, sub cache.Subscription, out chan cache.Response) (func(), error) {
	k, ok := kindOf(req.GetTypeUrl())
	if !ok {
		return func() {}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, pr := &p.gates.subs[k], &p.kinds[k]
	first := !s.asked
	if first {
		s.begin(nil, nil)
	}
	s.update(sub, nil)
	pr.first = pr.first || (first && sub.IsWildcard())
	pr.watch = func(c change, versions map[string]string) bool {
		if !k.fullState() && len(c.updated) == 0 && !pr.first {
			return false // a removal alone cannot be told; the proxy sees it by its listeners and clusters
		}
		list := c.updated
		if k.fullState() {
			list = slices.Collect(maps.Values(s.sent))
		}
		resp := &discoveryv3.DiscoveryResponse{TypeUrl: req.GetTypeUrl(), VersionInfo: version(versions)}
		for _, e := range sorted(list) {
			if e.packed != nil {
				resp.Resources = append(resp.Resources, e.packed)
			}
		}
		select {
		case out <- &cache.PassthroughResponse{Request: req, DiscoveryResponse: resp, ReturnedResources: versions}:
			return true
		default:
			return false
		}
	}
	p.advance()
	return p.cancel(k), nil
}

func (p *proxy) published(k kind) map[string]*entry {
	if p.gates.target == nil {
		return nil
	}
	return p.gates.target.byKind[k]
}

func (p *proxy) cancel(k kind) func() {
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.kinds[k].watch = nil
	}
}

// unknownDelta answers a proxy that asks for a type of which there is nothing: it would wait for ever.
func (p *proxy) unknownDelta(req *cache.DeltaRequest, sub cache.Subscription, out chan cache.DeltaResponse) (func(), error) {
	if req.GetResponseNonce() == "" && sub.IsWildcard() {
		resp := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: req.GetTypeUrl(), SystemVersionInfo: version(nil)}
		select {
		case out <- &cache.DeltaPassthroughResponse{DeltaRequest: req, DeltaDiscoveryResponse: resp}:
		default:
			return nil, fmt.Errorf("too many requests of type %q at once", req.GetTypeUrl())
		}
	}
	return func() {}, nil
}

func sorted(list []*entry) []*entry {
	return slices.SortedFunc(slices.Values(list), func(a, b *entry) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
}

// version names a set of resources by its content, for those who read it; nothing depends on it.
func version(versions map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		fmt.Fprintf(h, "%q%q", name, versions[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
