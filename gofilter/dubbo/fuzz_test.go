package dubbo

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
)

// FuzzFrame checks that a stream gives the same frames however it is split.
func FuzzFrame(f *testing.F) {
	stream := append(append(unhex(f, heartbeatHex), unhex(f, readOnlyHex)...), unhex(f, heartbeatAnswerHex)...)
	f.Add(stream, 5)
	f.Add(unhex(f, readOnlyHex), 16)
	f.Add([]byte("Unsupported command: GET\r\ndubbo>"), 1)
	f.Add(unhex(f, "dabb0214000000000000000"+"1ffffffff"), 3)
	for i, frame := range coretest.Frames(f) {
		f.Add(frame, 1+7*i)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		step = max(1, min(step, len(in)))
		whole, wholeErr := cutFrames(t, 1<<16, in)
		var parts [][]byte
		for rest := in; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			parts = append(parts, rest[:min(step, len(rest))])
		}
		split, splitErr := cutFrames(t, 1<<16, parts...)
		if most := 4*len(in) + 8<<10; held(in, step) > most {
			t.Fatalf("%d bytes were held of %d", held(in, step), len(in))
		}
		if len(whole) != len(split) || (wholeErr == nil) != (splitErr == nil) {
			t.Fatalf("whole: %v %v, split by %d: %v %v", whole, wholeErr, step, split, splitErr)
		}
		for i := range whole {
			if whole[i] != split[i] {
				t.Fatalf("frame %d: %v and %v", i, whole[i], split[i])
			}
			if b := AppendHeader(nil, whole[i].Header); !bytes.Contains(in, b) {
				t.Fatalf("header %x is not in the input", b)
			}
		}
	})
}

// held is the size of the buffer for frames that are not complete, after a stream that comes in parts of step bytes.
func held(in []byte, step int) int {
	var r FrameReader
	r.Reset(1 << 24)
	for ; len(in) > 0; in = in[min(step, len(in)):] {
		r.Feed(in[:min(step, len(in))])
		for ok := true; ok; {
			_, _, more, err := r.Next()
			if err != nil {
				return cap(r.held)
			}
			ok = more
		}
	}
	return cap(r.held)
}

// FuzzReader checks that no input makes the Reader panic, run on or read past the end.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"4e", "0568656c6c6f", "02eda0bdedb880", "528000", "56045b696e749490919091", "480161900162915a", "430141920161016260909" + "1",
		"7b79430141910161" + "6090" + "6091" + "5191", "4a000000d04b9284b8", "7951" + "90", "5f000004d2", "7a4d0161909" + "15a4d909091" + "5a",
	} {
		f.Add(unhex(f, s))
	}
	for _, v := range coretest.JavaValues(f) {
		f.Add(v.Hessian)
	}
	for _, frame := range coretest.Frames(f) {
		f.Add(frame[HeaderSize+1:]) // behind the form of the answer
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var r Reader
		r.Reset(in, 1<<12)
		got, err := show(&r)
		if n := tables(&r); n > 256*len(in)+1<<12 {
			t.Fatalf("tables of %d bytes for %d", n, len(in))
		}
		if r.Offset() > len(in) {
			t.Fatalf("read to %d of %d", r.Offset(), len(in))
		}
		if err != nil {
			return
		}
		end := r.Offset()
		r.Reset(in, 1<<12)
		if err := r.Skip(); err != nil || r.Offset() != end {
			t.Fatalf("read %.100s to %d, skipped to %d: %v", got, end, r.Offset(), err)
		}
	})
}

// tables is how many bytes the tables of r take.
func tables(r *Reader) int {
	return cap(r.text) + cap(r.typeTab)*int(unsafe.Sizeof(named{})) + cap(r.classTab)*int(unsafe.Sizeof(class{})) +
		cap(r.fieldTab)*int(unsafe.Sizeof(span{})) + cap(r.refTab)*int(unsafe.Sizeof(target{}))
}
