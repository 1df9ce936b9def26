package transcode

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// member writes the part of the next value that path names, null when there is none; all of it for an empty path,
// or when it has no members.
func (d *result) member(path string) error {
	if path == "" {
		return d.value()
	}
	name, rest, _ := strings.Cut(path, ".")
	switch d.r.Kind() {
	case dubbo.Ref:
		back, err := d.r.Enter()
		if err != nil {
			return err
		}
		if err := d.member(path); err != nil {
			return err
		}
		return d.r.Leave(back)
	case dubbo.Object:
		return d.memberOfObject(name, rest)
	case dubbo.Map:
		return d.memberOfMap(name, rest)
	}
	return d.value()
}

func (d *result) memberOfObject(name, rest string) error {
	n, err := d.r.Object()
	if err != nil {
		return err
	}
	p := d.planOf(&n)
	wanted := append(appendQuoted(nil, name), ':')
	from := len(d.out)
	d.out = append(d.out, "null"...)
	for i := range p.fields.to - p.fields.from {
		f := d.plans.fields[p.fields.from+i]
		if f.drop || string(d.plans.get(f.name)) != string(wanted) && !d.r.FieldIs(n, i, name) {
			err = d.r.Skip()
		} else {
			d.out = d.out[:from]
			d.single = f.single
			err = d.member(rest)
		}
		if err != nil {
			return err
		}
	}
	d.r.Close(n)
	return nil
}

func (d *result) memberOfMap(name, rest string) error {
	n, err := d.r.Map()
	if err != nil {
		return err
	}
	from := len(d.out)
	d.out = append(d.out, "null"...)
	for {
		more, err := d.r.More(&n)
		if err != nil {
			return err
		}
		if !more {
			d.r.Close(n)
			return nil
		}
		wanted := d.r.Kind() == dubbo.String
		if d.scratch = d.scratch[:0]; wanted {
			d.scratch, err = d.r.AppendString(d.scratch)
		} else {
			err = d.r.Skip()
		}
		if err != nil {
			return err
		}
		if !wanted || string(d.scratch) != name {
			err = d.r.Skip()
		} else {
			d.out = d.out[:from]
			err = d.member(rest)
		}
		if err != nil {
			return err
		}
	}
}
