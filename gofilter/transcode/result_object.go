package transcode

import (
	"slices"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// plans is how objects of the classes of one answer are written. It is made once for each class that the answer
// defines.
type plans struct {
	classes []plan // by the number of the class in the answer
	fields  []planField
	text    []byte // names as they stand in the output: quoted, with a colon
}

// plan is how objects of a class are written.
type plan struct {
	made   bool
	enum   bool // by the schema's word
	named  bool // its only field is name: an enum, where nothing else can be
	fields span // of plans.fields
	// known writes objects of a class that stands for one value; nil for any other.
	known func(*result, *dubbo.Nested) error
}

// planField is how a field is written. Of fields with one JSON name the last is: Java deserializers keep that one when
// a class has a field of the same name as its superclass.
type planField struct {
	name   span // of plans.text
	drop   bool
	single bool // its type is float
}

func (p *plans) reset() {
	p.classes, p.fields, p.text = p.classes[:0], p.fields[:0], shrink(p.text)
}

// planOf gives the plan for the class of an object.
func (d *result) planOf(n *dubbo.Nested) plan {
	p, cls := &d.plans, d.r.Class(*n)
	for len(p.classes) <= cls {
		p.classes = append(p.classes, plan{})
	}
	if !p.classes[cls].made {
		p.classes[cls] = d.makePlan(n)
	}
	return p.classes[cls]
}

func (d *result) makePlan(n *dubbo.Nested) plan {
	var class answerClass
	if d.answers != nil {
		class = d.answers.classes[string(n.Type)]
	}
	p := &d.plans
	made := plan{made: true, known: d.knownClass(n)}
	made.named = d.r.Fields(*n) == 1 && d.r.FieldIs(*n, 0, enumField)
	made.enum = class.enum && d.hasField(n, enumField)
	made.fields.from = len(p.fields)
	for i := range d.r.Fields(*n) {
		name := d.r.Field(*n, i)
		f := planField{name: span{from: len(p.text)}, single: class.single[string(name)]}
		if other, ok := class.naming[string(name)]; ok {
			p.text = appendQuoted(p.text, other)
		} else {
			p.text = appendQuoted(p.text, name)
		}
		p.text = append(p.text, ':')
		f.name.to = len(p.text)
		f.drop = d.showClass && string(p.text[f.name.from:]) == `"class":`
		p.fields = append(p.fields, f)
	}
	made.fields.to = len(p.fields)
	p.dropRepeated(made.fields)
	return made
}

// enumField is the only field of an enum in Hessian: the name of the constant.
const enumField = "name"

// dropRepeated leaves only the last of the fields with one name. Up to a few dozen fields, comparing all with all is
// faster than a set.
func (p *plans) dropRepeated(fields span) {
	all := p.fields[fields.from:fields.to]
	if len(all) <= 32 {
		for i := range all {
			for k := i + 1; k < len(all) && !all[i].drop; k++ {
				all[i].drop = string(p.get(all[i].name)) == string(p.get(all[k].name))
			}
		}
		return
	}
	seen := make(map[string]bool, len(all))
	for i := range slices.Backward(all) {
		name := string(p.get(all[i].name))
		all[i].drop = all[i].drop || seen[name]
		seen[name] = true
	}
}

func (p *plans) get(s span) []byte { return p.text[s.from:s.to] }

// object writes an object's fields, or the one value it stands for.
func (d *result) object() error {
	n, err := d.r.Object()
	if err != nil {
		return err
	}
	p := d.planOf(&n)
	asEnum, single := d.asEnum, d.single
	d.asEnum, d.single = false, false
	switch {
	case p.known != nil:
		err = p.known(d, &n)
	case p.enum || p.named && asEnum:
		err = d.only(&n, enumField)
	default:
		err = d.members(&n, p)
	}
	d.asEnum, d.single = asEnum, single
	return err
}

// members writes an object as one.
func (d *result) members(n *dubbo.Nested, p plan) error {
	d.out = append(d.out, '{')
	first := true
	if d.showClass {
		d.out = append(d.out, `"class":`...)
		d.out = appendQuoted(d.out, n.Type)
		first = false
	}
	for i := range p.fields.to - p.fields.from {
		f := d.plans.fields[p.fields.from+i]
		if f.drop || d.dropNulls && d.r.Kind() == dubbo.Null {
			if err := d.r.Skip(); err != nil {
				return err
			}
			continue
		}
		mark := len(d.out)
		if !first {
			d.out = append(d.out, ',')
		}
		d.out = append(d.out, d.plans.get(f.name)...)
		at := len(d.out)
		d.single = f.single
		if err := d.value(); err != nil {
			return err
		}
		if d.nothing(at) {
			d.out = d.out[:mark]
			continue
		}
		first = false
	}
	d.single = false
	d.r.Close(*n)
	d.out = append(d.out, '}')
	return nil
}

// nothing reports whether the value that out holds from that place on is a null to be left out.
func (d *result) nothing(from int) bool {
	return d.dropNulls && len(d.out)-from == len("null") && string(d.out[from:]) == "null"
}

// only writes one field of an object in its place, null when it is not there.
func (d *result) only(n *dubbo.Nested, name string) error {
	from := len(d.out)
	d.out = append(d.out, "null"...)
	for i := range d.r.Fields(*n) {
		if !d.r.FieldIs(*n, i, name) {
			if err := d.r.Skip(); err != nil {
				return err
			}
			continue
		}
		d.out = d.out[:from]
		if err := d.value(); err != nil {
			return err
		}
	}
	d.r.Close(*n)
	return nil
}

func (d *result) hasField(n *dubbo.Nested, name string) bool {
	for i := range d.r.Fields(*n) {
		if d.r.FieldIs(*n, i, name) {
			return true
		}
	}
	return false
}
