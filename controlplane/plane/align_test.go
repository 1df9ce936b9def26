package plane

import (
	"slices"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
)

// TestRevisions leaves out who has none: files, and what is not read now.
func TestRevisions(t *testing.T) {
	registered := registry.State{Sources: []registry.SourceState{
		{Name: "/dubbomesh/services/", Synced: true, Revision: 7}, {Name: "/dubbo/", Synced: true, Revision: 5, Error: "no connection"},
		{Name: "/dubbomesh/weights/", Revision: 3}, {Name: "services.yaml", Synced: true},
	}}
	if got := revisions(registered, policystore.State{Synced: true, Revision: 9}); !slices.Equal(got, []int64{7, 9}) {
		t.Error(got)
	}
	if got := revisions(registry.State{}, policystore.State{Synced: true, Revision: 9, Error: "no connection"}); len(got) != 0 {
		t.Error(got)
	}
}
