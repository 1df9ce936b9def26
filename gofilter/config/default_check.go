package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// whole are Java's whole numbers and their bits, by the names of primitives and of their boxes.
var whole = map[string]int{
	"byte": 8, "short": 16, "int": 32, "long": 64,
	"java.lang.Byte": 8, "java.lang.Short": 16, "java.lang.Integer": 32, "java.lang.Long": 64,
}

// CheckDefault reports why the JSON text of a default can never be a value of a Java type. Of types that it does not know
// it says nothing. classes are those that are described.
func CheckDefault(java, text string, classes map[string]Class) error {
	v := jsontext.Value(text)
	if t, err := ParseJavaType(java); err == nil && text != "" && v.IsValid() { // else it is told by who reads them
		return checkDefault(t, v, classes)
	}
	return nil
}

func checkDefault(t JavaType, v jsontext.Value, classes map[string]Class) error {
	kind, wrong := v.Kind(), fmt.Errorf("%.100s is no value of %s", v, t)
	if t.Dims > 0 || t.Name == "java.util.List" || t.Name == "java.util.Set" || t.Name == "java.util.Collection" {
		item := JavaType{Name: object}
		switch {
		case t.Dims > 0:
			item = JavaType{Name: t.Name, Args: t.Args, Dims: t.Dims - 1}
		case len(t.Args) == 1:
			item = t.Args[0]
		}
		return checkItems(item, v, classes)
	}
	primitive := !strings.Contains(t.Name, ".")
	if kind == 'n' {
		if primitive && t.Name != "void" {
			return wrong
		}
		return nil
	}
	scalar := string(v)
	if kind == '"' {
		unquoted, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return wrong
		}
		scalar = string(unquoted)
	}
	if fitsScalar(t.Name, kind, scalar, classes) {
		return nil
	}
	if constants := classes[t.Name].Enum; len(constants) > 0 {
		return fmt.Errorf("%w; write one of %s", wrong, strings.Join(constants, ", "))
	}
	return wrong
}

// fitsScalar reports whether a JSON value of a kind, with its text, may be one of a Java type.
func fitsScalar(name string, kind jsontext.Kind, text string, classes map[string]Class) bool {
	simple := kind == '"' || kind == '0' || kind == 't' || kind == 'f'
	if bits, ok := whole[name]; ok {
		_, err := strconv.ParseInt(text, 10, bits)
		return simple && err == nil
	}
	switch name {
	case "float", "double", "java.lang.Float", "java.lang.Double", "java.math.BigDecimal", "java.math.BigInteger":
		f, err := strconv.ParseFloat(text, 64)
		big := strings.HasPrefix(name, "java.math.")
		return simple && (err == nil || big && math.IsInf(f, 0)) && (name != "java.math.BigInteger" || !strings.Contains(text, "."))
	case "boolean", "java.lang.Boolean":
		return simple && (text == "true" || text == "false")
	case "char", "java.lang.Character":
		return kind == '"' && len(utf16.Encode([]rune(text))) == 1
	case "java.lang.String":
		return simple
	}
	if constants := classes[name].Enum; len(constants) > 0 {
		return kind == '"' && slices.Contains(constants, text)
	}
	if len(classes[name].Fields) > 0 {
		return kind == '{'
	}
	return true
}

// checkItems judges the items of a list. A lone value stands for a list of it, and bytes may be text.
func checkItems(item JavaType, v jsontext.Value, classes map[string]Class) error {
	if v.Kind() != '[' {
		if v.Kind() == 'n' || item.Name == "byte" || item.Name == "char" {
			return nil
		}
		return checkDefault(item, v, classes)
	}
	d := jsontext.NewDecoder(strings.NewReader(string(v)))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		one, err := d.ReadValue()
		if err != nil {
			return err
		}
		if err := checkDefault(item, one, classes); err != nil {
			return err
		}
	}
	return nil
}
