package rest

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
)

// The buffers that a call holds at one time are never larger than four times its body, and all that it allocates is not
// much more: the request and the answer are each as large as is said, and arrive in parts as from Envoy.
func TestMemoryOfLargeCalls(t *testing.T) {
	const part, size = 16 << 10, 900 << 10
	member := `{"id":1234567,"name":"some name of it","tags":["a","b","c"],"price":12.5,"ok":true},`
	text := "[" + strings.TrimSuffix(strings.Repeat(member, size/len(member)), ",") + "]"
	var list []any
	for range size / len(member) {
		list = append(list, map[any]any{"id": int32(1234567), "name": "some name of it", "tags": []any{"a", "b", "c"}, "price": 12.5, "ok": true})
	}
	arguments := encoded(t, list)
	whole := append(append([]byte(nil), arguments...), noAttachments...)
	var c Call
	var peak int
	all := coretest.Allocated(func() {
		begin(&c, nil, arguments)
		c.Expect(len(whole))
		for rest := whole; len(rest) > 0; rest = rest[min(part, len(rest)):] {
			if r := c.Body(rest[:min(part, len(rest))]); r != nil {
				t.Fatal(reasonOf(t, r))
			}
		}
		asked := cap(c.body)
		if _, bad := c.Request(); bad != nil {
			t.Fatal(reasonOf(t, bad))
		}
		peak = asked + cap(c.json)
		c.AnswerHeader([]byte(":status"), []byte("200"))
		c.AnswerHeader([]byte("content-type"), []byte("application/json"))
		c.Expect(len(text))
		for rest := []byte(text); len(rest) > 0; rest = rest[min(part, len(rest)):] {
			c.AnswerBody(rest[:min(part, len(rest))])
		}
		if m := c.Answer(); len(m.Body) == 0 || header(m, ":status") != "200" {
			t.Fatalf("no answer: %s", header(m, ":status"))
		}
	})
	peak = max(peak, cap(c.json)+cap(c.body)+cap(c.w.Buf))
	body := max(len(whole), len(text))
	t.Logf("buffers of %.1f, allocated %.1f times the body", float64(peak)/float64(body), float64(all)/float64(body))
	if peak > 4*body {
		t.Errorf("%d bytes of buffers, more than four times the body", peak)
	}
	if all > uint64(14*body) {
		t.Errorf("%d bytes allocated", all)
	}
}
