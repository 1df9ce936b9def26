package transcode

// fields writes the JSON object at hand as one of the class. Members that the class does not have are passed over, as
// Dubbo does.
func (a *arguments) fields(t *javaType, depth int) *fault {
	if _, err := a.dec.ReadToken(); err != nil {
		return a.syntax(err)
	}
	declared := t.class
	c := declared
	key, f := a.memberName()
	if _, own := c.byJSON["class"]; f == nil && string(key) == "class" && !own {
		if c, f = a.subclass(c); f == nil {
			key, f = a.memberName()
		}
	}
	if f != nil {
		return f
	}
	if a.generic {
		return a.asMap(c, c != declared || a.result, key, depth)
	}
	return a.asObject(c, key, depth)
}

// memberName takes the next member's name of the object at hand, or its end, for which the name is nil. The name is
// valid until the next call.
func (a *arguments) memberName() ([]byte, *fault) {
	if a.dec.PeekKind() == '}' {
		if _, err := a.dec.ReadToken(); err != nil {
			return nil, a.syntax(err)
		}
		return nil, nil
	}
	name, err := a.dec.ReadValue()
	if err != nil {
		return nil, a.syntax(err)
	}
	return a.unquote(name), nil
}

// asObject writes the members from key on, up to the end.
func (a *arguments) asObject(c *class, key []byte, depth int) *fault {
	o := a.begin(c)
	for key != nil {
		i, ok := c.byJSON[string(key)]
		f := (*fault)(nil)
		if ok {
			a.member(&o, i)
			f = a.value(c.fields[i].typ, depth+1)
		} else {
			f = a.pass(string(key) == "class", c)
		}
		if f == nil {
			key, f = a.memberName()
		}
		if f != nil {
			return f
		}
	}
	return a.end(o)
}

// asMap does the same for a generic call: the provider makes the object of a map, which is told its class when it
// could not know.
func (a *arguments) asMap(c *class, tell bool, key []byte, depth int) *fault {
	a.w.UntypedMap()
	if tell {
		a.w.String("class")
		a.w.String(c.name)
	}
	for key != nil {
		i, ok := c.byJSON[string(key)]
		f := (*fault)(nil)
		if ok {
			a.w.String(c.fields[i].name)
			f = a.value(c.fields[i].typ, depth+1)
		} else {
			f = a.pass(string(key) == "class", c)
		}
		if f == nil {
			key, f = a.memberName()
		}
		if f != nil {
			return f
		}
	}
	a.w.End()
	return nil
}

// classFirst is what is expected of a member "class" that stands behind others.
const classFirst = "the member class in front of the others, since it says what they are"

// pass passes over a member that the class does not have.
func (a *arguments) pass(class bool, c *class) *fault {
	if class {
		if v, err := a.dec.ReadValue(); err == nil && string(v) != `"`+c.name+`"` {
			return a.unfit(len(v), classFirst, shown(v))
		} else if err != nil {
			return a.syntax(err)
		}
		return nil
	}
	if err := a.dec.SkipValue(); err != nil {
		return a.syntax(err)
	}
	return nil
}

// subclass takes the value of the member "class": the declared class itself, or one of the schema that has all of
// its fields.
func (a *arguments) subclass(declared *class) (*class, *fault) {
	v, err := a.dec.ReadValue()
	if err != nil {
		return nil, a.syntax(err)
	}
	if v.Kind() == '"' {
		name := a.unquote(v)
		if string(name) == declared.name {
			return declared, nil
		}
		if c := a.schema.class(name); c != nil && c.extends(declared) {
			if c.opaque && !a.generic {
				return nil, onlyGeneric
			}
			return c, nil
		}
	}
	return nil, a.unfit(len(v), "the class "+declared.name+" or one of the service's classes that has all of its fields", shown(v))
}
