package arguments

import (
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// fromHessian looks at the arguments of a Dubbo consumer. Those of a generic call are in the list that is its third one.
func (f *Finder) fromHessian(body []byte) {
	n, err := strconv.Atoi(string(f.length))
	if err != nil || n < 0 || n > len(body) {
		return
	}
	r := &f.hessian
	r.Reset(body[:n], max(keepBytes, 4*n))
	if len(f.method) == 0 {
		for i := 0; i <= f.plan.last && r.Offset() < n; i++ {
			if f.hessianValue(f.plan.of(i), 0, 0) != nil {
				return
			}
		}
		return
	}
	for range 2 { // the method and its types
		if r.Skip() != nil {
			return
		}
	}
	list, err := r.List()
	for i := 0; err == nil && i <= f.plan.last; i++ {
		if more, broken := r.More(&list); broken != nil || !more {
			return
		}
		err = f.hessianValue(f.plan.of(i), 0, 0)
	}
}

// hessianValue looks at the next value, into which paths lead. Also are paths that end above it and that it is the text of.
func (f *Finder) hessianValue(s set, depth int, also set) error {
	r := &f.hessian
	if s|also == 0 {
		return r.Skip()
	}
	here, deeper := f.plan.part(s, depth)
	switch r.Kind() {
	case dubbo.Ref:
		back, err := r.Enter()
		if err == nil {
			err = f.hessianValue(s, depth, also)
		}
		if err != nil {
			return err
		}
		return r.Leave(back)
	case dubbo.List:
		f.set(here, aList)
		return f.hessianList(deeper, depth)
	case dubbo.Map:
		f.set(here, anObject)
		return f.hessianMap(deeper, depth)
	case dubbo.Object:
		return f.hessianObject(here, deeper, depth)
	}
	return f.hessianScalar(here | also)
}

// hessianScalar keeps a value that has no parts.
func (f *Finder) hessianScalar(s set) error {
	r, text := &f.hessian, f.scratch[:0]
	there := true
	var err error
	switch r.Kind() {
	case dubbo.Bool:
		var v bool
		v, err = r.Bool()
		text = strconv.AppendBool(text, v)
	case dubbo.Int:
		var v int32
		v, err = r.Int()
		text = strconv.AppendInt(text, int64(v), 10)
	case dubbo.Long:
		var v int64
		v, err = r.Long()
		text = strconv.AppendInt(text, v, 10)
	case dubbo.Double:
		var v float64
		v, err = r.Double()
		text, there = appendDouble(text, v)
	case dubbo.Date:
		var v int64
		v, err = r.Date()
		text = time.UnixMilli(v).UTC().AppendFormat(text, "2006-01-02T15:04:05.000Z")
	case dubbo.String:
		text, err = r.AppendString(text)
	default: // null, and bytes, which are no text
		return r.Skip()
	}
	f.scratch = text
	if err == nil && there {
		f.set(s, text)
	}
	return err
}

// hessianMore reports whether there is another part of a list or map, which ends with the last one.
func (f *Finder) hessianMore(n *dubbo.Nested) (bool, error) {
	more, err := f.hessian.More(n)
	if err == nil && !more {
		f.hessian.Close(*n)
	}
	return more, err
}

func (f *Finder) hessianList(s set, depth int) error {
	n, err := f.hessian.List()
	for i := 0; err == nil; i++ {
		if more, broken := f.hessianMore(&n); !more {
			return broken
		}
		f.scratch = strconv.AppendInt(f.scratch[:0], int64(i), 10)
		err = f.hessianValue(f.plan.named(s, depth, f.scratch), depth+1, 0)
	}
	return err
}

func (f *Finder) hessianMap(s set, depth int) error {
	n, err := f.hessian.Map()
	for err == nil {
		if more, broken := f.hessianMore(&n); !more {
			return broken
		}
		var key set
		if key, err = f.hessianKey(s, depth); err == nil {
			err = f.hessianValue(key, depth+1, 0)
		}
	}
	return err
}

// hessianKey takes the key of a map's entry and tells which paths lead through it.
func (f *Finder) hessianKey(s set, depth int) (set, error) {
	r := &f.hessian
	var err error
	switch r.Kind() {
	case dubbo.String:
		f.scratch, err = r.AppendString(f.scratch[:0])
	case dubbo.Int:
		var v int32
		v, err = r.Int()
		f.scratch = strconv.AppendInt(f.scratch[:0], int64(v), 10)
	case dubbo.Long:
		var v int64
		v, err = r.Long()
		f.scratch = strconv.AppendInt(f.scratch[:0], v, 10)
	default:
		return 0, r.Skip()
	}
	if err != nil {
		return 0, err
	}
	return f.plan.named(s, depth, f.scratch), nil
}

// hessianObject looks at an object. One that is but a wrapper, as an enum or a BigDecimal is, has the text inside it.
func (f *Finder) hessianObject(here, deeper set, depth int) error {
	r := &f.hessian
	n, err := r.Object()
	if err != nil {
		return err
	}
	fields := r.Fields(n)
	var also set
	if fields == 1 && (r.FieldIs(n, 0, "name") || r.FieldIs(n, 0, "value")) {
		also = here
	} else {
		f.set(here, anObject)
	}
	for i := range fields {
		if err := f.hessianValue(f.plan.named(deeper, depth, r.Field(n, i)), depth+1, also); err != nil {
			return err
		}
	}
	r.Close(n)
	return nil
}
