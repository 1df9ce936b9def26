package policystore

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Verdict is what control planes say of a policy.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Rejected Verdict = "rejected"
)

// Status is what became of a policy. It is written to etcd, and its fields are a contract: they are added, not renamed.
type Status struct {
	Kind     model.Kind       `json:"kind"`
	Name     string           `json:"name"`
	Verdict  Verdict          `json:"verdict"`
	Revision int64            `json:"revision"` // of etcd, that was judged
	Created  int64            `json:"created"`  // the revision at which the key came into being
	When     time.Time        `json:"when"`     // it was judged
	Problems []policy.Problem `json:"problems,omitempty"`
	LastGood *Good            `json:"lastGood,omitempty"` // what is in force
	Refused  bool             `json:"refused,omitempty"`  // rejected because Envoys refuse what is made of it
}

// Good is a version of a policy that was accepted.
type Good struct {
	Revision int64  `json:"revision"`
	Text     string `json:"text"`
}

// same reports whether two statuses say the same, whenever they were written.
func (s Status) same(o Status) bool {
	return s.Kind == o.Kind && s.Name == o.Name && s.Verdict == o.Verdict && s.Revision == o.Revision && s.Created == o.Created &&
		s.Refused == o.Refused && slices.EqualFunc(s.Problems, o.Problems, sameProblem) && (s.LastGood == nil) == (o.LastGood == nil) &&
		(s.LastGood == nil || *s.LastGood == *o.LastGood)
}

// sameProblem compares what is kept of a problem.
func sameProblem(a, b policy.Problem) bool {
	a.Width, b.Width, a.Hidden, b.Hidden = 0, 0, false, false
	return a == b
}

func parseStatus(value []byte) (Status, bool) {
	var s Status
	err := json.Unmarshal(value, &s)
	return s, err == nil && s.Revision > 0
}
