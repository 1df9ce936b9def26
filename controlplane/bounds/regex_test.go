package bounds

import (
	"strings"
	"testing"
)

func TestRegex(t *testing.T) {
	for regex, ok := range map[string]bool{
		"/users/[^/]+/orders": true, `(?i)(?:ann|bob)(?:\?.*)?`: true, "[a-z]{1,50}": true, strings.Repeat("a", 600): true,
		"[a-z]{1,900}": false, strings.Repeat("a", 900): false, "(": false, `(?:\pL|\pN){200}`: false,
	} {
		if err := Regex(regex, MaxRegex); (err == nil) != ok {
			t.Errorf("%.60s: %v", regex, err)
		}
	}
}
