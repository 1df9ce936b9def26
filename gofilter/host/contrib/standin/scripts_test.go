package standin_test

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// What this host cannot do as the other one does: it cannot close a provider's connection, so it answers when the
// provider or the route's timeout has.
var differences = map[string]hosttest.Reply{
	"declares too much": {Status: 504},
}

func TestScripts(t *testing.T) { hosttest.Run(t, start, differences) }
