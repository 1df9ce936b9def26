package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/plan"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// PlanRequest asks what a change of policies would do.
type PlanRequest struct {
	Policies []Document `json:"policies"`         // that would be applied
	Prune    bool       `json:"prune,omitempty"`  // those that are not among them would be deleted
	Static   bool       `json:"static,omitempty"` // the outcome is wanted as a configuration of Envoy, too
}

// Document is a text with one or more policies.
type Document struct {
	File string `json:"file"` // where it is from, for errors
	Text string `json:"text"` // YAML or JSON
}

// Planned is what a change of policies would do.
type Planned struct {
	plan.Plan
	Static json.RawMessage `json:"static,omitempty"` // static_resources of an Envoy with the outcome
}

// maxPlan bounds what is taken for one plan, in bytes.
const maxPlan = 64 << 20

// routePlan adds the part of the API that tells what would be. Each answer costs a translation of the whole mesh: there is
// one at a time.
func (s server) routePlan(mux *http.ServeMux, opt translate.Options) {
	turn := make(chan struct{}, 1)
	inTurn := func(answer func(http.ResponseWriter, *http.Request, translate.Options)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			select {
			case turn <- struct{}{}:
				defer func() { <-turn }()
				answer(w, r, opt)
			case <-r.Context().Done():
			}
		}
	}
	mux.HandleFunc("POST /api/plan", inTurn(s.plan))
	mux.HandleFunc("POST /api/explain", inTurn(s.explain))
}

func (s server) plan(w http.ResponseWriter, r *http.Request, opt translate.Options) {
	var asked PlanRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPlan)).Decode(&asked); err != nil {
		s.fail(w, http.StatusBadRequest, fmt.Sprintf("the request is no JSON of a plan: %v; send {\"policies\": [{\"file\": …, \"text\": …}]}", err))
		return
	}
	if err := s.mesh.Ready(); err != nil {
		s.fail(w, http.StatusServiceUnavailable, "the control plane does not know the mesh yet: "+err.Error())
		return
	}
	said, err := read(asked.Policies)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err.Error())
		return
	}
	var there []model.Policy
	for _, i := range s.policyItems() {
		if i.Good != nil {
			there = append(there, i.Good)
		}
	}
	made, resources := plan.Make(plan.Change{
		Snapshot: s.mesh.State().Snapshot, Before: there, After: plan.Overlay(there, said, asked.Prune), Options: opt,
	})
	out := Planned{Plan: made}
	out.Groups = s.groups(made)
	if asked.Static {
		if out.Static, err = plan.Static(resources); err != nil {
			s.log.Error("the API cannot show a plan", "error", err)
			s.fail(w, http.StatusInternalServerError, err.Error())
			return
		}
	}
	s.write(w, out)
}

// read reads policies that were sent; one with an error is an error of the request.
func read(documents []Document) (list []model.Policy, err error) {
	for _, d := range documents {
		for _, p := range policy.Parse(d.File, []byte(d.Text)) {
			if err := p.Err(); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", d.File, p.ID(), err)
			}
			list = append(list, p.Policy)
		}
	}
	return list, nil
}

// groups counts the proxies that a plan would reach: those that have something of what would change, and all when
// something would be added, since each is sent all there is.
func (s server) groups(p plan.Plan) []plan.Group {
	out := []plan.Group{}
	at := map[string]int{}
	for _, proxy := range s.mesh.Proxies() {
		i, known := at[proxy.Cluster]
		if !known {
			i = len(out)
			at[proxy.Cluster] = i
			out = append(out, plan.Group{Name: proxy.Cluster})
		}
		out[i].Proxies++
		if sent, ok := s.mesh.Config(proxy.ID); ok && p.Reaches(sent) {
			out[i].Touched++
		}
	}
	return out
}

// Plan asks what a change of policies would do.
func (c *Client) Plan(ctx context.Context, asked PlanRequest) (Planned, error) {
	var out Planned
	text, err := json.Marshal(asked)
	if err != nil {
		return out, err
	}
	body, err := c.call(ctx, http.MethodPost, "/api/plan", bytes.NewReader(text))
	if err == nil && json.Unmarshal(body, &out) != nil {
		err = fmt.Errorf("what answers at %s is not a dubbomesh control plane: POST /api/plan yields something else than expected; --api says where else to look", c.address)
	}
	return out, err
}
