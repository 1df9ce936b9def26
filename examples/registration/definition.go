// Package registration holds examples of what is written into etcd.
package registration

import _ "embed"

// Definition is definition.yaml: the shape of the demo service org.dubbomesh.demo.Echo.
//
//go:embed definition.yaml
var Definition string
