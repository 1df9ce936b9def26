package registry

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// virtual runs a registry with one source under virtual time.
func virtual(t *testing.T, test func(send func(batch), r *Registry, value func(*testing.T, string) float64)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gatherer := prometheus.NewRegistry()
		m, err := newMetrics(gatherer)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := Config{}.complete()
		if err != nil {
			t.Fatal(err)
		}
		src := fakeSource{batches: make(chan batch)}
		r := newRegistry(cfg, []source{src}, slog.New(slog.DiscardHandler), m)
		runRegistry(t, r)
		test(func(b batch) {
			src.batches <- b
			synctest.Wait()
		}, r, func(t *testing.T, name string) float64 { return metric(t, gatherer, name) })
	})
}

// metric reads a metric that has one value.
func metric(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "dubbomesh_registry_"+name {
			return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// good and bad are items of a key.
func good(key string, in model.Instance) item {
	return item{key: key, leased: true, record: record{service: "hello", instance: &in}}
}

func bad(key, reason string) item { return item{key: key, err: errString(reason)} }

// errString is an error.
type errString string

func (e errString) Error() string { return string(e) }

// changes tells whether Changed was signalled.
func changes(r *Registry) bool {
	select {
	case <-r.Changed():
		return true
	default:
		return false
	}
}

func TestRunReleasesWhenTheHoldEnds(t *testing.T) {
	virtual(t, func(send func(batch), r *Registry, value func(*testing.T, string) float64) {
		send(batch{reset: true, items: []item{good("a", numbered(1, model.StatusUp))}})
		send(batch{items: []item{{key: "a", deleted: true}}})
		changes(r)
		s := r.State()
		if len(s.Protected) != 1 || !has("hello", at(1))(s) || value(t, "protected_instances") != 1 {
			t.Fatalf("not protected: %+v", s)
		}
		if left := time.Until(s.Protected[0].Until); left != DefaultProtection.Hold {
			t.Errorf("held for %s", left)
		}
		time.Sleep(DefaultProtection.Hold - 1)
		synctest.Wait()
		if changes(r) {
			t.Error("changed before the hold ended")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if s := r.State(); !changes(r) || len(s.Protected) != 0 || !has("hello")(s) {
			t.Errorf("not released: %+v", s)
		}
	})
}

func TestChangedOnlyWhenSomethingChanged(t *testing.T) {
	virtual(t, func(send func(batch), r *Registry, _ func(*testing.T, string) float64) {
		one := []item{good("a", numbered(1, model.StatusUp)), bad("b", "wrong")}
		for i, step := range []struct {
			b    batch
			want bool
		}{
			{batch{reset: true, items: one, revision: 1}, true},
			{batch{items: nil, revision: 2}, false},
			{batch{reset: true, items: one, revision: 3}, false},
			{batch{err: errString("etcd is away")}, false},
			{batch{items: []item{bad("b", "wrong")}, revision: 4}, false},
			{batch{items: []item{bad("b", "worse")}, revision: 5}, true},
			{batch{items: []item{good("c", numbered(1, model.StatusUp))}, revision: 6}, false},
			{batch{items: []item{{key: "c", deleted: true}}, revision: 7}, false},
			{batch{items: []item{{key: "b", deleted: true}}, revision: 8}, true},
			{batch{items: []item{bad("a", "wrong")}, revision: 9}, true},
			{batch{items: []item{good("a", numbered(1, model.StatusUp))}, revision: 10}, true},
		} {
			send(step.b)
			if got := changes(r); got != step.want {
				t.Errorf("step %d: changed %v, want %v", i, got, step.want)
			}
		}
		if got := r.State().Revision; got != 10 {
			t.Errorf("revision %d", got)
		}
		send(batch{reset: true, items: one, revision: 2})
		if got := r.State().Revision; got != 2 {
			t.Errorf("revision %d after etcd's data was replaced", got)
		}
	})
}

func TestReportsAReasonOnce(t *testing.T) {
	virtual(t, func(send func(batch), r *Registry, value func(*testing.T, string) float64) {
		send(batch{reset: true, items: []item{bad("a", "wrong")}})
		since := r.State().Problems[0].Since
		time.Sleep(time.Minute)
		send(batch{items: []item{bad("a", "wrong")}})
		send(batch{reset: true, items: []item{bad("a", "wrong")}})
		if got := value(t, "rejected_total"); got != 1 {
			t.Errorf("counted %v times", got)
		}
		if p := r.State().Problems; len(p) != 1 || !p[0].Since.Equal(since) {
			t.Errorf("problems %+v, want one since %v", p, since)
		}
	})
}

func TestMergePrecedence(t *testing.T) {
	weighing := func(w uint32) model.Instance {
		in := plain("10.0.0.1")
		in.Weight = w
		return in
	}
	sources := []source{fakeSource{of: kindNative}, fakeSource{of: kindDubbo}, fakeSource{of: kindWeights}, fakeSource{of: kindOverride}, fakeSource{of: kindFile}}
	tab := newTable(sources)
	add := func(source int, it item) { tab.apply(batch{source: source, items: []item{it}}, time.Time{}) }
	weight := func() uint32 {
		got := tab.merge("hello")
		if len(got) != 1 {
			t.Fatalf("merged %+v", got)
		}
		return got[0].Weight
	}
	for _, source := range []int{4, 2, 1, 0} {
		add(source, good("k", weighing(uint32(source)+1)))
		if got := weight(); got != uint32(source)+1 {
			t.Errorf("source %d does not win: weight %d", source, got)
		}
	}
	later := good("a later key", weighing(50))
	later.revision = 9
	add(0, later)
	if got := weight(); got != 50 {
		t.Errorf("what was written last does not win: weight %d", got)
	}
	seven := uint32(7)
	add(3, item{key: "w", record: record{service: "hello", host: hostPort{"10.0.0.1", 20880}, weight: &seven}})
	add(3, item{key: "x", record: record{service: "hello", host: hostPort{"10.0.0.2", 20880}, weight: &seven}})
	if got := weight(); got != 7 {
		t.Errorf("the override does not win: weight %d", got)
	}
	other := plain("10.0.0.1")
	other.Version = "2"
	add(4, good("v2", other))
	if got := tab.merge("hello"); len(got) != 2 || got[0].Version != "" || got[1].Version != "2" || got[1].Weight != 7 {
		t.Errorf("merged %+v", got)
	}
}

func TestFileSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, Config{Files: []string{path}, Protection: Protection{Share: -1}}, nil)
	s := eventually(t, r, "the missing file reported", func(s State) bool { return s.Synced && len(s.Problems) == 1 })
	if p := s.Problems[0]; p.Key != path || !strings.Contains(p.Reason, "no such file") || p.LastGood {
		t.Errorf("problem %+v", p)
	}
	write("services:\n  hello:\n    - {address: 10.0.0.1, port: 20880}\n    - address: 10.0.0.2\n      port: 20880\n  empty:\n")
	s = eventually(t, r, "two instances", has("hello", at(1), at(2)))
	found, _ := s.Snapshot.Service("hello")
	if want := path + ":3:7"; found.Instances[0].Source != want || len(s.Problems) != 0 {
		t.Errorf("source %s, want %s; problems %+v", found.Instances[0].Source, want, s.Problems)
	}
	write("services:\n  hello:\n    - {address: 10.0.0.1, port: 20880}\n    - {address: ten, port: 20880}\n  other: {}\n")
	s = eventually(t, r, "a bad instance", func(s State) bool { return len(s.Problems) == 2 })
	if !has("hello", at(1), at(2))(s) {
		t.Errorf("the last good value is gone: %v", addresses(s, "hello"))
	}
	want := []model.Problem{
		{Key: path + ":4:7", LastGood: true, Since: s.Problems[0].Since, Reason: `4:17: address "ten" is not an IP address; write its IP address, not a host name`},
		{Key: path + ":5:3", Since: s.Problems[1].Since, Reason: "a service is a list of instances (- {address: 10.0.0.5, port: 20880}), found a mapping"},
	}
	if diff := cmp.Diff(want, s.Problems); diff != "" {
		t.Error(diff)
	}
	write("services: [")
	s = eventually(t, r, "a file that is no YAML", func(s State) bool { return len(s.Problems) == 3 })
	if !has("hello", at(1), at(2))(s) || !s.Problems[0].LastGood || s.Problems[0].Key != path {
		t.Errorf("%v, %+v", addresses(s, "hello"), s.Problems)
	}
	write("servces: {}")
	eventually(t, r, "an unknown field", func(s State) bool { return strings.Contains(s.Problems[0].Reason, `did you mean "services"`) })
	write("services: {hello: [{address: 10.0.0.3, port: 20880}]}")
	eventually(t, r, "good again", func(s State) bool { return len(s.Problems) == 0 && has("hello", at(3))(s) })
}
