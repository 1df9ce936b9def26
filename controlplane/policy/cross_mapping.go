package policy

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// mapped checks a mapping with the code that the filter reads it with. The paths of a schema's fields are those of the
// mapping's.
func (d *decoder) mapped(m model.Mapping) {
	if join(d.problems) != nil || m.Service == "" { // the schema of half a mapping would be wrong everywhere
		return
	}
	s := alone(m)
	err := s.Check()
	for _, e := range unjoin(err) {
		text := strings.TrimPrefix(e.Error(), "schema: ")
		path, message, _ := strings.Cut(text, ": ")
		d.wrong(path, "%s", message)
	}
	known := map[string]bool{}
	for _, method := range m.Methods {
		known[method.Name] = true
	}
	for i, o := range m.Operations {
		path := indexed("operations", i)
		if len(o.Parameters) == 0 && !known[o.Method] && strings.Contains(o.Path, "{") {
			d.wrong(path, "{…} in the path go nowhere: write parameters, or %s and its parameters in methods", o.Method)
		}
		for j, b := range o.Parameters {
			if b.Type == "" && !known[o.Method] {
				d.warn(indexed(path+".parameters", j), "its type is taken from the provider's metadata; write it here if there is none")
			}
		}
	}
}

// unjoin takes apart what errors.Join has joined.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined error itself is meant
		return joined.Unwrap()
	}
	return []error{err}
}
