package javahash

import (
	"testing"
	"unicode/utf16"
)

func TestOf(t *testing.T) {
	// What "…".hashCode() is in Java.
	for text, want := range map[string]int32{
		"": 0, "a": 97, "hello": 99162322, "dubbo": 95934974, "polygenelubricants": -2147483648, "é": 233, "中文": 646394, "😀": 1772899,
	} {
		if got := Of([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("hello, 世界 😀")
	f.Fuzz(func(t *testing.T, text string) {
		var want int32
		for _, unit := range utf16.Encode([]rune(text)) {
			want = 31*want + int32(unit)
		}
		if got := Of([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	})
}
