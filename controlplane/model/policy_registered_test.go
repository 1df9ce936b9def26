package model

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a registry says counts where no other policy says anything, whatever is named more specially.
func TestRegisteredPoliciesComeLast(t *testing.T) {
	ms := func(n int) *Duration {
		d := Duration(time.Duration(n) * time.Millisecond)
		return &d
	}
	attempts := uint32(1)
	registered := NewPolicies(
		Traffic{PolicyMeta: PolicyMeta{Name: "a", Service: "hello", Registered: true}, TrafficSettings: TrafficSettings{Timeout: ms(1), IdleTimeout: ms(1), Retry: &Retry{Attempts: &attempts}},
			Methods: map[string]MethodSettings{"ask": {Timeout: ms(2), Retry: &Retry{}}, "tell": {Timeout: ms(3)}}},
		Route{PolicyMeta: PolicyMeta{Name: "a", Service: "hello", Registered: true}},
	)
	written := NewPolicies(
		Mesh{PolicyMeta: PolicyMeta{Name: "all"}, Traffic: &TrafficSettings{Timeout: ms(10)}},
		Traffic{PolicyMeta: PolicyMeta{Name: "z"}, TrafficSettings: TrafficSettings{IdleTimeout: ms(20)}},
		Route{PolicyMeta: PolicyMeta{Name: "z"}},
	)
	got := written.Above(registered).For(Service{Name: "hello"})
	want := map[string]string{"timeout": "Mesh/all", "idleTimeout": "Traffic/z", "retry": "Traffic/a", "methods.ask.retry": "Traffic/a"}
	if diff := cmp.Diff(want, got.From); diff != "" {
		t.Error(diff)
	}
	if len(got.Methods) != 1 || len(got.Routes) != 2 || got.Routes[1].Name != "a" {
		t.Errorf("methods %v, routes %v", got.Methods, got.Routes)
	}
	if other := written.Above(written); !other.Same(written) {
		t.Error("policies that are not registered were added")
	}
}
