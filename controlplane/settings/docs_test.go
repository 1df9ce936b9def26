package settings

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	operations    = "../../docs/operations.md"
	settingsBegin = "<!-- settings:begin -->\n"
	settingsEnd   = "<!-- settings:end -->"
)

// TestDocumentation holds the table in the documentation equal to the one in the code.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), settingsBegin)
	got, after, ends := strings.Cut(rest, settingsEnd)
	if !begins || !ends {
		t.Fatalf("%s has no table between %q and %q", operations, settingsBegin, settingsEnd)
	}
	want := markdown()
	if *update {
		if err := os.WriteFile(operations, []byte(before+settingsBegin+want+settingsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s is not current; run `go test ./controlplane/settings -update` (-want +got):\n%s", operations, d)
	}
}

// markdown is the table of settings as the documentation shows it.
func markdown() string {
	var b strings.Builder
	b.WriteString("| key | flag | variable | default | meaning |\n|---|---|---|---|---|\n")
	for _, s := range table {
		flag, variable := "", ""
		if s.flag != "" {
			flag = "`--" + s.flag + "`"
		}
		if s.value != nil {
			variable = "`" + env(s.key) + "`"
		}
		usage := strings.NewReplacer("<", "&lt;", "|", `\|`).Replace(s.usage)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.key, flag, variable, shownDefault(s.value), usage)
	}
	return b.String()
}

func shownDefault(value any) string {
	text := ""
	switch v := value.(type) {
	case nil:
	case []string:
		text = strings.Join(v, ",")
	case time.Duration:
		text = strings.TrimSuffix(v.String(), "m0s") // 1m0s is written 1m
		if text != v.String() {
			text += "m"
		}
	default:
		text = fmt.Sprint(v)
	}
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
