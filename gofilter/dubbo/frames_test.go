package dubbo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Frames as providers sent them.
const (
	heartbeatHex       = "dabbe20000000000000000010000000" + "14e"
	heartbeatAnswerHex = "dabb221400000000000000010000000" + "14e"
	readOnlyHex        = "dabba200000000000000000000000002" + "0152"
)

type frame struct {
	Header Header
	Body   string
}

// cut feeds the parts and returns all frames.
func cutFrames(t *testing.T, maxBody int, parts ...[]byte) ([]frame, error) {
	t.Helper()
	var r FrameReader
	r.Reset(maxBody)
	var got []frame
	for _, p := range parts {
		p = bytes.Clone(p)
		r.Feed(p)
		for {
			h, body, ok, err := r.Next()
			if err != nil {
				return got, err
			}
			if !ok {
				break
			}
			got = append(got, frame{h, string(body)})
		}
		clear(p) // what was fed is no longer ours
	}
	return got, nil
}

func TestFramesSplitAndJoined(t *testing.T) {
	stream := append(append(unhex(t, heartbeatHex), unhex(t, readOnlyHex)...), unhex(t, heartbeatAnswerHex)...)
	want := []frame{
		{Header{Flags: 0xe2, ID: 1, Length: 1}, "N"},
		{Header{Flags: 0xa2, Length: 2}, "\x01R"},
		{Header{Flags: 0x22, Status: StatusOK, ID: 1, Length: 1}, "N"},
	}
	check := func(name string, parts ...[]byte) {
		t.Helper()
		got, err := cutFrames(t, 100, parts...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
	}
	check("joined", stream)
	for i := range stream {
		check("split in two", stream[:i], stream[i:])
		for j := i; j < len(stream); j++ {
			check("split in three", stream[:i], stream[i:j], stream[j:])
		}
	}
	var single [][]byte
	for i := range stream {
		single = append(single, stream[i:i+1])
	}
	check("byte by byte", single...)
}

func TestFrameErrors(t *testing.T) {
	var tooLarge *TooLargeError
	for name, tt := range map[string]struct {
		in   []byte
		want error
	}{
		"telnet prompt":   {[]byte("Unsupported command: GET\r\ndubbo>"), ErrMagic},
		"one wrong byte":  {[]byte{0xdb}, ErrMagic},
		"second byte":     {[]byte{0xda, 0xbc}, ErrMagic},
		"negative length": {unhex(t, "dabb0214000000000000000"+"1ffffffff"), ErrLength},
	} {
		if _, err := cutFrames(t, 100, tt.in); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	_, err := cutFrames(t, 100, unhex(t, "dabb0214000000000000000"+"100000065"))
	if !errors.As(err, &tooLarge) || tooLarge.Length != 101 || tooLarge.Limit != 100 {
		t.Errorf("too large: got %v", err)
	}
	if _, err := cutFrames(t, 100, unhex(t, "dabb0214000000000000000"+"100000064")); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := ParseHeader([]byte{0xda}); err == nil {
		t.Error("a short header is accepted")
	}
}

// A frame that only announces its size must not claim memory for it.
func TestFrameReaderMemory(t *testing.T) {
	var r FrameReader
	r.Reset(1 << 30)
	r.Feed(unhex(t, "dabb0214000000000000000"+"13fffffff"))
	if _, _, ok, err := r.Next(); ok || err != nil {
		t.Fatal(ok, err)
	}
	if cap(r.held) > 64<<10 {
		t.Errorf("%d bytes held for a header", cap(r.held))
	}
}

func TestHeartbeatAnswer(t *testing.T) {
	h, err := ParseHeader(unhex(t, heartbeatHex))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unhex(t, heartbeatAnswerHex), AppendHeartbeatAnswer(nil, h)); diff != "" {
		t.Error(diff)
	}
	if !h.Flags.Request() || !h.Flags.TwoWay() || !h.Flags.Event() || h.Flags.Serialization() != Hessian2 {
		t.Errorf("flags %x", h.Flags)
	}
}

func TestStatusNames(t *testing.T) {
	if got := StatusThreadPoolExhausted.String(); got != "SERVER_THREADPOOL_EXHAUSTED_ERROR" {
		t.Error(got)
	}
	if got := Status(105).String(); got != "status 105" {
		t.Error(got)
	}
}

// A frame that is too large can be passed over, however the stream is split, and what follows is read.
func TestFrameReaderSkip(t *testing.T) {
	large := append(unhex(t, "dabbc200000000000000000700000065"), make([]byte, 101)...)
	stream := append(append(unhex(t, heartbeatHex), large...), unhex(t, readOnlyHex)...)
	for size := 1; size <= len(stream); size++ {
		var r FrameReader
		r.Reset(100)
		var ids []uint64
		for from := 0; from < len(stream); from += size {
			r.Feed(bytes.Clone(stream[from:min(len(stream), from+size)]))
			for {
				h, _, ok, err := r.Next()
				if err != nil {
					r.Skip(h)
				} else if !ok {
					break
				}
				ids = append(ids, h.ID)
			}
			if len(r.held) > 2*HeaderSize {
				t.Fatalf("parts of %d: %d bytes are held", size, len(r.held))
			}
		}
		if diff := cmp.Diff([]uint64{1, 7, 0}, ids); diff != "" {
			t.Fatalf("parts of %d: %s", size, diff)
		}
	}
}

// What a large frame took is given back when nothing is held any more.
func TestFrameReaderLetsGo(t *testing.T) {
	large := append(unhex(t, "dabbc20000000000000000070010"+"0000"), make([]byte, 1<<20)...)
	var r FrameReader
	r.Reset(1 << 20)
	for _, part := range [][]byte{large[:1000], large[1000:]} {
		r.Feed(part)
		for ok := true; ok; {
			var err error
			if _, _, ok, err = r.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if cap(r.held) > maxKept {
		t.Errorf("%d bytes are kept", cap(r.held))
	}
}
