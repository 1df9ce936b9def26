package translate

import "strings"

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
