package main_test

import (
	"fmt"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// The table of scripts that every host passes.
func TestScripts(t *testing.T) {
	hosttest.Run(t, func(t *testing.T, routes ...hosttest.Route) string {
		var all []route
		for _, r := range routes {
			all = append(all, route{prefix: r.Prefix, providers: r.Providers, options: fmt.Sprintf("timeout: %.1fs", r.Timeout.Seconds())})
		}
		return startRig(t, all...).url
	}, nil)
}
