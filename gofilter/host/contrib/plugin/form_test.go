package plugin

import (
	"strings"
	"testing"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// callbacks is what a filter may ask of Envoy; the methods that are not here are not used.
type callbacks struct {
	api.FilterCallbackHandler
	decoder
	cleared bool
}

// decoder is the part of it for the request.
type decoder struct {
	api.DecoderFilterCallbacks
	added   []byte
	status  int
	headers map[string][]string
	body    string
}

func (c *callbacks) DecoderFilterCallbacks() api.DecoderFilterCallbacks { return &c.decoder }
func (c *callbacks) ClearRouteCache()                                   { c.cleared = true }
func (d *decoder) AddData(data []byte, _ bool)                          { d.added = append(d.added, data...) }

func (d *decoder) SendLocalReply(status int, body string, headers map[string][]string, _ int64, _ string) {
	d.status, d.body, d.headers = status, body, headers
}

func formPost() request {
	return request{fields: map[string]string{":method": "POST", ":path": "/", "content-type": "Application/X-WWW-Form-Urlencoded ; charset=utf-8"}}
}

const callOne = "interface=a.B&method=hash&parameterTypesString=java.lang.String&parameter=hello"

func TestForm(t *testing.T) {
	for name, c := range map[string]struct {
		parts    []string
		trailers bool
		path     string // "" for a local reply
		status   int
	}{
		"in one part":             {parts: []string{callOne}, path: "/a.B/hash"},
		"in parts":                {parts: []string{callOne[:10], callOne[10:], ""}, path: "/a.B/hash"},
		"ended by trailers":       {parts: []string{callOne}, trailers: true, path: "/a.B/hash"},
		"no body":                 {status: 400},
		"no body but trailers":    {trailers: true, status: 400},
		"bad":                     {parts: []string{"method=hash"}, status: 400},
		"bad, ended by trailers":  {parts: []string{"method=hash"}, trailers: true, status: 400},
		"too large":               {parts: []string{strings.Repeat("x", 1000), strings.Repeat("x", 25)}, status: 413},
		"as large as it may be":   {parts: []string{callOne + strings.Repeat("x", 1024-len(callOne))}, path: "/a.B/hash"},
		"too large at the end of": {parts: []string{callOne + strings.Repeat("x", 1025-len(callOne))}, status: 413},
	} {
		t.Run(name, func(t *testing.T) {
			envoy, head := new(callbacks), formPost()
			f := NewForm(config.Bridge{MaxRequestBytes: 1 << 10}, envoy)
			status := f.DecodeHeaders(head, len(c.parts) == 0 && !c.trailers)
			var through []byte
			for i, part := range c.parts {
				if status == api.LocalReply {
					break
				}
				if head.fields[":path"] != "/" || envoy.cleared {
					t.Fatal("routed before the end")
				}
				buf := &buffer{text: []byte(part)}
				if status = f.DecodeData(buf, i == len(c.parts)-1 && !c.trailers); status == api.Continue {
					through = buf.text
				}
			}
			if c.trailers {
				status = f.DecodeTrailers(nil)
				through = append(through, envoy.added...)
			}
			if c.path == "" {
				if status != api.LocalReply || envoy.status != c.status || envoy.cleared || envoy.headers["content-type"][0] != "application/problem+json" {
					t.Errorf("status %v, reply %d %v %s, want %d", status, envoy.status, envoy.headers, envoy.body, c.status)
				}
				return
			}
			if status != api.Continue || head.fields[":path"] != c.path || !envoy.cleared || string(through) != strings.Join(c.parts, "") {
				t.Errorf("status %v, path %s, cleared %t, body %s", status, head.fields[":path"], envoy.cleared, through)
			}
		})
	}
}

// Whatever is no form on POST / passes through untouched.
func TestNoForm(t *testing.T) {
	for name, value := range map[string]string{":method": "GET", ":path": "/a.B/hash", "content-type": "application/x-www-form-urlencoded-not"} {
		head := formPost()
		head.fields[name] = value
		envoy, buf := new(callbacks), &buffer{text: []byte(callOne)}
		f := NewForm(config.Bridge{MaxRequestBytes: 16}, envoy)
		if h, d, tr := f.DecodeHeaders(head, false), f.DecodeData(buf, true), f.DecodeTrailers(nil); h != api.Continue || d != api.Continue || tr != api.Continue {
			t.Errorf("%s: %v %v %v", name, h, d, tr)
		}
		if string(buf.text) != callOne || envoy.cleared || envoy.status != 0 || head.fields[name] != value {
			t.Errorf("%s %s was touched", name, value)
		}
	}
}
