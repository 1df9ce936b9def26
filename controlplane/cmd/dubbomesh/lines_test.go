package main

import (
	"strings"
	"testing"
)

func TestCompareLines(t *testing.T) {
	for name, c := range map[string]struct{ first, second, want string }{
		"equal":   {"a\nb\n", "a\nb", ""},
		"created": {"", "a\nb\n", "+ a\n+ b\n"},
		"changed": {"a\nb\nc\n", "a\nx\nc\n", "  a\n- b\n+ x\n  c\n"},
		"moved":   {"a\nb\n", "b\na\n", "- a\n  b\n+ a\n"},
		"far": {
			strings.Join(strings.Split("abcdefghij", ""), "\n"), strings.Join(strings.Split("aXcdefghij", ""), "\n"),
			"  a\n- b\n+ X\n  c\n  d\n  e\n  …\n",
		},
	} {
		if got := showLines(compareLines(c.first, c.second)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
