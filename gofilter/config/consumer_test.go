package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseConsumer(t *testing.T) {
	for text, want := range map[string]Consumer{
		"":   {DefaultMaxBytes, DefaultMaxBytes, DefaultMaxStreams, DefaultMaxQueued},
		"{}": {DefaultMaxBytes, DefaultMaxBytes, DefaultMaxStreams, DefaultMaxQueued},
		`{"maxRequestBytes":2048,"maxResponseBytes":268435456,"maxStreams":1,"maxQueued":7}`: {2048, MaxMaxBytes, 1, 7},
	} {
		got, err := ParseConsumer([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		again, err := ParseConsumer(got.Text())
		if err != nil || again != got {
			t.Errorf("%s came back as %+v, %v", got.Text(), again, err)
		}
	}
	if got := string(Consumer{}.Text()); got != "{}" {
		t.Errorf("got %s", got)
	}
}

func TestParseConsumerErrors(t *testing.T) {
	for text, want := range map[string][]string{
		`{"maxBytes":1}`:                          {"maxBytes"},
		`{"maxStreams":"1"}`:                      {"maxStreams"},
		`{"maxStreams":1`:                         {"consumer configuration"},
		`{"maxRequestBytes":1023,"maxQueued":-1}`: {"maxRequestBytes is 1023; write a number between 1024 and 268435456 bytes", "maxQueued is -1; write a number between 1 and 1048576 calls"},
	} {
		_, err := ParseConsumer([]byte(text))
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %v, want %s", text, err, w)
			}
		}
	}
}
