package callers

import (
	"os"
	"strings"
	"testing"
)

// A key set is what its file has, and empty while the file cannot be used.
func TestKeySet(t *testing.T) {
	r := newRig(t)
	if _, err := r.keeper.LoadKeySet("relative"); err == nil {
		t.Error("a relative path is taken")
	}
	s, err := r.keeper.LoadKeySet(r.file("set"))
	if err != nil {
		t.Fatal(err)
	}
	const empty = `{"keys":[]}`
	for _, c := range []struct {
		what, text, want, log string
	}{
		{"missing", "", empty, ""},
		{"there", `{"keys":[1]}`, `{"keys":[1]}` + "\n", "used again"},
		{"no JSON", "{", empty, "no JSON text"},
		{"large", `{"keys":"` + strings.Repeat("x", maxKeySetBytes) + `"}`, empty, "more than"},
		{"gone", "", empty, "no such file"},
	} {
		r.logged = nil
		if c.text != "" {
			r.write("set", c.text)
		} else {
			_ = os.Remove(r.file("set"))
		}
		r.keeper.Refresh()
		if got := string(s.Text()); got != c.want || !strings.Contains(strings.Join(r.logged, " "), c.log) {
			t.Errorf("%s: %.40s, logged %.200q", c.what, got, r.logged)
		}
	}
	r.keeper.ReleaseKeySet(s)
	if n := len(r.keeper.keySets); n != 0 {
		t.Errorf("%d are left", n)
	}
}
