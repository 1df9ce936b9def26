package transcode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
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

// nested is a JSON object of about n bytes, nested as records are.
func nested(n int) []byte {
	one := megabyte()
	inner := one[len(`{"orders":[`) : len(one)-len(`]}`)]
	out := []byte(`{"orders":[`)
	for len(out) < n {
		out = append(append(out, inner...), ',')
	}
	return append(out[:len(out)-1], "]}"...)
}

// BenchmarkLargeCall is a whole call of which argument and result are one nested object, in parts as Envoy reads them.
// Beside what is allocated in all it reports the largest sum of the buffers that are in use at one time, both as
// multiples of the body: JSON of the request and the response, Hessian between.
func BenchmarkLargeCall(b *testing.B) {
	for _, megabytes := range []int{1, 8} {
		b.Run(strconv.Itoa(megabytes)+"MB", func(b *testing.B) { largeCall(b, nested(megabytes<<20-1<<18)) })
	}
}

func largeCall(b *testing.B, body []byte) {
	value := hessianOf(b, body)
	peak := 0
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		peak = max(peak, callLarge(b, body, value))
	}
	b.ReportMetric(float64(peak)/float64(len(body)), "peak/body")
}

// callLarge makes a call whose argument is body and whose result is value, in parts as Envoy reads them. It returns how
// many bytes of buffers were in use at one time at most.
func callLarge(tb testing.TB, body, value []byte) (peak int) {
	const part = 16 << 10
	cfg := config.Bridge{MaxRequestBytes: 16 << 20, MaxResponseBytes: 16 << 20}
	var c Call
	c.Reset(&cfg)
	for _, h := range append(benchHeaders(false), [2][]byte{[]byte("content-length"), strconv.AppendInt(nil, int64(len(body)), 10)}) {
		c.Header(h[0], h[1])
	}
	for rest := body; len(rest) > 0; rest = rest[min(part, len(rest)):] {
		c.Body(rest[:min(part, len(rest))])
	}
	peak = cap(c.body)
	if _, bad := c.Request(); bad != nil {
		tb.Fatalf("%s", bad.Body)
	}
	peak += cap(c.args.w.Buf)
	c.args.reset() // Envoy has its copy by now
	head := dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: c.id, Length: 1 + len(value)})
	_, done := c.Upstream(append(head, 0x91), false)
	for rest := value; len(rest) > 0 && done == nil; rest = rest[min(part, len(rest)):] {
		_, done = c.Upstream(rest[:min(part, len(rest))], false)
	}
	if done == nil || done.Status != 200 {
		tb.Fatal("no answer")
	}
	return max(peak, len(value)+cap(c.result.out))
}

// The buffers of a call are never larger than four times its body, and all that it allocates, at one time or not, is
// not much more; with the race detector on, growing a slice takes twice what it takes without.
func TestMemoryOfLargeCalls(t *testing.T) {
	for _, megabytes := range []int{1, 8} {
		body := nested(megabytes<<20 - 1<<18)
		value := hessianOf(t, body)
		var peak int
		all := coretest.Allocated(func() { peak = callLarge(t, body, value) })
		if peak > 4*len(body) {
			t.Errorf("%d MB each way: %d bytes of buffers", megabytes, peak)
		}
		if all > uint64(14*len(body)) {
			t.Errorf("%d MB each way: %d bytes allocated", megabytes, all)
		}
	}
}

// BenchmarkConsumerCall is the call of a Dubbo consumer, which travels unread.
func BenchmarkConsumerCall(b *testing.B) {
	var c Call
	body := written(func(w *dubbo.Writer) {
		w.String("hello")
		pairs(w, "path", hashService, "interface", hashService, "version", "0.0.0", "timeout", "3000", "remote.application", "bench")
	})
	headers := opaqueHeaders(6, ":method", "POST", ":path", hashPath, "x-dubbo-attachment-remote.application", "bench", "x-envoy-expected-rq-timeout-ms", "2990")
	frame := reply(&c, dubbo.StatusOK, hashAnswer)
	names, values := make([][]byte, 0, len(headers)/2), make([][]byte, 0, len(headers)/2)
	for i := 0; i < len(headers); i += 2 {
		names, values = append(names, []byte(headers[i])), append(values, []byte(headers[i+1]))
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Reset(&defaults)
		for i := range names {
			c.Header(names[i], values[i])
		}
		c.Body(body)
		if _, bad := c.Request(); bad != nil {
			b.Fatalf("%d %s", bad.Status, bad.Body)
		}
		binary.BigEndian.PutUint64(frame[4:], c.id)
		if _, done := c.Upstream(frame, false); done == nil || done.Status != 200 {
			b.Fatal("no answer")
		}
	}
}
