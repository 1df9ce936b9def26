package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// ArgumentsFilter is the filter_name of the HTTP filter that tells routes what stands in a call's arguments, and of its
// configuration on a route, a google.protobuf.StringValue of Arguments.Text. The filter holds a request until its body has
// come, writes each path's value into a header, and has the route chosen again.
const ArgumentsFilter = "arguments"

// ArgumentPrefix begins the headers that hold values of arguments; see ArgumentHeader.
const ArgumentPrefix = "x-dubbo-argument-"

// Bounds of what one route may ask for.
const (
	MaxArgumentPaths  = 64
	MaxArgumentDepth  = 32
	maxArgumentLength = 256
)

// Arguments says what a route's requests are looked at for.
type Arguments struct {
	Paths           []string              `json:"paths"`                    // index of an argument and names or indexes below it: "0", "0.user.id"
	MaxRequestBytes int                   `json:"maxRequestBytes,omitzero"` // largest body, that of the filter when 0
	Path            string                `json:"path,omitempty"`           // template of a mapped operation, "" for a call
	Parameters      []Binding             `json:"parameters,omitempty"`     // of that operation, in the method's order
	Queries         map[string][][]string `json:"queries,omitempty"`        // names of parameters by method, of each overload, for calls without a body
}

// ParseArguments reads a route's configuration in JSON. Unknown fields, bad paths and limits out of range are errors.
func ParseArguments(text []byte) (Arguments, error) {
	var a Arguments
	if err := json.Unmarshal(text, &a, json.RejectUnknownMembers(true)); err != nil {
		return Arguments{}, fmt.Errorf("arguments configuration: %w", err)
	}
	if err := a.Check(); err != nil {
		return Arguments{}, fmt.Errorf("arguments configuration: %w", err)
	}
	return a, nil
}

// Check reports everything that the filter would refuse.
func (a Arguments) Check() error {
	var errs []error
	if len(a.Paths) == 0 || len(a.Paths) > MaxArgumentPaths {
		errs = append(errs, fmt.Errorf("%d paths; ask for 1 to %d", len(a.Paths), MaxArgumentPaths))
	}
	for _, path := range a.Paths {
		if _, _, err := SplitArgument(path); err != nil {
			errs = append(errs, err)
		}
	}
	if a.MaxRequestBytes < 0 || a.MaxRequestBytes > MaxMaxBytes {
		errs = append(errs, fmt.Errorf("maxRequestBytes is %d; write a size of at most %d bytes", a.MaxRequestBytes, MaxMaxBytes))
	}
	if a.Path != "" {
		if _, err := ParseTemplate(a.Path); err != nil {
			errs = append(errs, fmt.Errorf("path: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Text returns the configuration as ParseArguments reads it. Equal configurations give equal bytes.
func (a Arguments) Text() []byte {
	return marshal(a)
}

// SplitArgument parts a path into the argument's index and what is below it.
func SplitArgument(path string) (index int, below []string, err error) {
	if len(path) > maxArgumentLength {
		return 0, nil, fmt.Errorf("argument %.40q… is %d bytes long; write at most %d", path, len(path), maxArgumentLength)
	}
	first, rest, deeper := strings.Cut(path, ".")
	index, err = strconv.Atoi(first)
	if err != nil || index < 0 || index > 254 || strconv.Itoa(index) != first {
		return 0, nil, fmt.Errorf("argument %q begins with no index; write 0 to 254, and what is below it: 0.user.id", path)
	}
	if deeper {
		below = strings.Split(rest, ".")
	}
	for _, name := range below {
		if name == "" {
			return 0, nil, fmt.Errorf("argument %q has an empty name between its points", path)
		}
	}
	if len(below) > MaxArgumentDepth {
		return 0, nil, fmt.Errorf("argument %.40q… is %d deep; ask for at most %d", path, len(below), MaxArgumentDepth)
	}
	return index, below, nil
}

// ArgumentHeader is the header that holds the value at a path: the prefix and the path, in which ^ stands before what was
// a capital letter, and other characters that a header's name cannot have are percent-encoded. No two paths share one.
func ArgumentHeader(path string) string {
	out := append(make([]byte, 0, len(ArgumentPrefix)+len(path)), ArgumentPrefix...)
	for i := range len(path) {
		switch b := path[i]; {
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '.', b == '_', b == '-', b == '$':
			out = append(out, b)
		case b >= 'A' && b <= 'Z':
			out = append(out, '^', b+'a'-'A')
		default:
			out = appendPercent(out, b, lowerHex)
		}
	}
	return string(out)
}

// ArgumentPath is the path whose value a header holds; false for other headers.
func ArgumentPath(header string) (path string, ok bool) {
	name, ok := strings.CutPrefix(header, ArgumentPrefix)
	if !ok {
		return "", false
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case b == '^' && i+1 < len(name):
			i++
			out = append(out, name[i]-'a'+'A')
		case b == '%' && i+2 < len(name):
			out = append(out, byte(strings.IndexByte(lowerHex, name[i+1])<<4|strings.IndexByte(lowerHex, name[i+2])))
			i += 2
		default:
			out = append(out, b)
		}
	}
	return string(out), true
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

// MaxArgumentText is how many bytes of a value a header gets; the rest is cut off.
const MaxArgumentText = 1 << 10

// AppendArgument appends a whole value as it stands in a header. A header that is there is not empty: a text without
// characters is one percent sign, which no other value is.
func AppendArgument[T string | []byte](dst []byte, text T) []byte {
	if len(text) == 0 {
		return append(dst, '%')
	}
	return AppendArgumentText(dst, text)
}

// AppendArgumentText appends a part of a value: control characters and percent signs are percent-encoded, everything else
// stays. What is encoded of a part is a part of what is encoded of the whole.
func AppendArgumentText[T string | []byte](dst []byte, text T) []byte {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b == 0x7f || b == '%' {
			dst = appendPercent(dst, b, upperHex)
			continue
		}
		dst = append(dst, text[i])
	}
	return dst
}

func appendPercent(dst []byte, b byte, digits string) []byte {
	return append(dst, '%', digits[b>>4], digits[b&15])
}
