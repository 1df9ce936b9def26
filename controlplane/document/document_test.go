package document

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, why string }{
		"too large":     {strings.Repeat("a", 1001), "too many"},
		"no text":       {"b: c\nä: \x00", "2:4: a NUL"},
		"no UTF-8":      {"b: c\na: ä\xff", "2:5: not UTF-8"},
		"brackets":      {strings.Repeat("[", MaxDepth+1), "deeper"},
		"dashes":        {strings.Repeat("- ", MaxDepth+2), "deeper"},
		"dashes inside": {"a: [" + strings.Repeat("- ", MaxDepth+2), "deeper"},
		"two documents": {"a: b\n---\nc: d\n", "second document"},
		"syntax":        {"a: [b\n", "1:4"},
		"a tab":         {"a:\n\tb: c\n", "a tab; YAML is indented by spaces"},
		"a tab inside":  {"a:\n  b: c\n\td: e\n", "a tab; YAML is indented by spaces"},
	} {
		if _, err := Parse([]byte(c.text), 1000); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", name, err, c.why)
		}
	}
}

func TestParseTakes(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "a: b", `{"a": "b"}`, "a: - - -", "# " + strings.Repeat("-", 200) + "\na: b"} {
		if _, err := Parse([]byte(text), 1000); err != nil && text != "a: - - -" {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestParseIsBounded holds the time that inputs take which are made to be slow.
func TestParseIsBounded(t *testing.T) {
	const size = 16 << 10
	for _, unit := range []string{"- ", "? ", ": ", "a:\n b: c\n", "{a: ", "|\n", "\"", "- a\n", "&a ", "! "} {
		for _, before := range []string{"", "a: ["} {
			start := time.Now()
			_, _ = Parse([]byte(before+strings.Repeat(unit, size/len(unit))), size+len(before))
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%q many times: %s", unit, took)
			}
		}
	}
}

// A text with a colon in it is a scalar wherever it stands; one with a space behind the colon is none.
func TestScalarWithColon(t *testing.T) {
	for text, want := range map[string]string{
		"{x: [header:x-user]}": "header:x-user", "{x: {y: [a:1]}}": "a:1", "x: [a:b]": "a:b", "{x: [a: b]}": "", `{x: ["a":"b"]}`: "", "{x: [{a: b}]}": "", "{x: [a:b:c]}": "a:b:c",
	} {
		root, err := Parse([]byte(text), 100)
		if err != nil {
			t.Fatal(err)
		}
		n := root
		for {
			if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 1 && m.Values[0].Value.GetToken().Type != token.StringType {
				n = m.Values[0].Value
				continue
			}
			if s, ok := n.(*ast.SequenceNode); ok {
				n = s.Values[0]
			}
			break
		}
		if got, _ := Scalar(n); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
