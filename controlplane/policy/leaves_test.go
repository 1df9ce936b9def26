package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeaves(t *testing.T) {
	got := Leaves([]byte("service: web\nrules:\n  - match: {path: /a}\n    respond: {body: \"x y\"}\n  - {timeout: 1s}\n"))
	want := []Leaf{
		{"service", "web", 1, 10}, {"rules[0].match.path", "/a", 3, 19}, {"rules[0].respond.body", "x y", 4, 21}, {"rules[1].timeout", "1s", 5, 15},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, none := range []string{"", "a: [", "- - -"} {
		if got := Leaves([]byte(none)); len(got) > 0 {
			t.Errorf("%q has %v", none, got)
		}
	}
}
