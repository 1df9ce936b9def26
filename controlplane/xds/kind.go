package xds

import (
	"slices"

	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// kind is a type of resource. The order is the order of delivery.
type kind int

const (
	clusters kind = iota
	endpoints
	listeners
	routes
	secrets
	kinds
)

var kindNames = [kinds]string{"clusters", "endpoints", "listeners", "routes", "secrets"}

var kindURLs = [kinds]string{resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType, resource.SecretType}

func (k kind) String() string { return kindNames[k] }

// kindNamed is the kind that a Refusal is of.
func kindNamed(name string) kind { return kind(slices.Index(kindNames[:], name)) }

// fullState says that a state-of-the-world answer of the kind lists everything: what is missing is removed.
func (k kind) fullState() bool { return k == clusters || k == listeners }

// kindOf returns the kind of a type URL, false for those that the mesh has nothing of.
func kindOf(url string) (kind, bool) {
	for k, u := range kindURLs {
		if u == url {
			return kind(k), true
		}
	}
	return 0, false
}
