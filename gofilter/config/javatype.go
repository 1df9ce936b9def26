package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// JavaType is a Java type as source code writes it: a name, its generic arguments, and how many dimensions of an
// array are around it.
type JavaType struct {
	Name string     // int, java.util.List, com.example.Outer$Inner
	Args []JavaType // of the generic type
	Dims int
}

// Bounds of a type: what is written by hand or found in metadata stays far below them.
const (
	maxTypeDepth = 32
	maxDims      = 255
	maxTypeBytes = 4 << 10
)

const object = "java.lang.Object"

var errTypeDepth = errors.New("generic arguments are nested more than 32 deep")

// ParseJavaType reads a type such as java.util.Map<java.lang.String, com.example.User[]>. A wildcard stands for its
// bound, or java.lang.Object without one. A class inside a class may be written with a dot where Java's own names have
// a dollar sign, if both names begin with a capital letter: com.example.Outer.Inner, as Dubbo's metadata has it.
func ParseJavaType(text string) (JavaType, error) {
	if len(text) > maxTypeBytes {
		return JavaType{}, fmt.Errorf("a type of %d bytes; at most %d are read", len(text), maxTypeBytes)
	}
	p := typeParser{rest: text}
	t, err := p.parse(0)
	if err == nil && strings.TrimSpace(p.rest) != "" {
		err = fmt.Errorf("%q is left over behind it", p.rest)
	}
	if err != nil {
		return JavaType{}, fmt.Errorf("%q is no Java type: %w; write a name such as int, long[] or java.util.List<com.example.User>", text, err)
	}
	return t, nil
}

// Erased is the name of the type without generic arguments, as reflection spells it in code: com.example.User[].
func (t JavaType) Erased() string { return t.Name + strings.Repeat("[]", t.Dims) }

// String is the type with its generic arguments.
func (t JavaType) String() string {
	if len(t.Args) == 0 {
		return t.Erased()
	}
	args := make([]string, len(t.Args))
	for i, a := range t.Args {
		args[i] = a.String()
	}
	return t.Name + "<" + strings.Join(args, ",") + ">" + strings.Repeat("[]", t.Dims)
}

type typeParser struct{ rest string }

func (p *typeParser) skip(prefix string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t")
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *typeParser) parse(depth int) (JavaType, error) {
	if depth > maxTypeDepth {
		return JavaType{}, errTypeDepth
	}
	if p.skip("?") {
		if p.skip("extends ") || p.skip("super ") {
			return p.parse(depth + 1)
		}
		return JavaType{Name: object}, nil
	}
	name := p.name()
	if !javaName(name) {
		return JavaType{}, fmt.Errorf("%q is no name", name)
	}
	t := JavaType{Name: binaryName(name)}
	if p.skip("<") {
		for more := true; more; more = p.skip(",") {
			arg, err := p.parse(depth + 1)
			if err != nil {
				return JavaType{}, err
			}
			t.Args = append(t.Args, arg)
		}
		if !p.skip(">") {
			return JavaType{}, errors.New("a > is missing")
		}
	}
	for p.skip("[") {
		if !p.skip("]") {
			return JavaType{}, errors.New("a ] is missing")
		}
		if t.Dims++; t.Dims > maxDims {
			return JavaType{}, fmt.Errorf("an array has at most %d dimensions", maxDims)
		}
	}
	return t, nil
}

// name takes the text up to what cannot belong to a name.
func (p *typeParser) name() string {
	p.skip("")
	end := strings.IndexAny(p.rest, "<>,[]? \t")
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

// javaName reports whether s is a Java name: identifiers with dots between them.
func javaName(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	start := true
	for _, c := range s {
		switch {
		case c == '.' && !start:
			start = true
			continue
		case c >= '0' && c <= '9' && !start:
		case c == '_', c == '$', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= utf8.RuneSelf:
		default:
			return false
		}
		start = false
	}
	return !start
}

// binaryName writes a class inside a class as Java does: with a dollar sign.
func binaryName(name string) string {
	b := []byte(name)
	capital := func(i int) bool { return b[i] >= 'A' && b[i] <= 'Z' }
	from := 0
	for i, c := range b {
		if c != '.' && c != '$' {
			continue
		}
		if c == '.' && capital(from) && capital(i+1) {
			b[i] = '$'
		}
		from = min(i+1, len(b)-1)
	}
	return string(b)
}
