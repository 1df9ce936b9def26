package translate

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// ClusterService is the service that a cluster is of, by its name; "" for a cluster of another making.
func ClusterService(cluster string) string {
	parts := strings.Split(cluster, "|")
	if len(parts) < 4 {
		return ""
	}
	return unescaper.Replace(parts[1])
}

var unescaper = strings.NewReplacer("%25", "%", "%7C", "|")

// PathPrefix is the path under which the gateway serves a service, without a slash at the end.
func PathPrefix(service string) string { return pathPrefix(service) }

// Port is a port of the gateway that is open.
type Port struct {
	Number uint32
	Policy string // Gateway/edge, which opens it; "" for one of the settings
	Routes string // the name of its route configuration
}

// Ports lists the ports of the gateway: those of the settings first, then those of Gateway policies. Of policies that want
// the same port only the one that has it is named.
func Ports(gateways []model.Gateway, opt Options) (out []Port) {
	all, _ := edges(gateways, opt) // what is wrong with them is told by Gateway
	for _, e := range all {
		p := Port{Number: e.port, Routes: e.routes()}
		if e.gateway.Name != "" {
			p.Policy = model.PolicyID(e.gateway)
		}
		out = append(out, p)
	}
	return out
}
