package callers

import (
	"os"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Keys change while requests come; what is wrong with a file is told once and touches its caller alone.
func TestRotation(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.keys()}})
	const next = "ann-next-0123456789"
	steps := []struct {
		what              string
		do                func()
		old, after, other string
		log               string
	}{
		{"before", func() {}, "ann", "unknown", "bob", ""},
		{"both", func() { r.write("ann", annsKey, "", " "+next+"\r") }, "ann", "ann", "bob", ""},
		{"the new one", func() { r.write("ann", next) }, "unknown", "ann", "bob", ""},
		{"too short", func() { r.write("ann", "short") }, "unknown", "unknown", "bob", "line 1 has 5 bytes"},
		{"still", func() {}, "unknown", "unknown", "bob", ""},
		{"empty", func() { r.write("ann") }, "unknown", "unknown", "bob", "no key in it"},
		{"gone", func() { _ = os.Remove(r.file("ann")) }, "unknown", "unknown", "bob", "no such file"},
		{"a folder", func() { _ = os.Mkdir(r.file("ann"), 0o700) }, "unknown", "unknown", "bob", "no regular file"},
		{"back", func() { _ = os.Remove(r.file("ann")); r.write("ann", annsKey) }, "ann", "unknown", "bob", "used again"},
	}
	name := func(key string) string {
		got := judge(new(Check), set, get("/", "x-api-key", key), noon)
		if who, found := strings.CutPrefix(got, "keys="); found {
			got, _, _ = strings.Cut(who, " ")
		}
		return got
	}
	for _, s := range steps {
		r.logged = nil
		s.do()
		r.keeper.Refresh()
		if old, after, other := name(annsKey), name(next), name(bobsKey); old != s.old || after != s.after || other != s.other {
			t.Errorf("%s: %s %s %s, want %s %s %s", s.what, old, after, other, s.old, s.after, s.other)
		}
		if log := strings.Join(r.logged, "\n"); s.log == "" && log != "" || !strings.Contains(log, s.log) || len(r.logged) > 1 {
			t.Errorf("%s: logged %q, want %q", s.what, log, s.log)
		}
	}
	r.keeper.Release(set)
	if n := len(r.keeper.files) + len(r.keeper.sets); n != 0 {
		t.Errorf("%d files and sets are left", n)
	}
}

// A file that is written in place at the moment it is read is read again.
func TestRacyFile(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.keys()}})
	if err := os.WriteFile(r.file("ann"), []byte(strings.ToUpper(annsKey)+"\n"), 0o600); err != nil { // the same size, perhaps the same time
		t.Fatal(err)
	}
	r.keeper.Refresh()
	if got := judge(new(Check), set, get("/", "x-api-key", strings.ToUpper(annsKey)), noon); !strings.HasPrefix(got, "keys=ann") {
		t.Error(got)
	}
}
