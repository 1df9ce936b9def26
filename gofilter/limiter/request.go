package limiter

import (
	"bytes"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Request is what limits look at of one. Its bytes are the caller's and are not kept. It may be used again, by one goroutine
// at a time; the zero value is ready to use.
type Request struct {
	fields []field
	source []byte
	joined []byte
}

type field struct{ name, value []byte }

// Begin forgets the request before and takes the caller's address, with or without a port.
func (r *Request) Begin(source []byte) {
	r.fields, r.source = r.fields[:0], withoutPort(source)
}

// Header adds a header of the request, with its name in lower case.
func (r *Request) Header(name, value []byte) { r.fields = append(r.fields, field{name, value}) }

// header returns the value of a header, several joined by commas; valid until it is asked for another.
func (r *Request) header(name string) (value []byte, there bool) {
	for _, f := range r.fields {
		switch {
		case string(f.name) != name:
		case !there:
			value, there = f.value, true
		default:
			r.joined = append(append(append(r.joined[:0], value...), ','), f.value...)
			value, r.joined = r.joined, nil // it may be joined once more
		}
	}
	return value, there
}

// part is what tells requests apart, empty when the request lacks it.
func (r *Request) part(k config.LimitKey) (value []byte) {
	switch k.From {
	case config.KeyHeader:
		value, _ = r.header(k.Name)
	case config.KeySource:
		return r.source
	case config.KeyText:
		return []byte(k.Name)
	case config.KeyPath, config.KeyMethod:
		value, _ = r.header(":path")
		value, _, _ = bytes.Cut(value, []byte{'?'})
		if k.From == config.KeyMethod {
			value = value[bytes.LastIndexByte(value, '/')+1:]
		}
	}
	return value
}

// withoutPort is an address alone: 127.0.0.1:80 and [::1]:80 have ports, /a/socket has none.
func withoutPort(address []byte) []byte {
	colon := bytes.LastIndexByte(address, ':')
	if colon < 0 || address[0] == '/' {
		return address
	}
	if address[0] == '[' {
		return bytes.TrimSuffix(address[1:colon], []byte{']'})
	}
	if bytes.IndexByte(address, ':') != colon {
		return address // of IPv6, without a port
	}
	return address[:colon]
}
