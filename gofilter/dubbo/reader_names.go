package dubbo

// count takes a length, which the rest of the input must be able to hold.
func (r *Reader) count(of string) (int, error) {
	n, err := r.Int()
	if err != nil {
		return 0, err
	}
	if n < 0 || int(n) > len(r.data)-r.pos {
		return 0, r.errorf("%s of %d values does not fit into the %d bytes left", of, n, len(r.data)-r.pos)
	}
	return int(n), nil
}

// typeName takes a type: its name, or the number of one named before.
func (r *Reader) typeName() ([]byte, error) {
	if r.Kind() == Int {
		i, err := r.Int()
		if err != nil {
			return nil, err
		}
		if i < 0 || int(i) >= r.types {
			return nil, r.errorf("type %d is not defined; %d are", i, r.types)
		}
		return r.name(r.typeTab[i].name), nil
	}
	if r.types < len(r.typeTab) && r.typeTab[r.types].at.from == r.pos { // read before, see Enter
		t := r.typeTab[r.types]
		r.types++
		r.pos = t.at.to
		return r.name(t.name), nil
	}
	from := r.pos
	name, err := r.addName()
	if err != nil {
		return nil, err
	}
	r.typeTab = append(r.typeTab[:r.types], named{name: name, at: span{from, r.pos}})
	r.types++
	return r.name(name), nil
}

// classDefinition takes the definition of a class.
func (r *Reader) classDefinition() error {
	if r.classes < len(r.classTab) && r.classTab[r.classes].at.from == r.pos { // read before, see Enter
		r.pos = r.classTab[r.classes].at.to
		r.classes++
		return nil
	}
	from := r.pos
	r.pos++
	name, err := r.addName()
	if err != nil {
		return err
	}
	n, err := r.count("class")
	if err != nil {
		return err
	}
	fields := span{len(r.fieldTab), len(r.fieldTab) + n}
	for range n {
		f, err := r.addName()
		if err != nil {
			return err
		}
		r.fieldTab = append(r.fieldTab, f)
	}
	r.classTab = append(r.classTab[:r.classes], class{named{name, span{from, r.pos}}, fields})
	r.classes++
	return nil
}

func (r *Reader) addName() (span, error) {
	from := len(r.text)
	var err error
	r.text, err = r.AppendString(r.text)
	return span{from, len(r.text)}, err
}

func (r *Reader) name(s span) []byte { return r.text[s.from:s.to:s.to] }
