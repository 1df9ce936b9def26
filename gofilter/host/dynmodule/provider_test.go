package main_test

import "github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"

// Short names for what the tests of all hosts share.
type (
	provider  = hosttest.Provider
	behaviour = hosttest.Behaviour
	call      = hosttest.Call
	peer      = hosttest.Peer
)

var (
	startProvider = hosttest.StartProvider

	echo, split, noisy  = hosttest.Echo, hosttest.Split, hosttest.Noisy
	silent, hangUp, die = hosttest.Silent, hosttest.HangUp, hosttest.Die
	garbage, huge, busy = hosttest.Garbage, hosttest.Huge, hosttest.Busy
	says, quoted        = hosttest.Says, hosttest.Quoted
)
