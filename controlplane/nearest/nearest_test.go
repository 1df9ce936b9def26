package nearest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	known := []string{"timeout", "retry", "rateLimit", "loadBalancing"}
	for word, want := range map[string]string{
		"timeot":                    "timeout",
		"ratelimit":                 "rateLimit",
		"load_balancing":            "loadBalancing",
		"zone":                      "",
		"retries":                   "retry",
		"rateLimits":                "rateLimit",
		"":                          "",
		strings.Repeat("retry", 50): "",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("Word(%.20q) is %q, want %q", word, got, want)
		}
	}
}
