package transcode

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const hashService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"

// benchHeaders is what a host hands over for one call, as bytes.
func benchHeaders(typed bool) [][2][]byte {
	h := [][2][]byte{
		{[]byte(":method"), []byte("POST")},
		{[]byte(":path"), []byte(hashPath)},
		{[]byte("content-type"), []byte("application/json")},
		{[]byte("user-agent"), []byte("bench")},
	}
	if typed {
		h = append(h, [2][]byte{[]byte("x-dubbo-parameter-types"), []byte("java.lang.String")})
	}
	return h
}

func encodeHash(b *testing.B, c *Call, headers [][2][]byte, body []byte) {
	c.Reset(&defaults)
	for i := range headers {
		c.Header(headers[i][0], headers[i][1])
	}
	c.Body(body)
	if _, bad := c.Request(); bad != nil {
		b.Fatalf("%d %s", bad.Status, bad.Body)
	}
}

// hashAnswer is what a Java provider sends: value and attachments.
func hashAnswer(w *dubbo.Writer) {
	w.Int(dubbo.ResponseValueWithAttachments)
	w.Int(99162322)
	w.UntypedMap()
	w.String("dubbo")
	w.String("2.0.2")
	w.End()
}

func forms(b *testing.B, run func(b *testing.B, headers [][2][]byte)) {
	b.Run("typed", func(b *testing.B) { run(b, benchHeaders(true)) })
	b.Run("generic", func(b *testing.B) { run(b, benchHeaders(false)) })
}

func BenchmarkEncodeHash(b *testing.B) {
	forms(b, func(b *testing.B, headers [][2][]byte) {
		var c Call
		body := []byte(`["hello"]`)
		b.ReportAllocs()
		for b.Loop() {
			encodeHash(b, &c, headers, body)
		}
	})
}

func BenchmarkDecodeHash(b *testing.B) {
	var c Call
	encodeHash(b, &c, benchHeaders(true), []byte(`["hello"]`))
	frame := reply(&c, dubbo.StatusOK, hashAnswer)
	b.ReportAllocs()
	for b.Loop() {
		c.resp.Headers = c.resp.Headers[:0]
		if _, done := c.Upstream(frame, false); done == nil || done.Status != 200 {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkHashCall(b *testing.B) {
	forms(b, func(b *testing.B, headers [][2][]byte) {
		var c Call
		body := []byte(`["hello"]`)
		frame := reply(&c, dubbo.StatusOK, hashAnswer)
		b.ReportAllocs()
		for b.Loop() {
			encodeHash(b, &c, headers, body)
			frame = dubbo.AppendHeader(frame[:0], dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: c.id, Length: len(frame) - dubbo.HeaderSize})[:len(frame)]
			if _, done := c.Upstream(frame, false); done == nil || done.Status != 200 {
				b.Fatal("no answer")
			}
		}
	})
}

// BenchmarkOracleHash is the same call's bodies by dubbo-go-hessian2, JSON included.
func BenchmarkOracleHash(b *testing.B) {
	var w dubbo.Writer
	hashAnswer(&w)
	b.ReportAllocs()
	for b.Loop() {
		var args []string
		if err := json.Unmarshal([]byte(`["hello"]`), &args); err != nil {
			b.Fatal(err)
		}
		e := hessian.NewEncoder()
		for _, v := range []any{"2.0.2", hashService, "0.0.0", "hash", "Ljava/lang/String;", args[0], map[any]any{"path": hashService, "interface": hashService, "version": "0.0.0"}} {
			if err := e.Encode(v); err != nil {
				b.Fatal(err)
			}
		}
		d := hessian.NewDecoder(w.Buf)
		for range 3 {
			v, err := d.Decode()
			if err != nil {
				b.Fatal(err)
			}
			if n, ok := v.(int32); ok && n > 5 {
				_ = strconv.Itoa(int(n))
			}
		}
	}
}

// megabyte is a JSON object of about 1 MB, nested as records are.
func megabyte() []byte {
	var out bytes.Buffer
	out.WriteString(`{"orders":[`)
	for i := range 5000 {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`{"id":` + strconv.Itoa(i) + `,"customer":{"name":"Zoë Größe","address":{"street":"Main Street 5","zip":"10115"}},"total":12.5,"paid":true,"tags":["a","b","c"],"items":[{"sku":"X-1","n":2},{"sku":"Y-2","n":1}]}`)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

func BenchmarkMegabyteJSONToHessian(b *testing.B) {
	var c Call
	body := megabyte()
	headers := benchHeaders(false)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		encodeHash(b, &c, headers, body)
	}
}

func BenchmarkMegabyteHessianToJSON(b *testing.B) {
	var c Call
	encodeHash(b, &c, benchHeaders(false), []byte(`[]`))
	body := megabyte()
	frame := reply(&c, dubbo.StatusOK, func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseValue)
		w.Buf = append(w.Buf, hessianOf(b, body)...)
	})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c.resp.Headers = c.resp.Headers[:0]
		if _, done := c.Upstream(frame, false); done == nil || done.Status != 200 {
			b.Fatal("no answer")
		}
	}
}

// BenchmarkMegabyteEncodingJSON is encoding/json reading and writing the same object as a tree of values.
func BenchmarkMegabyteEncodingJSON(b *testing.B) {
	body := megabyte()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}

// hessianOf is a JSON text as the Hessian value that an untyped argument becomes.
func hessianOf(tb testing.TB, text []byte) []byte {
	var a arguments
	a.reset()
	a.read(text)
	if f := a.infer(0); f != nil {
		tb.Fatal(f.detail)
	}
	return a.w.Buf
}
