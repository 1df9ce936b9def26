package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/schemas"
)

// Policy is one policy and what became of it.
type Policy struct {
	Kind     model.Kind          `json:"kind"`
	Name     string              `json:"name"`
	Service  string              `json:"service,omitempty"`
	Verdict  policystore.Verdict `json:"verdict"`
	Paused   bool                `json:"paused,omitempty"`
	Revision int64               `json:"revision"`          // of etcd, that was judged
	InForce  int64               `json:"inForce,omitempty"` // the revision that is in force; 0 for none, or when the kind has no effect yet
	Problems []policy.Problem    `json:"problems,omitempty"`
	LeftOut  bool                `json:"leftOut,omitempty"` // it is not in force everywhere, as notes say
	Notes    []string            `json:"notes,omitempty"`   // what could not be made of it, and what it names that there is not
	Kept     *time.Time          `json:"kept,omitempty"`    // until when it stays in force though etcd lost it; nil for one that stands in etcd
	Key      string              `json:"key"`
	Text     string              `json:"text,omitempty"` // as it stands in etcd, when one policy is asked for
	Rollout  *Rollout            `json:"rollout,omitempty"`
}

// Rollout is how far the proxies of all control planes are with the version of a policy that was written last, or is in
// force when that one was rejected. A proxy counts as soon as it has acknowledged everything that was published with it.
type Rollout struct {
	Published     bool      `json:"published"`         // it was handed to delivery
	ControlPlanes int       `json:"controlPlanes"`     // that say so
	Proxies       int       `json:"proxies"`           // that are connected
	Acknowledged  int       `json:"acknowledged"`      // of them
	Pending       []string  `json:"pending,omitempty"` // that have not answered yet, and for what else
	Refused       []Refusal `json:"refused,omitempty"`
	Took          string    `json:"took,omitempty"` // duration, once all that were connected then have it
}

// Done reports whether every connected proxy has it.
func (r Rollout) Done() bool { return r.Published && r.Acknowledged == r.Proxies }

// Refusal is a proxy that does not take what was published.
type Refusal struct {
	Proxy     string   `json:"proxy"`
	Resources []string `json:"resources,omitempty"` // that it refuses; none once the policy is withdrawn
	Policy    string   `json:"policy,omitempty"`    // that is probably why
	Field     string   `json:"field,omitempty"`     // of the policy
	Text      string   `json:"text"`                // Envoy's words
}

// String says what a proxy refuses, and why.
func (r Refusal) String() string {
	text := r.Proxy + " refuses " + strings.Join(r.Resources, ", ")
	if len(r.Resources) == 0 {
		text = r.Proxy + " refuses it"
	}
	if r.Field != "" {
		text += " because of " + r.Field
	}
	return text + ": " + r.Text
}

// routePolicies adds the part of the API that is about policies.
func (s server) routePolicies(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/policies", s.listPolicies)
	mux.HandleFunc("GET /api/policies/{kind}/{name}", s.onePolicy)
	mux.HandleFunc("GET /api/rollout", s.rolledOut)
	mux.HandleFunc("GET /schemas/{file}", s.schema)
}

func (s server) listPolicies(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Query().Get("kind")
	list := []Policy{}
	snap, problems, reached := s.snapshot(), s.mesh.Problems(), s.reached()
	for _, i := range s.policyItems() {
		if kind == "" || string(i.Status.Kind) == kind {
			list = append(list, s.viewPolicy(i, snap, problems, reached))
		}
	}
	s.write(w, list)
}

func (s server) onePolicy(w http.ResponseWriter, r *http.Request) {
	kind, name := r.PathValue("kind"), r.PathValue("name")
	items := s.policyItems()
	at := slices.IndexFunc(items, func(i policystore.Item) bool { return string(i.Status.Kind) == kind && i.Status.Name == name })
	if at < 0 {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("there is no policy %s/%s; `dubbomesh get` (/api/policies) lists them", kind, name))
		return
	}
	view := s.viewPolicy(items[at], s.snapshot(), s.mesh.Problems(), s.reached())
	view.Text = items[at].Text
	s.write(w, view)
}

// rolledOut tells how far proxies are with all policies as of a revision, those that ended by then too.
func (s server) rolledOut(w http.ResponseWriter, r *http.Request) {
	revision, err := strconv.ParseInt(r.URL.Query().Get("revision"), 10, 64)
	if err != nil || revision < 1 {
		s.fail(w, http.StatusBadRequest, fmt.Sprintf("revision is %q: write a revision of etcd", r.URL.Query().Get("revision")))
		return
	}
	var out Rollout
	if reached := s.reached(); reached != nil {
		out = reached("", revision)
	}
	s.write(w, out)
}

func (s server) policyItems() []policystore.Item {
	if s.policies == nil {
		return nil
	}
	return s.policies().Items()
}

// reached tells how far proxies are with versions of policies; nil when that is not known.
func (s server) reached() func(policy string, revision int64) Rollout {
	if s.rollout == nil {
		return nil
	}
	return s.rollout()
}

// mostNotes bounds what is told of one policy: one for all services may have something to tell of each.
const mostNotes = 20

// viewPolicy shows a policy together with what is known besides.
func (s server) viewPolicy(i policystore.Item, snap model.Snapshot, problems []model.Problem, reached func(string, int64) Rollout) Policy {
	view := Policy{
		Kind: i.Status.Kind, Name: i.Status.Name, Verdict: i.Status.Verdict,
		Revision: i.Status.Revision, Problems: i.Status.Problems, Key: i.Key,
	}
	if i.Good != nil {
		view.Service, view.Paused = i.Good.Meta().Service, i.Good.Meta().Paused
		references := policy.References(i.Good, snap)
		if i.Status.Verdict == policystore.Accepted { // else the text is another one
			references = policy.Place(i.Status.Kind, i.Status.Name, i.Text, references)
		}
		for _, p := range references {
			p.Warning = false // which goes without saying
			view.Notes = append(view.Notes, p.String())
		}
	}
	more := 0
	for _, p := range problems {
		if i.Status.Verdict == policystore.Accepted && (p.Key == i.Key || p.Key == string(i.Status.Kind)+"/"+i.Status.Name) {
			view.LeftOut = view.LeftOut || p.LeftOut
			if len(view.Notes) >= mostNotes {
				more++
				continue
			}
			view.Notes = append(view.Notes, p.Reason)
		}
	}
	if more > 0 {
		view.Notes = append(view.Notes, fmt.Sprintf("and %d more of the kind, which `dubbomesh problems` lists", more))
	}
	if !i.Kept.IsZero() {
		view.Kept = &i.Kept
	}
	if i.Status.LastGood != nil && !view.Paused && policy.Effective(i.Status.Kind) {
		view.InForce = i.Status.LastGood.Revision
		if reached != nil && view.Kept == nil { // else its revision is one of other data
			r := reached(string(view.Kind)+"/"+view.Name, view.InForce)
			view.Rollout = &r
		}
	}
	return view
}

func (s server) schema(w http.ResponseWriter, r *http.Request) {
	text, err := schemas.Files.ReadFile(r.PathValue("file"))
	if err != nil {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("there is no schema %q; /schemas/policy.json covers every kind", r.PathValue("file")))
		return
	}
	w.Header().Set("content-type", "application/schema+json")
	_, _ = w.Write(text)
}
