package settings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
)

// TestDocumentation holds the table in the documentation equal to the one in the code.
func TestDocumentation(t *testing.T) {
	golden.CompareSection(t, "../../docs/operations.md", "<!-- settings:begin -->\n", "<!-- settings:end -->", markdown())
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
