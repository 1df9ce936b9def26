package transcode

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// mapping writes a map as an object. Keys that are not strings become the text of their JSON; of keys that become the
// same text the first is written.
func (d *result) mapping() error {
	n, err := d.r.Map()
	if err != nil {
		return err
	}
	from, base := len(d.out), len(d.keys)
	d.out = append(d.out, '{')
	var keys keySet
	for {
		more, err := d.r.More(&n)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := d.entry(from, &keys); err != nil {
			return err
		}
	}
	d.r.Close(n)
	d.out = append(d.out, '}')
	switch {
	case keys.value != nil:
		d.standFor(from, keys.value)
	case len(keys.naming) > 0:
		d.rename(from, d.keys[base:], keys.naming)
	}
	d.keys = d.keys[:base]
	return nil
}

// entry writes the next key and value of the map that out holds from that place on.
func (d *result) entry(from int, keys *keySet) error {
	mark := len(d.out)
	if mark > from+1 {
		d.out = append(d.out, ',')
	}
	at, kind := len(d.out), d.r.Kind()
	if err := d.key(); err != nil {
		return err
	}
	if (d.generic || d.dropClass) && kind == dubbo.String && d.r.Kind() == dubbo.String && string(d.out[at:]) == `"class"` {
		return d.classEntry(mark, keys)
	}
	drop := d.dropNulls && d.r.Kind() == dubbo.Null
	if !drop {
		var err error
		if drop, err = d.repeats(keys, kind, from, at); err != nil {
			return err
		}
	}
	if drop {
		d.out = d.out[:mark]
		return d.r.Skip()
	}
	key := span{at, len(d.out)}
	d.out = append(d.out, ':')
	value := len(d.out)
	if err := d.value(); err != nil {
		return err
	}
	switch {
	case d.nothing(value):
		d.out = d.out[:mark]
	case d.renames():
		d.keys = append(d.keys, key)
	}
	return nil
}

// classEntry reads the entry that tells what a map of a generic answer stands for. It is written when classes are.
func (d *result) classEntry(mark int, keys *keySet) (err error) {
	if d.scratch, err = d.r.AppendString(d.scratch[:0]); err != nil {
		return err
	}
	if d.generic {
		keys.value = mapValues[string(d.scratch)]
	}
	if d.answers != nil {
		keys.naming = d.answers.classes[string(d.scratch)].properties
	}
	if d.dropClass {
		d.out = d.out[:mark]
		return nil
	}
	d.out = appendQuoted(append(d.out, ':'), d.scratch)
	return nil
}

// renames reports whether maps may stand for objects whose fields have other names in JSON.
func (d *result) renames() bool { return d.generic && d.answers != nil && d.answers.renames }

// rename gives the entries of a map, whose JSON out holds from that place on and whose keys stand at those places, their
// names in JSON. A name that another entry has already is not given.
func (d *result) rename(from int, keys []span, naming map[string]string) {
	taken := make(map[string]bool, len(keys))
	for _, k := range keys {
		taken[string(d.out[k.from:k.to])] = true
	}
	d.scratch = append(d.scratch[:0], d.out[from:]...)
	last := from
	out := d.out[:from]
	for _, k := range keys {
		name := d.scratch[k.from-from : k.to-from]
		out = append(out, d.scratch[last-from:k.from-from]...)
		last = k.to
		other, ok := naming[string(name[1:len(name)-1])]
		quoted := appendQuoted(nil, other)
		if !ok || taken[string(quoted)] {
			out = append(out, name...)
			continue
		}
		taken[string(quoted)] = true
		out = append(out, quoted...)
	}
	out = append(out, d.scratch[last-from:]...)
	d.out = out
}

// key writes the next value as a string.
func (d *result) key() error {
	if d.r.Kind() == dubbo.String {
		return d.text()
	}
	from := len(d.out)
	asEnum := d.asEnum
	d.asEnum = true
	err := d.value()
	d.asEnum = asEnum
	if err != nil || d.out[from] == '"' {
		return err
	}
	d.scratch = append(d.scratch[:0], d.out[from:]...)
	d.out = appendQuoted(d.out[:from], d.scratch)
	return nil
}

// keySet is what has to be known of a map's keys: those that repeat another, where they are of several kinds (a Java map
// has no key twice), and how they are called in JSON.
type keySet struct {
	kind dubbo.Kind
	seen map[string]bool // nil while all are of one kind

	naming map[string]string // of the class that the map stands for
	value  mapValue          // makes the text of one that stands for one value
}

// repeats reports whether the key that out holds from at on is in the map before, which begins at from.
func (d *result) repeats(k *keySet, kind dubbo.Kind, from, at int) (bool, error) {
	if k.kind == dubbo.Invalid {
		k.kind = kind
	}
	if k.seen == nil {
		if kind == k.kind {
			return false, nil
		}
		if !d.again(at - from) {
			return false, &noRoom{d.r.Offset(), d.limit}
		}
		k.seen = names(d.out[from:at])
	}
	key := string(d.out[at:])
	repeated := k.seen[key]
	k.seen[key] = true
	return repeated, nil
}

// names gives the names of an object of which the end is missing, quoted as they are.
func names(object []byte) map[string]bool {
	all := map[string]bool{}
	var dec jsontext.Decoder
	dec.Reset(strings.NewReader(string(object)), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return all
	}
	for {
		name, err := dec.ReadValue()
		if err != nil {
			return all
		}
		all[string(name)] = true
		if dec.SkipValue() != nil {
			return all
		}
	}
}
