// Package blame finds the policy, and the field of it, for which an Envoy refuses a resource. Envoy says what is wrong with
// the resource; which policies changed since it took the one before is known. It is pure: it reads texts.
package blame

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/policy"
)

// Change is a policy that may be why: one that was written, changed or deleted since Envoy took the resource.
type Change struct {
	ID       string // Traffic/hello
	Revision int64  // that is in force; 0 when it was deleted
	Before   string // its text when Envoy took the resource; "" when there was none
	After    string // its text now; "" when it was deleted
}

// Suspect is a change, and where in the policy the reason probably stands.
type Suspect struct {
	Change
	Leaf   policy.Leaf // the field; zero when only the policy is known
	Quoted bool        // Envoy's words name the value of the field
	score  int
}

// Rank orders changes by how well they explain Envoy's words, the likeliest first: one of which Envoy quotes a value, then
// one whose fields have the words that Envoy uses, then what was changed last.
func Rank(words string, changes []Change) []Suspect {
	said := split(words)
	var out []Suspect
	for _, c := range changes {
		out = append(out, suspect(words, said, c))
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		return cmp.Or(-cmp.Compare(a.score, b.score), -cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// What makes one field likelier than another. A value that Envoy quotes counts more than any number of words, and that a
// field was changed more than that its words occur.
const (
	quoted  = 1000
	changed = 10
	tooLong = 900 // of the length of a quotation
)

func suspect(words string, said map[string]bool, c Change) Suspect {
	out := Suspect{Change: c}
	was := map[[2]string]bool{}
	for _, l := range policy.Leaves([]byte(c.Before)) {
		was[[2]string{l.Field, l.Text}] = true
	}
	var fresh []policy.Leaf
	best := -1
	for _, l := range policy.Leaves([]byte(c.After)) {
		if meta[l.Field] {
			continue
		}
		n := inCommon(said, l.Field)
		quotes := len(l.Text) >= shortestQuote && strings.Contains(words, l.Text)
		if quotes {
			n += quoted + min(len(l.Text), tooLong)
		}
		if !was[[2]string{l.Field, l.Text}] {
			fresh = append(fresh, l)
			if n > 0 {
				n += changed
			}
		}
		if n > best {
			best, out.Leaf, out.Quoted = n, l, quotes
		}
	}
	out.score = max(best, 0)
	if best <= 0 { // nothing tells them apart but that they were changed
		out.Leaf = policy.Leaf{}
		if len(fresh) > 0 && common(fresh) != "" {
			out.Leaf = fresh[0]
			out.Leaf.Field = common(fresh)
		}
	}
	return out
}

// meta are the fields that say which policy it is.
var meta = map[string]bool{"kind": true, "name": true, "service": true, "description": true, "paused": true}

// shortestQuote keeps values such as 1 and on, which occur in any text, from counting as quoted.
const shortestQuote = 4

// common is the path that fields share.
func common(list []policy.Leaf) string {
	path := list[0].Field
	for _, l := range list[1:] {
		for path != "" && l.Field != path && !strings.HasPrefix(l.Field, path+".") && !strings.HasPrefix(l.Field, path+"[") {
			path = path[:max(0, strings.LastIndexAny(path, ".["))]
		}
	}
	return path
}
