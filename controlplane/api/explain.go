package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// ExplainRequest asks what becomes of a request.
type ExplainRequest struct {
	Verb    string            `json:"verb"`
	Host    string            `json:"host"`
	Path    string            `json:"path"`           // with the query
	Port    uint32            `json:"port,omitempty"` // of the gateway, of those that Gateway policies open; by default one of the settings
	Headers map[string]string `json:"headers,omitempty"`
	Proxy   string            `json:"proxy,omitempty"` // by what this proxy was sent and did not refuse; else by what policies make now

	Arguments    map[string]string `json:"arguments,omitempty"`    // of the call, by path: 0.user.id
	SourceIP     netip.Addr        `json:"sourceIp,omitzero"`      // of who calls
	SourceZone   string            `json:"sourceZone,omitempty"`   // of the proxy that is called
	SourceLabels map[string]string `json:"sourceLabels,omitempty"` // of the proxy that is called
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
		Port: asked.Port, Snapshot: s.snapshot(), Options: opt,
	}
	if asked.Proxy != "" {
		live, ok := s.mesh.Config(asked.Proxy)
		if !ok {
			s.fail(w, http.StatusNotFound, fmt.Sprintf("no proxy %q is connected; `dubbomesh proxies` (/api/proxies) lists them", asked.Proxy))
			return
		}
		q.Live = &live
	}
	out, err := explain.Explain(q)
	if err != nil {
		s.fail(w, http.StatusUnprocessableEntity, "the route cannot be told: "+err.Error())
		return
	}
	out.Proxy = asked.Proxy
	s.write(w, out)
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
