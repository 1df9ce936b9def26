package transcode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// between is what a provider may send before the answer: a heartbeat, READONLY, the answer to someone else, a
// request, and the answer to a heartbeat.
func between(id uint64) []byte {
	out := dubbo.AppendHeader(nil, dubbo.Header{Flags: 0xe2, ID: 77, Length: 1})
	out = append(out, 'N')
	out = append(dubbo.AppendHeader(out, dubbo.Header{Flags: 0xa2, Length: 2}), 1, 'R')
	out = append(dubbo.AppendHeader(out, dubbo.Header{Flags: 2, Status: 20, ID: id + 1000, Length: 2}), 0x91, 0x95)
	out = append(dubbo.AppendHeader(out, dubbo.Header{Flags: 0xc2, ID: id, Length: 1}), 'N')
	return append(dubbo.AppendHeader(out, dubbo.Header{Flags: 0x22, Status: 20, ID: id, Length: 1}), 'N')
}

func TestUpstreamSplitAtEveryByte(t *testing.T) {
	var c Call
	size := 200
	for i := 0; i <= size; i++ {
		if _, bad := start(&c, "", ":path", "/a.B/m"); bad != nil {
			t.Fatal("refused")
		}
		stream := append(between(c.id), reply(&c, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); w.String("hello") })...)
		size = len(stream)
		var sent []byte
		var done *Response
		for _, part := range [][]byte{stream[:i], stream[i:]} {
			part = bytes.Clone(part)
			send, r := c.Upstream(part, false)
			sent = append(sent, send...)
			if r != nil {
				done = r
			}
			clear(part)
		}
		if done == nil || string(done.Body) != `"hello"` {
			t.Fatalf("split at %d: %+v", i, done)
		}
		if want := dubbo.AppendHeartbeatAnswer(nil, dubbo.Header{ID: 77}); !bytes.Equal(sent, want) {
			t.Fatalf("split at %d: sent %x, want %x", i, sent, want)
		}
	}
}

func TestUpstreamByteByByte(t *testing.T) {
	var c Call
	start(&c, "", ":path", "/a.B/m")
	stream := append(between(c.id), reply(&c, 20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseNull) })...)
	for i := range stream {
		_, done := c.Upstream(stream[i:i+1], i == len(stream)-1)
		if (done != nil) != (i == len(stream)-1) {
			t.Fatalf("byte %d of %d: %+v", i, len(stream), done)
		}
		if done != nil && string(done.Body) != "null" {
			t.Errorf("%s", done.Body)
		}
	}
}

func TestUpstreamClosed(t *testing.T) {
	var c Call
	for _, part := range []string{"", "\xda\xbb\x02", string(between(1 << 60))} {
		start(&c, "", ":path", "/a.B/m")
		_, done := c.Upstream([]byte(part), true)
		if done == nil || done.Status != 503 || !done.Reset || get(done, "x-dubbo-retriable") != "" {
			t.Fatalf("%q: %+v", part, done)
		}
		problemOf(t, done)
	}
	start(&c, "", ":path", "/a.B/m")
	if _, done := c.Upstream(nil, false); done != nil {
		t.Errorf("no bytes end the call: %+v", done)
	}
	if c.resp.Reset {
		t.Error("Reset survives a reset")
	}
}

func TestUpstreamBroken(t *testing.T) {
	small := config.Bridge{MaxRequestBytes: 1024, MaxResponseBytes: 1024}
	var c Call
	for part, detail := range map[string]string{
		"Unsupported command: GET\r\ndubbo>":       "does not speak Dubbo 2",
		"\xda\xbb\x02\x14aaaaaaaa\x00\x00\x04\x01": "a body of 1025 bytes; the limit is 1024",
		"\xda\xbb\x02\x14aaaaaaaa\xff\xff\xff\xff": "negative body length",
	} {
		start(&c, "", ":path", "/a.B/m")
		c.frames.Reset(small.MaxResponseBytes)
		_, done := c.Upstream([]byte(part), false)
		if done == nil || done.Status != 502 || !strings.Contains(problemOf(t, done).Detail, detail) {
			t.Errorf("%q: %+v", part, done)
		}
	}
	start(&c, "", ":path", "/a.B/m")
	_, done := c.Upstream(dubbo.AppendHeader(nil, dubbo.Header{Flags: 23, Status: 20, ID: c.id}), false)
	if done == nil || done.Status != 502 || !strings.Contains(problemOf(t, done).Detail, "serialization 23") {
		t.Errorf("other serialization: %+v", done)
	}
}

func TestBroken(t *testing.T) {
	var c Call
	start(&c, "[1]", ":path", "/a.B/m")
	r := c.Broken()
	if p := problemOf(t, r); p.Status != 500 {
		t.Errorf("%+v", p)
	}
	if _, bad := start(&c, "[1]", ":path", "/a.B/m"); bad != nil {
		t.Errorf("not usable afterwards: %s", bad.Body)
	}
}
