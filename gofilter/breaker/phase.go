package breaker

import (
	"math"
	"sync/atomic"
)

// State is that of a breaker.
type State int32

// The states; the larger the number, the fewer calls get through.
const (
	Closed     State = iota // all calls are made
	Recovering              // a share of them, which grows
	HalfOpen                // a few, to see how it goes
	Open                    // none
)

var stateNames = [...]string{"closed", "recovering", "half-open", "open"}

// String is the state's name.
func (s State) String() string { return stateNames[s] }

// States is how many there are.
const States = len(stateNames)

// phase is the time that a breaker is in a state. What calls of another phase come to does not count in it.
type phase struct {
	turn  uint64 // tells it from all others in the process
	state State
	since int64
	until int64 // of Open: when it ends; of HalfOpen: when its calls are given up

	window *window // of Closed and Recovering

	_       [64]byte
	left    atomic.Int64  // HalfOpen: calls that may be made
	asked   atomic.Uint64 // Recovering: calls that came
	answers struct{ calls, failed, slow atomic.Int64 }
}

// lastTurn numbers phases.
var lastTurn atomic.Uint64

func newPhase(state State, now int64) *phase {
	return &phase{turn: lastTurn.Add(1), state: state, since: now}
}

// letIn says whether the next call is one of the share (0 to 1) that is let in. Those that are lie evenly among all, and
// not at equal distances, lest callers that take turns are always the same ones.
func (p *phase) letIn(share float64) bool {
	const golden = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	return float64(p.asked.Add(1)*golden) < share*math.MaxUint64
}
