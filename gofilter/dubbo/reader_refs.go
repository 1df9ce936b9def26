package dubbo

// Return is the place of a reference, to go back to after the value it points to was read.
type Return struct{ pos, types, classes, refs, from int }

// Enter takes a reference and moves to the value it points to, which is then read as if it stood here. Leave must
// follow. A reference to a value that is still being read is a cycle.
func (r *Reader) Enter() (Return, error) {
	if r.Kind() != Ref {
		return Return{}, r.unexpected(Ref)
	}
	at := r.pos
	r.pos++
	i, err := r.Int()
	if err != nil {
		return Return{}, err
	}
	if i < 0 || int(i) >= r.refs {
		return Return{}, r.errorf("reference %d points to no value; %d have begun", i, r.refs)
	}
	t := r.refTab[i]
	if t.open {
		return Return{}, &Error{Offset: at, Reason: errCycle.Error(), cause: errCycle}
	}
	back := Return{pos: r.pos, types: r.types, classes: r.classes, refs: r.refs, from: int(t.pos)}
	r.pos, r.types, r.classes, r.refs = int(t.pos), int(t.types), int(t.classes), int(i)
	return back, nil
}

// Leave goes back behind the reference.
func (r *Reader) Leave(back Return) error {
	if r.expansion -= r.pos - back.from; r.expansion < 0 {
		return &Error{Offset: back.pos, Reason: errExpansion.Error(), cause: errExpansion}
	}
	r.pos, r.types, r.classes, r.refs = back.pos, back.types, back.classes, back.refs
	return nil
}

// Cyclic reports whether the next value is a reference to a value that is still being read.
func (r *Reader) Cyclic() bool {
	if r.Kind() != Ref {
		return false
	}
	at := r.pos
	r.pos++
	i, err := r.Int()
	r.pos = at
	return err == nil && i >= 0 && int(i) < r.refs && r.refTab[i].open
}
