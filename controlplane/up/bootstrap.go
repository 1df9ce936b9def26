package up

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// addresses are what differs between two bootstraps.
type addresses struct {
	node   string // id of the Envoy
	xds    uint16 // port of the control plane
	admin  uint16 // port of Envoy's admin interface
	module string // absolute path of libdubbo.so
}

// render returns a bootstrap with other addresses than the ones in it. It fails when the bootstrap does not have them
// where they are expected.
func render(bootstrap []byte, a addresses) ([]byte, error) {
	var root any
	if err := yaml.Unmarshal(bootstrap, &root); err != nil {
		return nil, fmt.Errorf("bootstrap of Envoy: %w", err)
	}
	changes := []struct {
		value any
		path  []any
	}{
		{a.node, []any{"node", "id"}},
		{uint64(a.admin), []any{"admin", "address", "socket_address", "port_value"}},
		{uint64(a.xds), []any{"static_resources", "clusters", 0, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address", "socket_address", "port_value"}},
		{a.module, []any{"bootstrap_extensions", 0, "typed_config", "dynamic_module_config", "module", "local", "filename"}},
	}
	for _, c := range changes {
		if !replace(root, c.value, c.path) {
			return nil, fmt.Errorf("bootstrap of Envoy has nothing at %v", c.path)
		}
	}
	return yaml.Marshal(root)
}

// replace changes the value at a path of keys and positions; false when there is none.
func replace(node, value any, path []any) bool {
	switch at := path[0].(type) {
	case string:
		mapping, ok := node.(map[string]any)
		if _, there := mapping[at]; !ok || !there {
			return false
		}
		if len(path) == 1 {
			mapping[at] = value
			return true
		}
		return replace(mapping[at], value, path[1:])
	case int:
		list, ok := node.([]any)
		return ok && at < len(list) && replace(list[at], value, path[1:])
	}
	return false
}
