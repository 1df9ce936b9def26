package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
)

// whole matches a whole text as Envoy does.
func whole(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return re
}

// The expression of a range fits its numbers and no others, however they are written.
func TestRangePattern(t *testing.T) {
	bound := []int64{-1001, -1000, -999, -110, -101, -100, -99, -15, -10, -9, -1, 0, 1, 5, 9, 10, 11, 19, 20, 50, 99, 100, 101, 109, 150, 555, 999, 1000, 1001}
	for i, least := range bound {
		for _, most := range bound[i:] {
			re := whole(t, Range{least, most}.Pattern())
			for n := int64(-1100); n <= 1100; n += 1 + rand.Int64N(7) {
				for _, form := range []string{"%d", "%05d", "%+d"} {
					text := fmt.Sprintf(form, n)
					if got, want := re.MatchString(text), least <= n && n <= most; got != want {
						t.Fatalf("%d to %d by %s: %s: %v, want %v", least, most, re, text, got, want)
					}
				}
			}
			if got, want := re.MatchString("-0"), least <= 0 && most >= 0; got != want {
				t.Errorf("%d to %d: -0: %v, want %v", least, most, got, want)
			}
			for _, text := range []string{"", "-", "+", "1.0", "1x", "--1", "1e1", "0x1"} {
				if re.MatchString(text) {
					t.Errorf("%d to %d: %q fits", least, most, text)
				}
			}
		}
	}
	_ = Range{2, 1}.Pattern() // of which validation tells
	for _, r := range []Range{{5, math.MaxInt64}, {math.MinInt64, -1}, {-1_000_000_000_000, 1_700_000_000_123}, {1_234_567_890_123, 8_765_432_109_876}} {
		if err := bounds.Regex(r.Pattern(), bounds.MaxCondition); err != nil {
			t.Errorf("%v: %v", r, err)
		}
		re := whole(t, r.Pattern())
		for range 200 {
			n := rand.Int64() >> rand.IntN(63)
			if rand.IntN(2) == 0 {
				n = -n
			}
			for _, n := range []int64{n, r.Min, r.Max} {
				if got, want := re.MatchString(strconv.FormatInt(n, 10)), r.Min <= n && n <= r.Max; got != want {
					t.Fatalf("%v: %d: %v, want %v", r, n, got, want)
				}
			}
		}
	}
}

// The expression of a query parameter looks at the first of the name, and at nothing else of the path.
func TestQueryPattern(t *testing.T) {
	text := func(s string) *string { return &s }
	there := true
	for _, x := range []struct {
		is      StringMatch
		plainly func(value string) bool
	}{
		{StringMatch{Exact: text("1")}, func(v string) bool { return v == "1" }},
		{StringMatch{Exact: text("")}, func(v string) bool { return v == "" }},
		{StringMatch{Exact: text("B"), IgnoreCase: true}, func(v string) bool { return strings.EqualFold(v, "b") }},
		{StringMatch{Exact: text("1&a")}, func(string) bool { return false }},
		{StringMatch{Prefix: "1"}, func(v string) bool { return strings.HasPrefix(v, "1") }},
		{StringMatch{Suffix: "1"}, func(v string) bool { return strings.HasSuffix(v, "1") }},
		{StringMatch{Contains: "a"}, func(v string) bool { return strings.Contains(v, "a") }},
		{StringMatch{In: []string{"1", "ab"}}, func(v string) bool { return v == "1" || v == "ab" }},
		{StringMatch{Regex: "a.*|[^b]+"}, func(v string) bool { return strings.HasPrefix(v, "a") || v != "" && !strings.Contains(v, "b") }},
		{StringMatch{Range: &Range{1, 11}}, func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n >= 1 && n <= 11 }},
		{StringMatch{Present: &there}, func(string) bool { return true }},
	} {
		for _, name := range []string{"a", "ab", "aba", "é", "-", "^]"} {
			pattern, err := x.is.QueryPattern(name)
			if err != nil {
				t.Fatal(err)
			}
			re := whole(t, pattern)
			parts := []string{"a", "b", "1", "=", "&", "?", name, name + "=", "&" + name + "=1", "é", "/", "a=1&"}
			for range 500 {
				path := "/a"
				for range rand.IntN(8) {
					path += parts[rand.IntN(len(parts))]
				}
				value, has := first(path, name)
				if got, want := re.MatchString(path), has && x.plainly(value); got != want {
					t.Fatalf("%+v of %s by %s: %s: %v, want %v", x.is, name, pattern, path, got, want)
				}
			}
		}
	}
	for name, is := range map[string]StringMatch{"a&b": {Exact: text("1")}, "a": {Regex: "^1"}, "b": {Regex: `1\b`}} {
		if pattern, err := is.QueryPattern(name); err == nil {
			t.Errorf("%s %+v: %s", name, is, pattern)
		}
	}
}

// first is the value of the first parameter of a name.
func first(path, name string) (value string, has bool) {
	_, query, _ := strings.Cut(path, "?")
	for part := range strings.SplitSeq(query, "&") {
		if n, v, _ := strings.Cut(part, "="); n == name {
			return v, true
		}
	}
	return "", false
}
