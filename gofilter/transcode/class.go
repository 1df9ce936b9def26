package transcode

// class is a Java class as Hessian writes it: the fields by name, each with its JSON name and type.
type class struct {
	name   string
	fields []field
	byJSON map[string]int // index of fields by JSON name
	enum   []string       // the names of an enum's constants; nil for other classes
	opaque bool           // only a generic call can carry its objects
}

type field struct {
	name string
	typ  *javaType // nil in a class of the library
}

// fixed is a class of Java's or Dubbo's library. What its fields are is known where it is written.
func fixed(name string, fields ...string) *class {
	c := &class{name: name, fields: make([]field, len(fields))}
	for i, f := range fields {
		c.fields[i].name = f
	}
	return c
}

// extends reports whether a value of c may stand where one of base is declared: it has all of its fields, with the
// same types. What Java itself says of them is not known here; the provider checks that anyway.
func (c *class) extends(base *class) bool {
	if c.enum != nil || base.enum != nil {
		return false
	}
	for _, want := range base.fields {
		found := false
		for _, f := range c.fields {
			found = found || f.name == want.name && f.typ.desc == want.typ.desc
		}
		if !found {
			return false
		}
	}
	return true
}
