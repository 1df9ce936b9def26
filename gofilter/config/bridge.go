// Package config holds the configuration that the control plane writes and the Go filter reads. It is the only
// package both halves import, so that what the control plane accepts is exactly what the filter accepts: Envoy
// caches a bridge configuration by its hash for ever and never rejects one.
package config

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Names under which the shared object is loaded and its extensions are configured.
const (
	Module     = "dubbo"     // libdubbo.so, found through ENVOY_DYNAMIC_MODULES_SEARCH_PATH
	BridgeName = "dubbo"     // bridge_name of the upstream bridge
	FormFilter = "form"      // filter_name of the HTTP filter that routes the form on POST /
	Boot       = "bootstrap" // extension_name of the bootstrap extension that makes a missing module fail at start
)

// The bounds of a message size limit, in bytes.
const (
	DefaultMaxBytes = 8 << 20
	MinMaxBytes     = 1 << 10
	MaxMaxBytes     = 256 << 20
)

// Bridge configures the HTTP → Dubbo bridge of a cluster. It holds nothing that changes while a mesh runs:
// every distinct value stays in Envoy's memory until Envoy ends.
type Bridge struct {
	MaxRequestBytes  int `json:"maxRequestBytes,omitzero"`  // largest HTTP request body, DefaultMaxBytes when 0
	MaxResponseBytes int `json:"maxResponseBytes,omitzero"` // largest Dubbo response body, DefaultMaxBytes when 0
}

// ParseBridge reads a bridge configuration in JSON; empty input is the default configuration. Unknown fields and
// limits out of range are errors.
func ParseBridge(text []byte) (Bridge, error) {
	var b Bridge
	if len(text) > 0 {
		if err := json.Unmarshal(text, &b, json.RejectUnknownMembers(true)); err != nil {
			return Bridge{}, fmt.Errorf("bridge configuration: %w", err)
		}
	}
	if b.MaxRequestBytes == 0 {
		b.MaxRequestBytes = DefaultMaxBytes
	}
	if b.MaxResponseBytes == 0 {
		b.MaxResponseBytes = DefaultMaxBytes
	}
	return b, errors.Join(checkBytes("maxRequestBytes", b.MaxRequestBytes), checkBytes("maxResponseBytes", b.MaxResponseBytes))
}

// Text returns the configuration as ParseBridge reads it. Equal configurations give equal bytes.
func (b Bridge) Text() []byte {
	return marshal(b)
}

func checkBytes(field string, n int) error {
	if n < MinMaxBytes || n > MaxMaxBytes {
		return fmt.Errorf("bridge configuration: %s is %d; write a size between %d and %d bytes", field, n, MinMaxBytes, MaxMaxBytes)
	}
	return nil
}

// marshal is the JSON of a configuration of texts and numbers, which every such configuration has. Equal ones give equal
// bytes.
func marshal(c any) []byte {
	text, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("a %T does not marshal: %v", c, err))
	}
	return text
}
