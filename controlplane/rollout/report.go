// Package rollout tells how far policies have come: each control plane reports what its own Envoys have acknowledged, and
// the reports of all of them together say it of the mesh. It is pure; who writes and reads reports is the caller's business.
package rollout

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Report is what one control plane says of its Envoys. It is written to etcd, and its fields are a contract: they are
// added, not renamed.
type Report struct {
	ControlPlane string      `json:"controlPlane"`        // host:port of its API, with the host's name
	Published    int64       `json:"published"`           // revision of the policies that its Envoys are given; 0 for none yet
	Proxies      []Proxy     `json:"proxies"`             // sorted by ID
	Withdrawn    []Withdrawn `json:"withdrawn,omitempty"` // policies that its Envoys refused
	Took         []Took      `json:"took,omitempty"`      // of the last revisions that all of its Envoys acknowledged, oldest first
}

// Proxy is an Envoy that is connected.
type Proxy struct {
	ID        string    `json:"id"`
	Connected time.Time `json:"connected"`
	Revision  int64     `json:"revision"`          // it has acknowledged all that was published of policies up to here, but for what it refuses
	Refused   []Refusal `json:"refused,omitempty"` // what it does not take at the moment
}

// Refusal is a resource that an Envoy does not take.
type Refusal struct {
	Type     string `json:"type"`
	Resource string `json:"resource"`
	Text     string `json:"text"`               // Envoy's words
	Policy   string `json:"policy,omitempty"`   // that is probably why: Traffic/hello
	Field    string `json:"field,omitempty"`    // of it
	Revision int64  `json:"revision,omitempty"` // of it
	Lacks    []Span `json:"lacks,omitempty"`    // what was published with a change of the resource that it therefore does not have, ascending
}

// Span is the revisions of policies after one until another.
type Span struct {
	After int64 `json:"after"`
	Until int64 `json:"until"`
}

// lacks reports whether a resource was changed by what was published with a revision, and the Envoy does not have that.
func (r Refusal) lacks(revision int64) bool {
	return slices.ContainsFunc(r.Lacks, func(s Span) bool { return s.After < revision && revision <= s.Until })
}

func (r Refusal) same(o Refusal) bool {
	return r.Type == o.Type && r.Resource == o.Resource && r.Text == o.Text && r.Policy == o.Policy && r.Field == o.Field &&
		r.Revision == o.Revision && slices.Equal(r.Lacks, o.Lacks)
}

// String says what is refused, and why.
func (r Refusal) String() string {
	text := fmt.Sprintf("refuses %s %s", r.Type, r.Resource)
	if r.Policy != "" {
		text += " because of " + r.Policy
	}
	if r.Field != "" {
		text += ", " + r.Field
	}
	return text + ": " + r.Text
}

// Withdrawn is a version of a policy that is not in force because Envoys refused it.
type Withdrawn struct {
	Policy   string `json:"policy"`
	Revision int64  `json:"revision"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Field    string `json:"field,omitempty"`
	Reason   string `json:"reason"`
}

// Took is how long it was from a publication until all Envoys had acknowledged it.
type Took struct {
	Revision int64 `json:"revision"` // of the policies, that it was the first with
	Millis   int64 `json:"ms"`
}

// Parse reads a report.
func Parse(text []byte) (Report, bool) {
	var r Report
	err := json.Unmarshal(text, &r)
	return r, err == nil && r.ControlPlane != ""
}

// Same reports whether two reports say the same.
func (r Report) Same(o Report) bool {
	return r.ControlPlane == o.ControlPlane && r.Published == o.Published && slices.Equal(r.Took, o.Took) &&
		slices.Equal(r.Withdrawn, o.Withdrawn) && slices.EqualFunc(r.Proxies, o.Proxies, func(a, b Proxy) bool {
		return a.ID == b.ID && a.Connected.Equal(b.Connected) && a.Revision == b.Revision && slices.EqualFunc(a.Refused, b.Refused, Refusal.same)
	})
}

// took is how long it took until the Envoys had a revision.
func (r Report) took(revision int64) (time.Duration, bool) {
	for _, t := range r.Took {
		if t.Revision >= revision {
			return time.Duration(t.Millis) * time.Millisecond, true
		}
	}
	return 0, false
}
