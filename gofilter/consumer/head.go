package consumer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Bounds of what the start of a request may hold.
const (
	maxName  = 4 << 10 // bytes of a name
	maxHeads = 256     // that are remembered
	maxRaw   = 1 << 10 // bytes of one that is remembered
)

// genericTypes is the descriptor of Dubbo's generic call: method name, types, arguments.
const genericTypes = "Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;"

// head is what the start of a request says, up to its arguments: the same bytes in call after call.
type head struct {
	protocol   string // Dubbo's protocol version
	authority  string // the interface, escaped
	path       string
	method     string // as sent, when the path has another one
	version    string // of the service, "" for none
	types      string // JVM descriptor
	parameters int
	generic    bool // the first argument names the method: it is part of the head
}

// heads remembers the starts of requests by their bytes.
type heads struct{ known map[string]*head }

// get returns the head that raw is, or nil.
func (h *heads) get(raw []byte) *head { return h.known[string(raw)] }

func (h *heads) put(raw []byte, hd *head) {
	if len(raw) > maxRaw {
		return
	}
	if h.known == nil || len(h.known) >= maxHeads {
		h.known = map[string]*head{}
	}
	h.known[string(raw)] = hd
}

// parseHead reads the five strings that a request begins with and, for a generic call, its first argument.
func parseHead(raw []byte, generic bool) (*head, error) {
	var r dubbo.Reader
	r.Reset(raw, 0)
	var text [6]string
	n := 5
	if generic {
		n = 6
	}
	for i := range text[:n] {
		if i >= 2 && r.Kind() == dubbo.Null { // version and types may be null
			if err := r.Null(); err != nil {
				return nil, err
			}
			continue
		}
		b, err := r.AppendString(nil)
		if err != nil {
			return nil, err
		}
		if len(b) > maxName || !headerValue(b) {
			return nil, fmt.Errorf("%.60q is no name that HTTP can carry", b)
		}
		text[i] = string(b)
	}
	return newHead(text[0], text[1], text[2], text[3], text[4], text[5])
}

func newHead(protocol, service, version, method, types, name string) (*head, error) {
	hd := &head{protocol: protocol, types: types}
	if version != "0.0.0" { // Dubbo's word for none
		hd.version = version
	}
	var err error
	if hd.parameters, err = parameters(types); err != nil {
		return nil, err
	}
	if hd.authority, err = segment(service); err != nil {
		return nil, fmt.Errorf("the path of the service: %w", err)
	}
	routed := method
	if hd.generic = types == genericTypes && strings.HasPrefix(method, "$invoke"); hd.generic && name != "" {
		routed, hd.method = name, method
	}
	if routed, err = segment(routed); err != nil {
		return nil, fmt.Errorf("the name of the method: %w", err)
	}
	hd.path = "/" + hd.authority + "/" + routed
	return hd, nil
}

// parameters counts the parameters of a JVM descriptor.
func parameters(types string) (n int, err error) {
	for i := 0; i < len(types); n++ {
		for i < len(types) && types[i] == '[' {
			i++
		}
		switch {
		case i < len(types) && types[i] == 'L':
			end := strings.IndexByte(types[i:], ';')
			if end < 0 {
				return 0, fmt.Errorf("parameter types %.80q: a class name has no end", types)
			}
			i += end + 1
		case i < len(types) && strings.IndexByte("ZBCSIJFDV", types[i]) >= 0:
			i++
		default:
			return 0, fmt.Errorf("parameter types %.80q: byte %d begins no type", types, i)
		}
	}
	return n, nil
}

// segment escapes a name for a path.
func segment(name string) (string, error) {
	if name == "" || name == "." || name == ".." {
		return "", errors.New("it is empty or made of dots")
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; letter(c) || strings.IndexByte("-._~$", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// headerValue reports whether value can stand in a header: no control characters, no white space at its ends.
func headerValue(value []byte) bool {
	for _, b := range value {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	n := len(value)
	return n == 0 || value[0] > ' ' && value[n-1] > ' '
}

// headerName returns the header that carries an attachment, or "" when none can.
func headerName(key []byte) string {
	if len(key) == 0 || len(key) > maxKey {
		return ""
	}
	for _, b := range key {
		if !letter(b) && strings.IndexByte("-._~!#$%&'*+^`|", b) < 0 {
			return ""
		}
	}
	switch name := string(key); name {
	case "traceparent", "tracestate", "baggage":
		return name
	default:
		return config.AttachmentPrefix + strings.ToLower(name)
	}
}
