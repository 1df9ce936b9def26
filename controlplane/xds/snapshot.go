package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// entry is one resource as it goes over the wire. It never changes.
type entry struct {
	name    string
	version string        // hash of the content
	digest  string        // of the message alone
	since   uint64        // the publication that brought this version; 0 for what came from an earlier stream
	changes []uint64      // the publications that brought the versions until this one, its own last; at most changesKept
	message proto.Message // nil for what a proxy brought along from an earlier stream and that is unknown here
	packed  *anypb.Any
}

// changesKept bounds how far back it is known which publications changed a resource.
const changesKept = 64

// instead is the publication that brought the version before; 0 for none.
func (e *entry) instead() uint64 {
	if len(e.changes) < 2 {
		return 0
	}
	return e.changes[len(e.changes)-2]
}

// snapshot is everything that was published together. It never changes.
type snapshot struct {
	number uint64 // of the publication, from 1
	byKind [kinds]map[string]*entry
}

// newSnapshot gives every resource its version. A message that was already in prev is not marshalled again. What does
// not marshal is left out alone, and in the errors.
func newSnapshot(prev *snapshot, r translate.Resources) (*snapshot, []error) {
	if prev == nil {
		prev = &snapshot{}
	}
	s := &snapshot{number: prev.number + 1}
	var errs []error
	s.byKind[clusters] = entries(s.number, prev.byKind[clusters], r.Clusters, nil, &errs)
	// The version of endpoints has that of their cluster in it. Envoy waits for endpoints when it gets a new version of
	// a cluster, but does not ask for them again, so they must count as changed.
	s.byKind[endpoints] = entries(s.number, prev.byKind[endpoints], r.Endpoints, s.byKind[clusters], &errs)
	s.byKind[listeners] = entries(s.number, prev.byKind[listeners], r.Listeners, nil, &errs)
	s.byKind[routes] = entries(s.number, prev.byKind[routes], r.Routes, nil, &errs)
	s.byKind[secrets] = entries(s.number, prev.byKind[secrets], r.Secrets, nil, &errs)
	return s, errs
}

func entries[M proto.Message](number uint64, prev map[string]*entry, messages map[string]M, owners map[string]*entry, errs *[]error) map[string]*entry {
	out := make(map[string]*entry, len(messages))
	for name, m := range messages {
		salt := ""
		if owner := owners[name]; owner != nil {
			salt = "." + owner.version
		}
		old := prev[name]
		if old == nil || old.message != proto.Message(m) {
			packed := &anypb.Any{}
			if err := anypb.MarshalFrom(packed, m, proto.MarshalOptions{Deterministic: true}); err != nil {
				*errs = append(*errs, fmt.Errorf("resource %q left out, it does not marshal: %w", name, err))
				continue
			}
			sum := sha256.Sum256(packed.Value)
			next := &entry{name: name, digest: hex.EncodeToString(sum[:8]), message: m, packed: packed}
			if old != nil && old.digest == next.digest {
				next.version, next.since, next.changes = old.version, old.since, old.changes
			}
			old = next
		}
		if old.version != old.digest+salt {
			fresh := *old
			fresh.version, fresh.since, fresh.changes = old.digest+salt, number, []uint64{number}
			if before := prev[name]; before != nil {
				kept := before.changes[max(0, len(before.changes)-changesKept+1):]
				fresh.changes = append(slices.Clone(kept), number)
			}
			old = &fresh
		}
		out[name] = old
	}
	return out
}
