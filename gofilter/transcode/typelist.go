package transcode

import (
	"bytes"
	"unicode/utf8"
)

// maxTypes is the largest number of parameters a Java method can have.
const maxTypes = 255

// typeList is the parameter types that a request names.
type typeList struct{ types []*javaType }

func (l *typeList) reset() {
	clear(l.types) // which may belong to a schema
	l.types = l.types[:0]
}

// parse reads a list of types: Java names ("int", "long[]", "java.util.List<a.B>") separated by commas, or JVM
// descriptors ("I", "[J", "Ljava/lang/String;"), which may also follow each other directly. Source names the
// header or field in errors.
func (l *typeList) parse(list []byte, source string) *fault {
	if len(bytes.TrimSpace(list)) == 0 {
		return nil
	}
	for at := 0; at <= len(list); {
		end := at + topLevelComma(list[at:])
		part := list[at:end]
		name := bytes.TrimSpace(part)
		n := len(l.types)
		ok := false
		if isDescriptor(name) {
			ok = l.descriptors(name)
		} else {
			ok = l.javaName(name)
		}
		if !ok {
			return faultf(badRequest, "%s: %.100q at byte %d is no Java type; write a name such as int, long[], java.lang.String or a descriptor such as [J, Ljava/lang/String;", source, name, at)
		}
		if len(l.types) > maxTypes {
			return faultf(badRequest, "%s: parameter %d at byte %d is one more than a Java method can have", source, n, at)
		}
		at = end + 1
	}
	return nil
}

// topLevelComma is the index of the first comma outside of generic arguments, or the length.
func topLevelComma(b []byte) int {
	depth := 0
	for i, c := range b {
		switch c {
		case '<':
			depth++
		case '>':
			depth--
		case ',':
			if depth <= 0 {
				return i
			}
		}
	}
	return len(b)
}

// isDescriptor tells descriptors from names. A class without a package whose name consists of nothing but the
// letters of primitive types cannot be named.
func isDescriptor(b []byte) bool {
	if bytes.IndexByte(b, ';') >= 0 || len(b) > 0 && b[0] == '[' {
		return true
	}
	for _, c := range b {
		if primitiveByCode(c) == otherType {
			return false
		}
	}
	return len(b) > 0
}

// descriptors adds the types of JVM descriptors that follow each other.
func (l *typeList) descriptors(b []byte) bool {
	for len(b) > 0 {
		dims := 0
		for len(b) > 0 && b[0] == '[' {
			dims++
			b = b[1:]
		}
		if len(b) == 0 || dims > maxTypes {
			return false
		}
		if p := primitiveByCode(b[0]); p != otherType {
			l.add(builtins[primitives[p].name], dims)
			b = b[1:]
			continue
		}
		end := bytes.IndexByte(b, ';')
		if end < 0 || b[0] != 'L' || !l.class(b[1:end], dims) {
			return false
		}
		b = b[end+1:]
	}
	return true
}

// javaName adds the type of a Java name, its generic arguments cut off.
func (l *typeList) javaName(b []byte) bool {
	if t, ok := builtins[string(b)]; ok { // nearly always
		l.types = append(l.types, t)
		return true
	}
	dims := 0
	for bytes.HasSuffix(b, []byte("[]")) {
		dims++
		b = bytes.TrimSpace(b[:len(b)-2])
	}
	if open := bytes.IndexByte(b, '<'); open >= 0 {
		if b[len(b)-1] != '>' {
			return false
		}
		b = bytes.TrimSpace(b[:open])
	}
	return dims <= maxTypes && l.class(b, dims)
}

// class adds a type by its class name, with dots or slashes.
func (l *typeList) class(name []byte, dims int) bool {
	if len(name) == 0 || !utf8.Valid(name) {
		return false
	}
	for i, c := range name {
		letter := c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
		inner := c >= '0' && c <= '9' || c == '.' || c == '/'
		if !letter && (!inner || i == 0) {
			return false
		}
	}
	dotted := string(bytes.ReplaceAll(name, []byte("/"), []byte(".")))
	t := builtins[dotted]
	if t == nil {
		t = &javaType{base: otherType, name: dotted, desc: descriptor(dotted)}
	}
	l.add(t, dims)
	return true
}

func (l *typeList) add(t *javaType, dims int) {
	for range dims {
		if array := builtins[t.name+"[]"]; array != nil {
			t = array
		} else {
			t = t.array()
		}
	}
	l.types = append(l.types, t)
}

// simple reports whether all of the types are.
func (l *typeList) simple() bool {
	for _, t := range l.types {
		if !t.simple() {
			return false
		}
	}
	return true
}
