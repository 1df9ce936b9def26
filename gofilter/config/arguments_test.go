package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseArguments(t *testing.T) {
	want := Arguments{Paths: []string{"0", "1.user.id"}, MaxRequestBytes: 10, Path: "/users/{id}", Parameters: []Binding{{From: FromPath, Name: "id", Type: "long"}}}
	got, err := ParseArguments(want.Text())
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	for text, problem := range map[string]string{
		`{}`:                 "0 paths",
		`{"paths": ["x"]}`:   "begins with no index",
		`{"paths": ["01"]}`:  "begins with no index",
		`{"paths": ["255"]}`: "begins with no index",
		`{"paths": ["0."]}`:  "empty name",
		`{"paths": ["0` + strings.Repeat(".a", 33) + `"]}`:   "33 deep",
		`{"paths": ["0.` + strings.Repeat("a", 300) + `"]}`:  "302 bytes long",
		`{"paths": ["0"], "maxRequestBytes": -1}`:            "maxRequestBytes is -1",
		`{"paths": ["0"], "path": "x"}`:                      "path:",
		`{"paths": ["0"], "unknown": 1}`:                     "unknown",
		`{"paths": ["0"` + strings.Repeat(`,"0"`, 64) + `]}`: "65 paths",
	} {
		if _, err := ParseArguments([]byte(text)); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%.40s: %v; want %q", text, err, problem)
		}
	}
}

func TestArgumentHeader(t *testing.T) {
	for path, want := range map[string]string{
		"0": "0", "0.user.id": "0.user.id", "0.userId": "0.user^id", "0.user-id": "0.user-id", "1.a^b": "1.a%5eb", "1.é": "1.%c3%a9", "0.a%b": "0.a%25b",
	} {
		if got := ArgumentHeader(path); got != ArgumentPrefix+want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
		if back, ok := ArgumentPath(ArgumentHeader(path)); !ok || back != path {
			t.Errorf("%s comes back as %s", path, back)
		}
	}
}

func TestAppendArgumentText(t *testing.T) {
	if got := string(AppendArgumentText(nil, "a\tb %é\x7f")); got != "a%09b %25é%7F" {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]string{"": "%", "%": "%25", "x": "x"} {
		if got := string(AppendArgument(nil, text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
