package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseBridge(t *testing.T) {
	for text, want := range map[string]Bridge{
		"":                          {DefaultMaxBytes, DefaultMaxBytes},
		"{}":                        {DefaultMaxBytes, DefaultMaxBytes},
		`{"maxRequestBytes": 1024}`: {1024, DefaultMaxBytes},
		`{"maxRequestBytes":2048,"maxResponseBytes":268435456}`: {2048, MaxMaxBytes},
	} {
		got, err := ParseBridge([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		again, err := ParseBridge(got.Text())
		if err != nil || again != got {
			t.Errorf("%s came back as %+v, %v", got.Text(), again, err)
		}
	}
}

func TestParseBridgeErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"maxBytes":1}`:                           "maxBytes",
		`{"maxRequestBytes":"1"}`:                  "maxRequestBytes",
		`{"maxRequestBytes":1023}`:                 "maxRequestBytes is 1023; write a size between 1024 and 268435456 bytes",
		`{"maxResponseBytes":-1}`:                  "maxResponseBytes is -1",
		`{"maxResponseBytes":300000000}`:           "maxResponseBytes is 300000000",
		`{"maxRequestBytes":1024`:                  "bridge configuration",
		`{"maxRequestBytes":99999999999999999999}`: "maxRequestBytes",
	} {
		if _, err := ParseBridge([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestBridgeText(t *testing.T) {
	if got := string(Bridge{}.Text()); got != "{}" {
		t.Errorf("got %s", got)
	}
	if got := string(Bridge{MaxRequestBytes: 2048, MaxResponseBytes: 4096}.Text()); got != `{"maxRequestBytes":2048,"maxResponseBytes":4096}` {
		t.Errorf("got %s", got)
	}
}
