package transcode

import (
	"bytes"
	"unicode/utf8"
)

// maxTypes is the largest number of parameters a Java method can have.
const maxTypes = 255

// base is what is known of a Java type, arrays set aside.
type base byte

// The types that are told apart. The primitive ones come first.
const (
	boolType base = iota
	byteType
	charType
	shortType
	intType
	longType
	floatType
	doubleType
	stringType
	decimalType
	integerType
	dateType
	otherType
)

// javaType is the type of one parameter.
type javaType struct {
	base  base
	boxed bool // java.lang.Integer rather than int: null is allowed
	dims  int  // of an array
	name  span // of types.text: the element's Java name, such as int or com.example.User
}

// primitives gives names and descriptors of the primitive types.
var primitives = [...]struct {
	name  string
	boxed string
	array string // type of a Hessian list holding an array
	code  byte   // in a descriptor
}{
	boolType:   {"boolean", "java.lang.Boolean", "[boolean", 'Z'},
	byteType:   {"byte", "java.lang.Byte", "", 'B'},
	charType:   {"char", "java.lang.Character", "", 'C'},
	shortType:  {"short", "java.lang.Short", "[short", 'S'},
	intType:    {"int", "java.lang.Integer", "[int", 'I'},
	longType:   {"long", "java.lang.Long", "[long", 'J'},
	floatType:  {"float", "java.lang.Float", "[float", 'F'},
	doubleType: {"double", "java.lang.Double", "[double", 'D'},
}

// typeList is the parameters of a method.
type typeList struct {
	text  []byte
	types []javaType
}

func (l *typeList) reset() { l.text, l.types = shrink(l.text), l.types[:0] }

func (l *typeList) name(t javaType) []byte { return l.text[t.name.from:t.name.to] }

// simple reports whether both Dubbo Java lines and dubbo-go take arguments of these types in a call that is not
// generic, when they come from JSON: primitives, their boxes, strings, and arrays of primitives and strings.
func (l *typeList) simple() bool {
	for _, t := range l.types {
		if t.base > stringType || t.dims > 1 || t.dims == 1 && t.boxed {
			return false
		}
	}
	return true
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

func primitiveByCode(c byte) base {
	for i, p := range primitives {
		if p.code == c {
			return base(i)
		}
	}
	return otherType
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
			l.add([]byte(primitives[p].name), dims)
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
	l.add(name, dims)
	return true
}

func (l *typeList) add(name []byte, dims int) {
	from := len(l.text)
	l.text = append(l.text, name...)
	for i := from; i < len(l.text); i++ {
		if l.text[i] == '/' {
			l.text[i] = '.'
		}
	}
	t := javaType{dims: dims, name: span{from, len(l.text)}}
	t.base, t.boxed = classify(l.text[from:])
	l.types = append(l.types, t)
}

func classify(name []byte) (b base, boxed bool) {
	switch string(name) {
	case "java.lang.String":
		return stringType, false
	case "java.math.BigDecimal":
		return decimalType, false
	case "java.math.BigInteger":
		return integerType, false
	case "java.util.Date":
		return dateType, false
	}
	for i, p := range primitives {
		if string(name) == p.name || string(name) == p.boxed {
			return base(i), string(name) == p.boxed
		}
	}
	return otherType, false
}
