package host_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

func TestClosed(t *testing.T) {
	closed := &transcode.Response{Status: http.StatusServiceUnavailable, Reset: true}
	broken := &transcode.Response{Status: http.StatusInternalServerError}
	for name, c := range map[string]struct {
		core *script
		want host.Step
	}{
		"answered by the core": {&script{answers: map[string]*transcode.Response{"": closed}}, host.Step{Response: closed}},
		"no answer":            {&script{}, host.Step{Response: broken}},
		"panic":                {&script{panicAt: "upstream "}, host.Step{Response: broken, Events: host.Panicked}},
	} {
		t.Run(name, func(t *testing.T) {
			x := host.NewExchange(c.core, func(string) {})
			x.Begin(nil, head)
			x.Request(nil, true)
			if d := cmp.Diff(c.want, x.Closed()); d != "" {
				t.Errorf("step (-want +got):\n%s", d)
			}
			if d := cmp.Diff(host.Step{}, x.Closed()); d != "" {
				t.Errorf("again (-want +got):\n%s", d)
			}
		})
	}
}
