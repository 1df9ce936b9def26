package registry

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// guardStep is what is registered at a moment, and what protection makes of it.
type guardStep struct {
	after   time.Duration // since the step before
	live    []int         // instances that serve
	drained []int         // instances that are draining
	leaving []int         // instances that go away now having announced it
	held    []int         // instances that are kept
}

func TestGuard(t *testing.T) {
	const second = time.Second
	for name, steps := range map[string][]guardStep{
		"one of three":                   {{live: []int{1, 2, 3}}, {live: []int{1, 2}}},
		"exactly half":                   {{live: []int{1, 2}}, {live: []int{1}}},
		"the only one":                   {{live: []int{1}}, {held: []int{1}}},
		"all at once":                    {{live: []int{1, 2, 3}}, {held: []int{1, 2, 3}}},
		"most, one after another":        {{live: []int{1, 2, 3}}, {live: []int{1, 2}, after: second}, {live: []int{1}, after: second, held: []int{2, 3}}},
		"slower than the window":         {{live: []int{1, 2, 3}}, {live: []int{1, 2}, after: second}, {live: []int{1}, after: 16 * second}},
		"the last one, however slow":     {{live: []int{1, 2}}, {live: []int{1}, after: second}, {after: 16 * second, held: []int{1}}},
		"the hold ends":                  {{live: []int{1}}, {held: []int{1}}, {after: 59 * second, held: []int{1}}, {after: second}, {after: second}},
		"each is held from when it went": {{live: []int{1, 2}}, {live: []int{1}}, {held: []int{1, 2}}, {after: 60 * second}},
		"back, then gone again": {
			{live: []int{1}}, {held: []int{1}}, {live: []int{1}, after: 30 * second}, {after: 59 * second, held: []int{1}},
			{after: 59 * second, held: []int{1}}, {after: second},
		},
		"back as draining":          {{live: []int{1, 2}}, {held: []int{1, 2}}, {drained: []int{1}, held: []int{2}}},
		"ended while it is kept":    {{live: []int{1, 2}}, {held: []int{1, 2}}, {leaving: []int{1}, held: []int{2}}, {leaving: []int{2}}},
		"drained":                   {{live: []int{1, 2, 3}}, {live: []int{1}, drained: []int{2, 3}}, {live: []int{1}}},
		"drained do not count":      {{live: []int{1, 2, 3, 4}}, {live: []int{1, 2}, drained: []int{3, 4}}, {live: []int{1}}},
		"drained and deleted":       {{live: []int{1, 2, 3}}, {leaving: []int{1, 2, 3}}},
		"drained down to the last":  {{live: []int{1, 2}}, {live: []int{1}, leaving: []int{2}}, {held: []int{1}}},
		"replaced by as many":       {{live: []int{1, 2}}, {held: []int{1, 2}}, {live: []int{3}, held: []int{1, 2}}, {live: []int{3, 4}}},
		"rolled over one by one":    {{live: []int{1, 2, 3}}, {live: []int{2, 3}}, {live: []int{2, 3, 4}}, {live: []int{3, 4}}, {live: []int{3, 4, 5}}, {live: []int{4, 5}}},
		"growing and shrinking":     {{live: []int{1}}, {live: []int{1, 2, 3, 4}}, {live: []int{4}, held: []int{1, 2, 3}}},
		"never served":              {{drained: []int{1}}, {}},
		"the rest vanishes as well": {{live: []int{1, 2, 3, 4}}, {live: []int{1}, held: []int{2, 3, 4}}, {after: 30 * second, held: []int{1, 2, 3, 4}}, {after: 30 * second, held: []int{1}}, {after: 30 * second}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard(DefaultProtection)
			now := time.Unix(1_000_000, 0)
			for i, s := range steps {
				now = now.Add(s.after)
				g.expire(now)
				leaving := map[departing]struct{}{}
				for _, n := range s.leaving {
					in := numbered(n, model.StatusUp)
					leaving[departing{"hello", identify(&in)}] = struct{}{}
				}
				var live []model.Instance
				for _, n := range s.live {
					live = append(live, numbered(n, model.StatusUp))
				}
				for _, n := range s.drained {
					live = append(live, numbered(n, model.StatusDraining))
				}
				g.update("hello", live, leaving, now)
				checkGuard(t, g, fmt.Sprintf("step %d", i), s.held, now)
			}
		})
	}
}

// numbered returns instance n.
func numbered(n int, status model.Status) model.Instance {
	in := plain(fmt.Sprintf("10.0.0.%d", n))
	in.Status = status
	return in
}

// checkGuard compares what a guard holds, in each of the ways in which it tells.
func checkGuard(t *testing.T, g *guard, step string, want []int, now time.Time) {
	t.Helper()
	var got, addresses []string
	for _, in := range g.held("hello") {
		got = append(got, in.HostPort())
	}
	slices.Sort(got)
	for _, n := range want {
		addresses = append(addresses, fmt.Sprintf("10.0.0.%d:20880", n))
	}
	if diff := cmp.Diff(addresses, got); diff != "" {
		t.Fatalf("%s: %s", step, diff)
	}
	next, holding := g.next()
	if holding != (len(want) > 0) || holding && !next.After(now) {
		t.Fatalf("%s: next %v %v at %v", step, next, holding, now)
	}
	protected := g.protected()
	if holding != (len(protected) == 1) || holding && !cmp.Equal(protected[0].Held, addresses) {
		t.Fatalf("%s: protected %+v", step, protected)
	}
}

func TestGuardForgetsServices(t *testing.T) {
	g := newGuard(DefaultProtection)
	now := time.Unix(1_000_000, 0)
	g.update("hello", []model.Instance{numbered(1, model.StatusUp)}, nil, now)
	g.update("hello", nil, nil, now)
	g.expire(now.Add(time.Hour))
	if len(g.services)+len(g.holding) != 0 {
		t.Errorf("remembers %v, %v", g.services, g.holding)
	}
}

func TestProtectionComplete(t *testing.T) {
	if p, err := (Protection{}).complete(); err != nil || p != DefaultProtection {
		t.Errorf("%+v, %v", p, err)
	}
	for _, p := range []Protection{{Share: 1.5}, {Window: -1}, {Hold: -1}} {
		if err := (Config{Protection: p}).Validate(); err == nil {
			t.Errorf("%+v: no error", p)
		}
	}
	if err := New(Config{Prefix: "no-slash"}, nil, nil, nil).Run(t.Context()); err == nil {
		t.Error("runs with a prefix without slash")
	}
}
