package host

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/arguments"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestFindArguments(t *testing.T) {
	plan := arguments.NewPlan(config.Arguments{Paths: []string{"0"}}, config.DefaultMaxBytes)
	head := []Field{{Name: []byte("content-type"), Value: []byte("application/json")}}
	for _, parts := range [][][]byte{{[]byte(`["ann"]`)}, {[]byte(`["a`), nil, []byte(`nn"]`)}} {
		var f arguments.Finder
		events := FindArguments(&f, plan, head, parts, func(string) { t.Error("logged") })
		if value, there := f.Value(0); string(value) != "ann" || !there || events != 0 {
			t.Errorf("%q: %q, %v", parts, value, events)
		}
	}
}

// brokenFinder is a finder that fails.
type brokenFinder struct{ resets int }

func (b *brokenFinder) Reset(*arguments.Plan) { b.resets++ }
func (b *brokenFinder) Header(_, _ []byte)    {}
func (b *brokenFinder) Find([]byte)           { panic("no luck") }

func TestFindArgumentsPanics(t *testing.T) {
	var log string
	b := new(brokenFinder)
	events := FindArguments(b, nil, nil, nil, func(message string) { log = message })
	if events != Panicked || b.resets != 2 || !strings.Contains(log, "no luck") {
		t.Errorf("%v, %d resets, log %q", events, b.resets, log)
	}
}
