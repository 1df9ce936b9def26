package importer

import (
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// report gathers what could not be expressed.
type report struct {
	of    string // VirtualService/reviews
	file  string
	above int // how many lines of the file stand before the document
	lost  []Lost
	open  []*object
}

func (r *report) object(path string, fields map[string]any, node ast.Node) *object {
	o := &object{path: path, fields: fields, node: node, used: map[string]bool{}, report: r}
	r.open = append(r.open, o)
	return o
}

// add reports what stands at a node.
func (r *report) add(at ast.Node, field, why string) {
	line, column := r.place(at)
	r.lost = append(r.lost, Lost{r.file, line, column, r.of, field, why})
}

// place is where a node begins: in its first key, and not in the colon behind that.
func (r *report) place(n ast.Node) (line, column int) {
	if m, flow := plain(n).(*ast.MappingNode); !flow || !m.IsFlowStyle {
		if all := entries(n); len(all) > 0 {
			n = all[0].Key
		}
	}
	line, column = document.Position(n)
	return line + r.above, column
}

// finish reports every field that nobody has looked at.
func (r *report) finish() {
	for _, o := range r.open {
		for _, name := range slices.Sorted(maps.Keys(o.fields)) {
			if !o.used[name] {
				o.lose(name, "there is no such thing here")
			}
		}
	}
}
