package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// ExplainRequest asks what becomes of a request.
type ExplainRequest struct {
	Verb    string            `json:"verb"`
	Service string            `json:"service,omitempty"` // that the request is meant for; one that is not there is an error
	Host    string            `json:"host"`              // by default none that a service has
	Path    string            `json:"path"`              // with the query; that of an HTTP service may stand without /{service} when there is no host
	Port    uint32            `json:"port,omitempty"`    // of the gateway; by default that of the settings, whoever has it
	Headers map[string]string `json:"headers,omitempty"`
	Proxy   string            `json:"proxy,omitempty"` // by what this proxy has acknowledged; else by what policies make now

	Arguments    map[string]string `json:"arguments,omitempty"`    // of the call, by path: 0.user.id
	SourceIP     netip.Addr        `json:"sourceIp,omitzero"`      // of who calls
	SourceZone   string            `json:"sourceZone,omitempty"`   // of the proxy that is called
	SourceLabels map[string]string `json:"sourceLabels,omitempty"` // of the proxy that is called
}

// Acknowledged is what a proxy has acknowledged.
type Acknowledged struct {
	Config   translate.Resources
	Behind   *explain.Behind // nil when that is all that is published
	Policies []model.Policy  // those that it is made of, if Behind says that they are known
}

// maxExplain bounds what is taken for one question, in bytes.
const maxExplain = 1 << 20

// explain tells what becomes of a request.
func (s server) explain(w http.ResponseWriter, r *http.Request, opt translate.Options) {
	var asked ExplainRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxExplain)).Decode(&asked); err != nil {
		s.fail(w, http.StatusBadRequest, fmt.Sprintf("the request is no JSON of a question: %v; send {\"verb\": …, \"host\": …, \"path\": …}", err))
		return
	}
	if err := s.mesh.Ready(); err != nil {
		s.fail(w, http.StatusServiceUnavailable, "the control plane does not know the mesh yet: "+err.Error())
		return
	}
	q := explain.Question{
		Request: routing.Request{
			Host: asked.Host, Path: asked.Path, Verb: asked.Verb, Headers: asked.Headers, Arguments: asked.Arguments,
			Source: routing.Source{Address: asked.SourceIP, Zone: asked.SourceZone, Labels: asked.SourceLabels},
		},
		Service: asked.Service, Port: asked.Port, Snapshot: s.snapshot(), Options: opt,
	}
	if asked.Proxy != "" && !s.by(asked.Proxy, &q) {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("no proxy %q is connected; `dubbomesh proxies` (/api/proxies) lists them", asked.Proxy))
		return
	}
	out, err := explain.Explain(q)
	var unknown explain.UnknownService
	if errors.As(err, &unknown) {
		s.fail(w, http.StatusNotFound, err.Error())
		return
	}
	if err != nil {
		s.fail(w, http.StatusUnprocessableEntity, "the route cannot be told: "+err.Error())
		return
	}
	out.Proxy = asked.Proxy
	s.write(w, out)
}

// by has a question judged by what a proxy has, and by the policies of then; false when it is not connected.
func (s server) by(proxy string, q *explain.Question) bool {
	if s.acknowledged == nil {
		live, connected := s.mesh.Config(proxy)
		q.Live = &live
		return connected
	}
	has, connected := s.acknowledged(proxy)
	q.Live, q.Behind = &has.Config, has.Behind
	if q.Behind == nil {
		return connected
	}
	if q.Behind.Policies {
		q.Snapshot.Policies = model.NewPolicies(has.Policies...).Above(s.mesh.State().Snapshot.Policies)
	}
	if q.Behind.Revision == 0 {
		q.Live = nil // it has nothing to judge by
	}
	return connected
}

// Explain asks what becomes of a request.
func (c *Client) Explain(ctx context.Context, asked ExplainRequest) (explain.Explanation, error) {
	var out explain.Explanation
	text, err := json.Marshal(asked)
	if err != nil {
		return out, err
	}
	body, err := c.call(ctx, http.MethodPost, "/api/explain", bytes.NewReader(text))
	if err == nil && json.Unmarshal(body, &out) != nil {
		err = fmt.Errorf("what answers at %s is not a dubbomesh control plane: POST /api/explain yields something else than expected; --api says where else to look", c.address)
	}
	return out, err
}
