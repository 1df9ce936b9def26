package xds

import (
	"cmp"
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Proxy is a connected proxy and how far it is.
type Proxy struct {
	ID        string    `json:"id"`
	Cluster   string    `json:"cluster"`
	Build     string    `json:"build"` // program and version, "envoy 1.39.3"
	Connected time.Time `json:"connected"`
	Delta     bool      `json:"delta"`  // incremental, else state of the world
	InSync    bool      `json:"inSync"` // it has everything that was published and refused nothing of it
	Types     []Type    `json:"types"`  // those it asked for, in order of delivery
}

// Type is how far a proxy is with one type of resource.
type Type struct {
	Name       string     `json:"name"`      // clusters, endpoints, listeners, routes, secrets
	Resources  int        `json:"resources"` // that it has
	Sent       uint64     `json:"sent"`      // responses on this stream
	Acked      uint64     `json:"acked"`
	Nacked     uint64     `json:"nacked"`
	Refused    []string   `json:"refused,omitempty"`  // resources whose newest version it did not take
	LastNACK   string     `json:"lastNack,omitempty"` // its words, kept after it took a newer version
	LastNACKAt *time.Time `json:"lastNackAt,omitempty"`
	InSync     bool       `json:"inSync"`
}

// Proxies lists the connected proxies by ID, and those of the same ID by age.
func (s *Server) Proxies() []Proxy {
	var out []Proxy
	for _, p := range s.list() {
		if status, ok := p.status(); ok {
			out = append(out, status)
		}
	}
	slices.SortFunc(out, func(a, b Proxy) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.Connected.Compare(b.Connected))
	})
	return out
}

// Config returns what the proxy of that ID was last sent, and false if none is connected. Of several proxies with the
// same ID it is the one that came last. What a proxy kept from an earlier control plane is not in it.
func (s *Server) Config(id string) (translate.Resources, bool) {
	newest := s.newest(id)
	if newest == nil {
		return translate.Resources{}, false
	}
	return newest.config(func(s subscription) map[string]*entry { return s.sent }), true
}

// Acknowledged returns what the proxy of that ID has acknowledged, and how far it is with what is published; false if none is
// connected. Of several proxies with the same ID it is the one that came last.
func (s *Server) Acknowledged(id string) (translate.Resources, Reached, bool) {
	newest := s.newest(id)
	if newest == nil {
		return translate.Resources{}, Reached{}, false
	}
	reached, connected := newest.has(s.Published())
	return newest.config(subscription.acknowledged), reached, connected
}

// newest is the proxy of an ID that came last, nil for none.
func (s *Server) newest(id string) (newest *proxy) {
	var since time.Time
	for _, p := range s.list() {
		if status, ok := p.status(); ok && status.ID == id && !status.Connected.Before(since) {
			newest, since = p, status.Connected
		}
	}
	return newest
}

func (s *Server) list() []*proxy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.proxies))
}

func (p *proxy) status() (Proxy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.node.connected.IsZero() {
		return Proxy{}, false
	}
	out := Proxy{
		ID: p.node.id, Cluster: p.node.cluster, Build: p.node.build, Connected: p.node.connected, Delta: p.node.delta,
		InSync: p.gates.target != nil,
	}
	for k := range kinds {
		if p.gates.subs[k].asked {
			t := p.typeStatus(k)
			out.Types = append(out.Types, t)
			out.InSync = out.InSync && t.InSync
		}
	}
	return out, true
}

func (p *proxy) typeStatus(k kind) Type {
	sub, pr := &p.gates.subs[k], &p.kinds[k]
	due, held := p.gates.next(k)
	t := Type{
		Name: k.String(), Resources: len(sub.sent), Sent: pr.responses, Acked: pr.acks, Nacked: pr.nacks,
		Refused: slices.Sorted(maps.Keys(sub.refused)), LastNACK: pr.lastNACK,
		InSync: p.gates.target != nil && due.empty() && held == waits{} && len(sub.inFlight) == 0 && len(sub.refused) == 0,
	}
	if !pr.lastNACKedAt.IsZero() {
		at := pr.lastNACKedAt
		t.LastNACKAt = &at
	}
	return t
}

// config is what the proxy has, by what of has to say of each kind.
func (p *proxy) config(of func(subscription) map[string]*entry) translate.Resources {
	p.mu.Lock()
	defer p.mu.Unlock()
	return translate.Resources{
		Clusters:  messagesOf[*clusterv3.Cluster](of(p.gates.subs[clusters])),
		Endpoints: messagesOf[*endpointv3.ClusterLoadAssignment](of(p.gates.subs[endpoints])),
		Listeners: messagesOf[*listenerv3.Listener](of(p.gates.subs[listeners])),
		Routes:    messagesOf[*routev3.RouteConfiguration](of(p.gates.subs[routes])),
		Secrets:   messagesOf[*tlsv3.Secret](of(p.gates.subs[secrets])),
	}
}

func messagesOf[M proto.Message](entries map[string]*entry) map[string]M {
	out := make(map[string]M, len(entries))
	for name, e := range entries {
		if m, ok := e.message.(M); ok {
			out[name] = m
		}
	}
	return out
}
