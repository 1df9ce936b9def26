package dubbo

import (
	"errors"
	"slices"
)

// Nested is a list, map or object whose values are being read, until Close.
type Nested struct {
	Type []byte // Java class or type name, as UTF-8; empty when untyped
	left int    // values still to come; -1 when an end mark closes it
	ref  int
	cls  int // of an object
}

// errCycle and errExpansion are what Enter wraps.
var (
	errCycle     = errors.New("the value contains itself")
	errExpansion = errors.New("references make the value too large")
)

// IsCycle reports whether err says that a value contains itself.
func IsCycle(err error) bool { return errors.Is(err, errCycle) }

// IsExpansion reports whether err says that references made a value larger than Reset allows.
func IsExpansion(err error) bool { return errors.Is(err, errExpansion) }

// List takes the head of a list. Values follow as long as More says so, then Close.
func (r *Reader) List() (Nested, error) {
	if r.Kind() != List {
		return Nested{}, r.unexpected(List)
	}
	n, err := r.open()
	if err != nil {
		return Nested{}, err
	}
	t := r.data[r.pos]
	r.pos++
	if t == tagListVar || t == tagList || t >= tagListShort && t < tagUntypedShort {
		if n.Type, err = r.typeName(); err != nil {
			return Nested{}, err
		}
	}
	switch t {
	case tagListVar, tagUntypedVar:
		n.left = -1
	case tagList, tagUntypedList:
		n.left, err = r.count("list")
	default:
		n.left = int(t & 7)
	}
	return n, err
}

// Map takes the head of a map. Keys and values follow in turn as long as More says so before a key, then Close.
func (r *Reader) Map() (Nested, error) {
	if r.Kind() != Map {
		return Nested{}, r.unexpected(Map)
	}
	n, err := r.open()
	if err != nil {
		return Nested{}, err
	}
	n.left = -1
	r.pos++
	if r.data[r.pos-1] == tagMap {
		n.Type, err = r.typeName()
	}
	return n, err
}

// More reports whether another value of n follows; the end mark is taken.
func (r *Reader) More(n *Nested) (bool, error) {
	switch {
	case n.left > 0:
		n.left--
		return true, nil
	case n.left == 0:
		return false, nil
	case r.Kind() == End:
		r.pos++
		return false, nil
	case r.Kind() == Invalid:
		return false, r.unexpected(End)
	}
	return true, nil
}

// Close ends a list, map or object after its last value.
func (r *Reader) Close(n Nested) {
	r.refTab[n.ref].open = false
	r.depth--
}

// Object takes class definitions and the head of an object. One value per field follows, then Close.
func (r *Reader) Object() (Nested, error) {
	if r.Kind() != Object {
		return Nested{}, r.unexpected(Object)
	}
	n, err := r.open()
	if err != nil {
		return Nested{}, err
	}
	for r.Kind() == Object && r.data[r.pos] == tagClass {
		if err := r.classDefinition(); err != nil {
			return Nested{}, err
		}
	}
	if r.Kind() != Object {
		return Nested{}, r.unexpected(Object)
	}
	t := r.data[r.pos]
	r.pos++
	n.cls = int(t) - tagObjectShort
	if t == tagObject {
		i, err := r.Int()
		if err != nil {
			return Nested{}, err
		}
		n.cls = int(i)
	}
	if n.cls < 0 || n.cls >= r.classes {
		return Nested{}, r.errorf("class %d is not defined; %d are", n.cls, r.classes)
	}
	c := r.classTab[n.cls]
	n.Type = r.name(c.name)
	n.left = c.fields.to - c.fields.from
	return n, nil
}

// Class numbers the class of an object among the ones that the input defines, from 0.
func (r *Reader) Class(n Nested) int { return n.cls }

// Fields is the number of fields of an object.
func (r *Reader) Fields(n Nested) int {
	f := r.classTab[n.cls].fields
	return f.to - f.from
}

// Field is the name of the i-th field of an object, as UTF-8.
func (r *Reader) Field(n Nested, i int) []byte {
	return r.name(r.fieldTab[r.classTab[n.cls].fields.from+i])
}

// FieldIs reports whether the i-th field of an object has that name.
func (r *Reader) FieldIs(n Nested, i int, name string) bool { return string(r.Field(n, i)) == name }

// Skip takes the next value whatever it is. References in it are not followed.
func (r *Reader) Skip() error {
	var n Nested
	var err error
	switch k := r.Kind(); k {
	case Null, Bool:
		r.pos++
	case Int:
		_, err = r.Int()
	case Long:
		_, err = r.Long()
	case Double:
		_, err = r.Double()
	case Date:
		_, err = r.Date()
	case String:
		mark := len(r.text)
		r.text, err = r.AppendString(r.text)
		r.text = r.text[:mark]
	case Binary:
		mark := len(r.text)
		r.text, err = r.AppendBytes(r.text)
		r.text = r.text[:mark]
	case Ref:
		r.pos++
		_, err = r.Int()
	case List:
		if n, err = r.List(); err == nil {
			err = r.skipRest(n, 1)
		}
	case Map:
		if n, err = r.Map(); err == nil {
			err = r.skipRest(n, 2)
		}
	case Object:
		if n, err = r.Object(); err == nil {
			err = r.skipRest(n, 1)
		}
	default:
		return r.unexpected(Null)
	}
	return err
}

func (r *Reader) skipRest(n Nested, perItem int) error {
	for {
		more, err := r.More(&n)
		if err != nil {
			return err
		}
		if !more {
			r.Close(n)
			return nil
		}
		for range perItem {
			if err := r.Skip(); err != nil {
				return err
			}
		}
	}
}

// moreRefs is how many more entries the table of references should get room for: as many as the rest of the input takes
// if it is like what was read, for append alone takes many small steps when the table is large.
func (r *Reader) moreRefs() int {
	if r.refs < 1024 {
		return max(16, r.refs)
	}
	return max(1, min(4*r.refs, r.refs*(len(r.data)-r.pos)/r.pos+r.refs/16))
}

// open registers a list, map or object that begins here as a target of references.
func (r *Reader) open() (Nested, error) {
	if r.depth >= MaxDepth {
		return Nested{}, r.errorf("values are nested more than %d deep", MaxDepth)
	}
	r.depth++
	t := target{pos: int32(r.pos), types: int32(r.types), classes: int32(r.classes), open: true}
	if r.refs == len(r.refTab) {
		if r.refs == cap(r.refTab) {
			r.refTab = slices.Grow(r.refTab, r.moreRefs())
		}
		r.refTab = append(r.refTab, t)
	} else {
		r.refTab[r.refs] = t
	}
	r.refs++
	return Nested{ref: r.refs - 1, cls: -1}, nil
}
