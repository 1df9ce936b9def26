package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What Envoy refuses is told here first, in better words. What is not known here it says itself, and the policy is withdrawn.
const (
	largestResponse = 4096             // bytes of a body that no service gave
	ejectionBase    = 30 * time.Second // where no policy says how long an instance is out
)

func (d *decoder) response(path string, r model.Response) {
	if n := len(r.Body); n > largestResponse {
		d.wrong(below(path, "body"), "has %d bytes; Envoy gives at most %d itself: let a service answer", n, largestResponse)
	}
}

// headerChange notes the host among the headers: Envoy has it in another place.
func (d *decoder) headerChange(path string, h model.HeaderChange) {
	for _, change := range []struct {
		field string
		names []string
	}{{"set", slices.Sorted(maps.Keys(h.Set))}, {"add", slices.Sorted(maps.Keys(h.Add))}} {
		for _, name := range change.names {
			if strings.EqualFold(name, "host") {
				d.wrong(below(path, change.field)+"["+name+"]", "the host is no header that can be changed; write rewrite: {host: …}")
			}
		}
	}
	for i, name := range h.Remove {
		if strings.EqualFold(name, "host") {
			d.wrong(indexed(below(path, "remove"), i), "a request has a host; write rewrite: {host: …} for another one")
		}
	}
}

func (d *decoder) ejection(path string, e model.Ejection) {
	d.ascending(path, "baseTime", e.BaseTime, "maxTime", e.MaxTime)
	if e.BaseTime == nil && e.MaxTime != nil && e.MaxTime.Std() < ejectionBase {
		d.wrong(below(path, "maxTime"), "%s is less than baseTime, which is %s where it is not written; write baseTime, too", e.MaxTime, ejectionBase)
	}
}
