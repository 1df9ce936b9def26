// Package envoy holds what Envoy itself is started with.
package envoy

import _ "embed"

// Bootstrap is bootstrap.yaml: the gateway's Envoy with the default ports.
//
//go:embed bootstrap.yaml
var Bootstrap []byte
