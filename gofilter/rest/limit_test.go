package rest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
)

// references is a list of lists: on each level one whole and nine references to it.
func references(levels, depth int) string {
	if levels == 0 {
		return "X\x9a" + strings.Repeat("\x0babcdefghijk", 10)
	}
	return "X\x9a" + references(levels-1, depth+1) + strings.Repeat("Q"+string([]byte{byte(0x91 + depth)}), 9)
}

// A few hundred bytes of references must not become megabytes of JSON.
func TestReferencesGrow(t *testing.T) {
	for levels, fits := range map[int]bool{1: true, 3: true, 5: false, 9: false, 40: false} {
		arguments := []byte(references(levels, 0))
		coretest.Bounded(t, 1024*len(arguments), func() {
			var c Call
			m, bad := ask(&c, nil, arguments)
			switch {
			case bad != nil && fits:
				t.Errorf("%d levels: %s", levels, reasonOf(t, bad))
			case bad != nil:
				if reason := reasonOf(t, bad); !strings.Contains(reason, "references") && !strings.Contains(reason, "larger than") {
					t.Errorf("%d levels: %s", levels, reason)
				}
			case !fits:
				t.Errorf("%d levels: %d bytes became %d", levels, len(arguments), len(m.Body))
			}
		})
	}
}

// What an HTTP service answers with more digits than a double has keeps them, unless the method is known to return a double.
func TestDigitsOfAnswers(t *testing.T) {
	const number = "0.12345678901234567890123"
	for body, want := range map[string]string{number: "java.math.BigDecimal\x91\x05value`\x19" + number, "0.30000000000000004": "D\x3f\xd3\x33\x33\x33\x33\x33\x34"} {
		var c Call
		if _, bad := ask(&c, nil, encoded(t)); bad != nil {
			t.Fatal(reasonOf(t, bad))
		}
		if m := answer(&c, 200, "application/json", body); !bytes.Contains(m.Body, []byte(want)) {
			t.Errorf("%s became %q", body, m.Body)
		}
	}
}
