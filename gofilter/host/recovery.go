package host

import (
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/recovery"
)

// LoadRecovery reads the recovery of a route and returns the one that all routes with these settings share; recoveries.Release
// gives it back. A panic becomes an error.
func LoadRecovery(recoveries *recovery.Set, text []byte) (r *recovery.Recovery, err error) {
	defer caught("reading a recovery", &err)
	settings, err := config.ParseRecovery(text)
	if err != nil {
		return nil, err
	}
	return recoveries.Take(settings), nil
}

// Pool is what Envoy says of the cluster that a call goes to.
type Pool struct {
	Cluster        []byte
	Worker         uint32 // that asks
	Total, Healthy int    // instances
}

// ChooseInstance says to which instance a call should go that begins now, "" for the one that Envoy chooses, and what
// InstanceAnswered wants to know of the call. After a panic, which is reported to log, it is the one that Envoy chooses.
func ChooseInstance(r *recovery.Recovery, p Pool, now int64, log func(message string)) (instance string, call uint64, events Event) {
	events = Panicked
	guarded("choosing an instance", func() {
		instance, call = r.Choose(p.Worker, p.Cluster, now, p.Total, p.Healthy)
		events = 0
	}, log)
	return instance, call, events
}

// InstanceAnswered tells a recovery which instance has answered a call, and whether it is the one that ChooseInstance had said.
func InstanceAnswered(r *recovery.Recovery, worker uint32, call uint64, began int64, instance []byte, led bool, log func(message string)) (events Event) {
	events = Panicked
	guarded("learning which instance answered", func() {
		r.Answered(worker, call, began, instance, led)
		events = 0
	}, log)
	return events
}
