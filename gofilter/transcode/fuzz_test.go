package transcode

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// FuzzHessianToJSON checks that any body of an answer becomes a response with valid JSON.
func FuzzHessianToJSON(f *testing.F) {
	var w dubbo.Writer
	hashAnswer(&w)
	f.Add(bytes.Clone(w.Buf), byte(20), false)
	w.Reset(nil)
	w.Int(dubbo.ResponseException)
	throwable(&w, "a.OrderException", "sold", "code", 7)
	f.Add(bytes.Clone(w.Buf), byte(20), true)
	w.Reset(nil)
	w.Int(dubbo.ResponseValue)
	object(&w, java8+"LocalDateTimeHandle", "date", func() { date(&w) })
	f.Add(bytes.Clone(w.Buf), byte(20), false)
	for _, s := range []string{"\x91\x79\x51\x90", "\x91H\x01a\x90\x01b\x91Z", "\x91\x02\xed\xa0\xbd\xed\xb8\x80", "\x91C\x01A\x91\x01a`\x90", "\x03any", "\x91_\x00\x00\x04\xd2", "\x91J\x00\x00\x00\xd0K\x92\x84\xb8"} {
		f.Add([]byte(s), byte(20), false)
		f.Add([]byte(s), byte(70), false)
	}
	for _, frame := range coretest.Frames(f) {
		f.Add(frame[dubbo.HeaderSize:], frame[3], false)
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add(append([]byte{0x91}, v.Hessian...), byte(20), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, status byte, include bool) {
		class := ""
		if include {
			class = "include"
		}
		var c Call
		var done *Response
		coretest.Bounded(t, 4*maxGrowth*len(body), func() {
			start(&c, "", ":path", "/a.B/m", "x-dubbo-class", class)
			_, done = c.Upstream(reply(&c, dubbo.Status(status), func(w *dubbo.Writer) { w.Buf = append(w.Buf, body...) }), true)
		})
		if done == nil || done.Reset || !json.Valid(done.Body) {
			t.Fatalf("%+v", done)
		}
		if len(done.Body) > jsonLimit(len(body), defaults.MaxResponseBytes)+12*len(body)+1<<10 {
			t.Fatalf("%d bytes became %d", len(body), len(done.Body))
		}
		for _, h := range done.Headers {
			if !headerToken([]byte(h.Name)) || !headerValue([]byte(h.Value)) {
				t.Fatalf("header %q: %q", h.Name, h.Value)
			}
		}
	})
}

// FuzzJSONToHessian checks that a request body is refused with a problem or becomes a frame whose values can be
// read, and that an untyped argument comes back as the JSON it was.
func FuzzJSONToHessian(f *testing.F) {
	for _, s := range []string{`["hello"]`, `[1,2.5,-1e3,null,true,{"a":[{}]}]`, `{"a":"\ud83d\ude00\u0000é"}`, `[9223372036854775808]`, `[`, `"\ud800"`, ` `, `[[1],"AQI=",["a"]]`} {
		for _, types := range []string{"-", "", "java.lang.String", "int[],byte[],java.lang.String[]", "JZDF", "java.math.BigDecimal,java.util.Date,a.B<C>"} {
			f.Add([]byte(s), types)
		}
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add([]byte("["+v.JSON+"]"), "-")
		f.Add([]byte("["+v.JSON+"]"), "java.time."+v.Name)
	}
	f.Fuzz(func(t *testing.T, body []byte, typeNames string) {
		var c Call
		headers := []string{":path", "/a.B/m"}
		if typeNames != "-" {
			headers = append(headers, types, typeNames)
		}
		var frame []byte
		var bad *Response
		coretest.Bounded(t, 256*len(body), func() { frame, bad = start(&c, string(body), headers...) })
		if bad != nil {
			problemOf(t, bad)
			return
		}
		if len(frame) > 16*(len(body)+len(typeNames))+1<<10 {
			t.Fatalf("%d bytes became %d", len(body), len(frame))
		}
		readable(t, frame)
		if typeNames == "-" && len(bytes.TrimSpace(body)) > 0 {
			comesBack(t, body)
		}
	})
}

// readable checks that the values of a frame can be read to its end.
func readable(t *testing.T, frame []byte) {
	t.Helper()
	var r dubbo.Reader
	r.Reset(frame[dubbo.HeaderSize:], 0)
	for r.Kind() != dubbo.Invalid {
		if err := r.Skip(); err != nil {
			t.Fatalf("%q: %v", frame, err)
		}
	}
	if r.Offset() != len(frame)-dubbo.HeaderSize {
		t.Fatalf("%q: read to %d", frame, r.Offset())
	}
}

func comesBack(t *testing.T, body []byte) {
	var d result
	d.begin(append([]byte{0x91}, hessianOf(t, body)...), 1<<20, &head{}, false)
	if _, f := d.read(); f != nil {
		t.Fatal(f.detail)
	}
	var want, got any
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatalf("%q was accepted: %v", body, err)
	}
	if err := json.Unmarshal(d.out, &got); err != nil {
		t.Fatalf("%s: %v", d.out, err)
	}
	if !reflect.DeepEqual(want, got) { // which takes no longer for what is nested deeply
		t.Fatalf("%s came back as %s", body, d.out)
	}
}

// FuzzForm checks that a form is refused with a problem or becomes a frame, and that the path it names names the
// same method again.
func FuzzForm(f *testing.F) {
	for _, s := range []string{
		"interface=a.B&method=m&parameterTypesString=Ljava%2Flang%2FString%3B&parameter=h%C3%A9+llo",
		"interface=a.B&method=m&parameterTypesString=I[J&parameter=1&parameter=[2]", "interface=%&method=", "&&=&parameter",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		path, bad := FormPath(body)
		if bad != nil {
			problemOf(t, bad)
			return
		}
		var c Call
		var frame []byte
		coretest.Bounded(t, 256*len(body), func() {
			frame, bad = start(&c, string(body), ":path", path, "content-type", "application/x-www-form-urlencoded")
		})
		if bad != nil {
			problemOf(t, bad)
			return
		}
		if len(frame) > 16*len(body)+1<<10 {
			t.Fatalf("%d bytes became %d", len(body), len(frame))
		}
		if h, err := dubbo.ParseHeader(frame); err != nil || h.Length != len(frame)-dubbo.HeaderSize {
			t.Fatalf("%+v %v", h, err)
		}
		if !bytes.Equal(c.head.get(c.head.service), c.args.form.get(c.args.form.service)) {
			t.Fatalf("%q names %q", path, c.head.get(c.head.service))
		}
	})
}
