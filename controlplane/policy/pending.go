package policy

import (
	"reflect"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// pending lists what is read, checked and kept, but of which nothing is made yet. Who writes it is told. A feature that
// comes to life takes its line away.
var pending = map[reflect.Type]string{
	reflect.TypeFor[model.MeshTLS](): "TLS between proxies is not in force yet: traffic goes in plain text",
}

// Effective reports whether anything is made of policies of a kind.
func Effective(kind model.Kind) bool {
	_, waits := pending[kinds[kind]]
	return !waits
}

// unused notes what has no effect yet. For a whole policy it stands at its kind.
func (d *decoder) unused(path string, t reflect.Type) {
	text, waits := pending[t]
	if !waits {
		return
	}
	if path == "" {
		path = "kind"
	}
	d.warn(path, "%s", text)
}
