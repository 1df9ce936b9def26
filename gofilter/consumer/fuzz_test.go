package consumer

import (
	"bytes"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func FuzzFromConsumer(f *testing.F) {
	calls, _ := everything()
	f.Add(calls, 7)
	f.Add(frameOf(0xe2, 11, []byte("N")), 1)
	f.Add(request{id: 1, method: "$invoke", types: genericTypes, arguments: func(w *dubbo.Writer) { w.String("add"); w.Null(); w.Null() }}.bytes(), 100)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		s := New(small())
		s.FromManager(noSettings)
		size = max(1, size&0xffff)
		for ; len(b) > 0; b = b[min(size, len(b)):] {
			s.FromConsumer(b[:min(size, len(b))])
			out := s.Output()
			messages(t, out.Consumer)
			frames(t, out.Manager)
		}
	})
}

func FuzzFromManager(f *testing.F) {
	calls, answers := everything()
	f.Add(answers, 7)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		s := New(small())
		s.FromManager(noSettings)
		s.FromConsumer(calls)
		size = max(1, size&0xffff)
		for ; len(b) > 0; b = b[min(size, len(b)):] {
			s.FromManager(b[:min(size, len(b))])
			out := s.Output()
			messages(t, out.Consumer)
			frames(t, out.Manager)
		}
	})
}

// frames makes sure that the manager is sent whole frames.
func frames(t *testing.T, b []byte) {
	t.Helper()
	b = bytes.TrimPrefix(b, []byte(preface))
	for len(b) > 0 {
		if n := frameHead + int(b[0])<<16 + int(b[1])<<8 + int(b[2]); len(b) < n {
			t.Fatalf("the manager was sent the start of a frame of %d bytes: %x", n, b)
		} else {
			b = b[n:]
		}
	}
}
