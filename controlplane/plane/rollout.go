package plane

import (
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

// publication is what the proxies were given first that had policies of a revision in it.
type publication struct {
	revision int64  // of the policies
	number   uint64 // as the delivery counts
	at       time.Time
}

// publicationsKept bounds how far back it is known which publication brought which policy.
const publicationsKept = 1000

// noted adds the last publication to those that are known. Callers hold mu.
func (f *feed) noted(number uint64, revision int64, at time.Time) {
	if n := len(f.publications); n > 0 && f.publications[n-1].revision >= revision {
		return
	}
	f.publications = append(f.publications, publication{revision, number, at})
	if len(f.publications) > publicationsKept {
		f.publications = slices.Delete(f.publications, 0, 1)
	}
}

// Rollout tells how far the proxies of this control plane are with the policies of a revision.
func (f *feed) Rollout(revision int64) api.Rollout {
	f.mu.Lock()
	at := slices.IndexFunc(f.publications, func(p publication) bool { return p.revision >= revision })
	var p publication
	if at >= 0 {
		p = f.publications[at]
	}
	f.mu.Unlock()
	if at < 0 {
		return api.Rollout{Proxies: len(f.delta.Proxies())}
	}
	out := api.Rollout{Published: true}
	var last time.Time
	for _, r := range f.delta.Reached(p.number) {
		out.Proxies++
		switch {
		case !r.At.IsZero():
			out.Acknowledged++
			if r.Connected.Before(p.at) && r.At.After(last) {
				last = r.At
			}
		case len(r.Refused) > 0:
			out.Refused = append(out.Refused, api.Refusal{Proxy: r.ID, Resources: r.Refused, Text: r.Text})
		default:
			out.Pending = append(out.Pending, r.ID)
		}
	}
	if out.Acknowledged == out.Proxies && last.After(p.at) {
		out.Took = last.Sub(p.at).Round(time.Millisecond).String()
	}
	return out
}
