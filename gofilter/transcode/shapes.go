package transcode

import (
	"slices"
)

// A Hessian object has the values of its fields in the order of a class definition that stands before it. JSON has
// them in any order and leaves some out, and those that are left out keep what the Java class gives them. So each
// order of fields that occurs is a definition of its own. The definitions are found while the objects are
// written, and are put in front of the first object of the argument when the argument is complete.

// maxShapes bounds the definitions of one call: providers read those that follow each other recursively.
const maxShapes = 512

// onlyGeneric ends a typed call; it is made generic instead.
var onlyGeneric = faultf(badRequest, "the objects have more than %d different sets of members", maxShapes)

// shapes are the definitions of a call, a tree: each node is a class and the fields that an object of it has so far.
type shapes struct {
	nodes []shape
	roots []int32 // the nodes without fields, one for each class
	defs  []int32 // the nodes that are defined, in order
	done  int     // how many of them are in the frame
}

type shape struct {
	class          *class
	field          int32 // the last field; none in a root and for an object without fields
	parent         int32 // none for a root
	child, sibling int32 // 0 for none: node 0 is a root
	def            int32 // its definition or none; a root has the one that was used last
}

const none = -1

func (s *shapes) reset() {
	clear(s.nodes) // which point into a schema
	if cap(s.nodes) > keepItems {
		s.nodes = nil
	}
	s.nodes, s.roots, s.defs, s.done = s.nodes[:0], s.roots[:0], s.defs[:0], 0
}

func (s *shapes) root(c *class) int32 {
	for _, r := range s.roots {
		if s.nodes[r].class == c {
			return r
		}
	}
	r := int32(len(s.nodes))
	s.nodes = append(s.nodes, shape{class: c, field: none, parent: none, def: none})
	s.roots = append(s.roots, r)
	return r
}

// with is the node of an object that has a field more.
func (s *shapes) with(node, field int32) int32 {
	for n := s.nodes[node].child; n != 0; n = s.nodes[n].sibling {
		if s.nodes[n].field == field {
			return n
		}
	}
	n := int32(len(s.nodes))
	s.nodes = append(s.nodes, shape{class: s.nodes[node].class, field: field, parent: node, sibling: s.nodes[node].child, def: none})
	s.nodes[node].child = n
	return n
}

// number is the number of a node's definition.
func (s *shapes) number(node int32) int32 {
	if s.nodes[node].parent == none {
		node = s.with(node, none)
	}
	if s.nodes[node].def == none {
		s.nodes[node].def = int32(len(s.defs))
		s.defs = append(s.defs, node)
	}
	return s.nodes[node].def
}

// pojo is an object whose fields are being written.
type pojo struct {
	at         int // where it begins
	root, node int32
}

// begin starts an object. Its fields follow in any order, each announced by member.
func (a *arguments) begin(c *class) pojo {
	r := a.shapes.root(c)
	o := pojo{len(a.w.Buf), r, r}
	if a.first == none {
		a.first = o.at
	}
	a.w.ObjectOf(max(0, int(a.shapes.nodes[r].def))) // most likely it has the shape of the last one
	return o
}

func (a *arguments) member(o *pojo, field int) { o.node = a.shapes.with(o.node, int32(field)) }

// end ends an object, whose shape is known now.
func (a *arguments) end(o pojo) *fault {
	def := a.shapes.number(o.node)
	if def >= maxShapes {
		a.varied = true
		return onlyGeneric
	}
	a.shapes.nodes[o.root].def = def
	a.defs.Reset(a.defs.Buf[:0])
	a.defs.ObjectOf(int(def))
	a.w.Buf = slices.Replace(a.w.Buf, o.at, o.at+objectHead(a.w.Buf[o.at:]), a.defs.Buf...)
	return nil
}

// objectHead is the length of what ObjectOf has written for less than maxShapes definitions.
func objectHead(b []byte) int {
	switch {
	case b[0] >= 0x60 && b[0] <= 0x6f:
		return 1
	case b[1] <= 0xbf:
		return 2
	}
	return 3
}

// define puts the new definitions in front of the first object of an argument that is complete.
func (a *arguments) define() {
	s := &a.shapes
	if s.done == len(s.defs) {
		return
	}
	a.defs.Reset(a.defs.Buf[:0])
	for _, n := range s.defs[s.done:] {
		c := s.nodes[n].class
		a.order = a.order[:0]
		for ; s.nodes[n].parent != none; n = s.nodes[n].parent {
			if f := s.nodes[n].field; f != none {
				a.order = append(a.order, f)
			}
		}
		a.defs.ClassDefinition(c.name, len(a.order))
		for _, f := range slices.Backward(a.order) {
			a.defs.String(c.fields[f].name)
		}
	}
	s.done = len(s.defs)
	a.w.Buf = slices.Insert(a.w.Buf, a.first, a.defs.Buf...)
}
