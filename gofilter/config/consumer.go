package config

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// ConsumerFilter is the filter_name of the network filter that lets Dubbo consumers call through Envoy.
const ConsumerFilter = "consumer"

// The bounds of how many calls of one consumer connection may be under way or waiting.
const (
	DefaultMaxStreams = 1024 // as many as Envoy's connection manager takes by default
	DefaultMaxQueued  = 4096
	MaxMaxCalls       = 1 << 20
)

// Consumer configures the network filter in front of an HTTP connection manager.
type Consumer struct {
	MaxRequestBytes  int `json:"maxRequestBytes,omitzero"`  // largest body of a request frame, DefaultMaxBytes when 0
	MaxResponseBytes int `json:"maxResponseBytes,omitzero"` // largest body of an answer, DefaultMaxBytes when 0
	MaxStreams       int `json:"maxStreams,omitzero"`       // calls under way on a connection, DefaultMaxStreams when 0; the manager may take fewer
	MaxQueued        int `json:"maxQueued,omitzero"`        // calls that wait for one of those, DefaultMaxQueued when 0
}

// ParseConsumer reads a consumer configuration in JSON; empty input is the default configuration. Unknown fields and
// limits out of range are errors, all of them told at once.
func ParseConsumer(text []byte) (Consumer, error) {
	var c Consumer
	if len(text) > 0 {
		if err := json.Unmarshal(text, &c, json.RejectUnknownMembers(true)); err != nil {
			return Consumer{}, fmt.Errorf("consumer configuration: %w", err)
		}
	}
	err := errors.Join(
		bound("maxRequestBytes", "bytes", &c.MaxRequestBytes, DefaultMaxBytes, MinMaxBytes, MaxMaxBytes),
		bound("maxResponseBytes", "bytes", &c.MaxResponseBytes, DefaultMaxBytes, MinMaxBytes, MaxMaxBytes),
		bound("maxStreams", "calls", &c.MaxStreams, DefaultMaxStreams, 1, MaxMaxCalls),
		bound("maxQueued", "calls", &c.MaxQueued, DefaultMaxQueued, 1, MaxMaxCalls),
	)
	if err != nil {
		return Consumer{}, fmt.Errorf("consumer configuration: %w", err)
	}
	return c, nil
}

// Text returns the configuration as ParseConsumer reads it. Equal configurations give equal bytes.
func (c Consumer) Text() []byte {
	return marshal(c)
}

// bound puts the default in place of 0 and checks the range.
func bound(field, unit string, n *int, preset, low, high int) error {
	if *n == 0 {
		*n = preset
	}
	if *n < low || *n > high {
		return fmt.Errorf("%s is %d; write a number between %d and %d %s", field, *n, low, high, unit)
	}
	return nil
}
