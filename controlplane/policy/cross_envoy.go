package policy

import (
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
	d.ownHeaders(below(path, "headers"), r.Headers)
}

func (d *decoder) ejection(path string, e model.Ejection) {
	d.ascending(path, "baseTime", e.BaseTime, "maxTime", e.MaxTime)
	if e.BaseTime == nil && e.MaxTime != nil && e.MaxTime.Std() < ejectionBase {
		d.wrong(below(path, "maxTime"), "%s is less than baseTime, which is %s where it is not written; write baseTime, too", e.MaxTime, ejectionBase)
	}
}
