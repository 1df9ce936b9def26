package consumer

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// manager writes what a connection manager sends, right or wrong.
type manager struct {
	*http2.Framer
	out   bytes.Buffer
	block bytes.Buffer
	enc   *hpack.Encoder
}

func newManager() *manager {
	m := &manager{}
	m.Framer = http2.NewFramer(&m.out, nil)
	m.AllowIllegalWrites = true
	m.enc = hpack.NewEncoder(&m.block)
	return m
}

// fields encodes a header block of names and values in turn.
func (m *manager) fields(pairs ...string) []byte {
	m.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = m.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}) // into memory
	}
	return bytes.Clone(m.block.Bytes())
}

func (m *manager) head(stream uint32, end bool, pairs ...string) {
	_ = m.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: m.fields(pairs...), EndHeaders: true, EndStream: end})
}

func small() config.Consumer {
	return config.Consumer{MaxRequestBytes: 1 << 20, MaxResponseBytes: 1 << 20, MaxStreams: 100, MaxQueued: 100}
}

var dubboHead = []string{":status", "200", "content-type", config.DubboContentType, config.StatusHeader, "20", "x-envoy-upstream-service-time", "3"}

// everything is a conversation in which each frame that a manager may send comes up.
func everything() (calls, answers []byte) {
	for i := range 7 {
		calls = append(calls, echo(uint64(i), "a").bytes()...)
	}
	m := newManager()
	_ = m.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 50}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 100},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: 50}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 15})
	_ = m.WriteSettingsAck()
	_ = m.WritePing(false, [8]byte{1, 2, 3})
	_ = m.WritePing(true, [8]byte{4})
	_ = m.WriteWindowUpdate(0, 1000)
	for i := range uint32(7) {
		_ = m.WriteWindowUpdate(2*i+1, 1000)
	}
	m.head(1, false, dubboHead...)
	_ = m.WriteData(1, true, []byte("one"))
	m.head(3, false, ":status", "103", "link", "</x>")
	m.head(3, false, dubboHead...)
	_ = m.WriteDataPadded(3, false, []byte("th"), make([]byte, 9))
	_ = m.WriteData(3, false, []byte("re"))
	_ = m.WriteDataPadded(3, false, []byte("e"), []byte{})
	m.head(3, true, "grpc-status", "0")
	block := m.fields(":status", "404", "content-type", "text/plain", "x-long", strings.Repeat("x", 100))
	_ = m.WriteHeaders(http2.HeadersFrameParam{StreamID: 5, BlockFragment: block[:3], PadLength: 5, Priority: http2.PriorityParam{Weight: 1}})
	_ = m.WriteContinuation(5, false, block[3:20])
	_ = m.WriteContinuation(5, true, block[20:])
	_ = m.WriteData(5, true, []byte("not here"))
	_ = m.WriteRSTStream(7, http2.ErrCodeRefusedStream)
	_ = m.WriteRSTStream(9, http2.ErrCodeCancel)
	_ = m.WriteRSTStream(9, http2.ErrCodeNo)
	_ = m.WriteRawFrame(0xee, 0, 0, []byte("unknown"))
	_ = m.WritePriority(11, http2.PriorityParam{Weight: 2})
	m.head(11, true, ":status", "429")
	_ = m.WriteGoAway(1<<31-1, http2.ErrCodeNo, nil)
	_ = m.WriteGoAway(11, http2.ErrCodeNo, []byte("debug"))
	return calls, m.out.Bytes()
}

// talk feeds both sides in parts of a size and returns what each was sent.
func talk(calls, answers []byte, size int) (consumer, manager []byte, last Output, counts Counts) {
	s := New(small())
	take := func(out Output) {
		consumer = append(consumer, out.Consumer...)
		manager = append(manager, out.Manager...)
		counts.Requests += out.Counts.Requests
		counts.Heartbeats += out.Counts.Heartbeats
		counts.Rejected += out.Counts.Rejected
		counts.Errors += out.Counts.Errors
		last = out
	}
	feed := func(b []byte, f func([]byte)) {
		for ; len(b) > 0; b = b[min(size, len(b)):] {
			part := bytes.Clone(b[:min(size, len(b))])
			f(part)
			clear(part) // what was fed is no longer ours
			take(s.Answers())
			take(s.Output())
		}
	}
	first := 9 + 4*6 // the manager's settings come first
	feed(answers[:first], s.FromManager)
	feed(calls, s.FromConsumer)
	feed(answers[first:], s.FromManager)
	return consumer, manager, last, counts
}

// Every frame that a manager may send does what it says, wherever the streams are cut.
func TestEverySplit(t *testing.T) {
	calls, answers := everything()
	consumer, manager, last, counts := talk(calls, answers, 1<<20)
	var got []string
	for _, m := range messages(t, consumer) {
		text := m.Body
		switch {
		case m.Header.Flags.Event():
			text = "READONLY"
		case m.Header.Status != dubbo.StatusOK:
			text = m.text(t)
		case strings.Contains(text, "RpcException"):
			text = "RpcException"
		}
		got = append(got, fmt.Sprintf("%d %v %s", m.Header.ID, m.Header.Status, text))
	}
	want := []string{
		"0 OK one", "1 OK three", "2 SERVICE_NOT_FOUND HTTP 404 Not Found: not here",
		"3 SERVER_THREADPOOL_EXHAUSTED_ERROR the mesh has not begun this call; it can be made again",
		"4 SERVER_ERROR the call's stream was reset: the provider's connection was lost or the call was taken back",
		"5 OK RpcException", "0 status 0 READONLY",
		"6 SERVER_THREADPOOL_EXHAUSTED_ERROR the mesh has not begun this call; it can be made again",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !last.Close || counts != (Counts{Requests: 7}) {
		t.Errorf("close %v, %+v: want the end, as no call can come any more", last.Close, counts)
	}
	for size := 1; size < 300; size++ {
		c, m, _, n := talk(calls, answers, size)
		if !bytes.Equal(c, consumer) || !bytes.Equal(m, manager) || n != counts {
			t.Fatalf("in parts of %d: other bytes than in one, %+v", size, n)
		}
	}
}

// The manager's word is not always HTTP/2.
func TestBrokenManager(t *testing.T) {
	for name, write := range map[string]func(m *manager){
		"data before headers":     func(m *manager) { _ = m.WriteData(1, true, []byte("x")) },
		"data on no stream":       func(m *manager) { _ = m.WriteData(0, true, []byte("x")) },
		"headers on no stream":    func(m *manager) { m.head(0, true, ":status", "200") },
		"frame too large":         func(m *manager) { _ = m.WriteRawFrame(frameData, 0, 1, make([]byte, 1<<14+1)) },
		"padding too long":        func(m *manager) { _ = m.WriteRawFrame(frameData, flagPadded, 1, []byte{9, 1}) },
		"padding missing":         func(m *manager) { _ = m.WriteRawFrame(frameHeaders, flagPadded, 1, nil) },
		"priority missing":        func(m *manager) { _ = m.WriteRawFrame(frameHeaders, flagPriority, 1, []byte{1}) },
		"bad block":               func(m *manager) { _ = m.WriteRawFrame(frameHeaders, flagEndHeaders, 1, []byte{0xff, 0xff}) },
		"cut block":               func(m *manager) { _ = m.WriteRawFrame(frameHeaders, flagEndHeaders, 1, []byte{0x40, 3, 'a'}) },
		"continuation of nothing": func(m *manager) { _ = m.WriteContinuation(1, true, nil) },
		"continuation of another": func(m *manager) { _ = m.WriteRawFrame(frameHeaders, 0, 1, nil); _ = m.WriteContinuation(3, true, nil) },
		"between continuations":   func(m *manager) { _ = m.WriteRawFrame(frameHeaders, 0, 1, nil); _ = m.WritePing(false, [8]byte{}) },
		"endless block": func(m *manager) {
			_ = m.WriteRawFrame(frameHeaders, 0, 1, nil)
			for range 17 {
				_ = m.WriteContinuation(1, false, make([]byte, 1<<14))
			}
		},
		"interim at the end":        func(m *manager) { m.head(1, true, ":status", "100") },
		"trailers without the end":  func(m *manager) { m.head(1, false, ":status", "200"); m.head(1, false, "a", "b") },
		"push":                      func(m *manager) { _ = m.WriteRawFrame(framePush, flagEndHeaders, 1, make([]byte, 4)) },
		"short ping":                func(m *manager) { _ = m.WriteRawFrame(framePing, 0, 0, []byte{1}) },
		"short reset":               func(m *manager) { _ = m.WriteRawFrame(frameReset, 0, 1, []byte{1}) },
		"short goaway":              func(m *manager) { _ = m.WriteRawFrame(frameGoAway, 0, 0, []byte{1}) },
		"short settings":            func(m *manager) { _ = m.WriteRawFrame(frameSettings, 0, 0, []byte{1}) },
		"settings on a stream":      func(m *manager) { _ = m.WriteRawFrame(frameSettings, 0, 1, nil) },
		"settings acknowledged":     func(m *manager) { _ = m.WriteRawFrame(frameSettings, flagAck, 0, make([]byte, 6)) },
		"window of 2^31":            func(m *manager) { _ = m.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}) },
		"frames of one byte":        func(m *manager) { _ = m.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1}) },
		"no window":                 func(m *manager) { _ = m.WriteWindowUpdate(0, 0) },
		"window overflows":          func(m *manager) { _ = m.WriteWindowUpdate(0, 1<<31-1) },
		"stream's window overflows": func(m *manager) { _ = m.WriteWindowUpdate(1, 1<<31-1) },
		"more than the window": func(m *manager) {
			m.head(1, false, dubboHead...)
			for range 100 {
				_ = m.WriteData(1, false, make([]byte, 1<<14))
			}
		},
		"more than the connection's window": func(m *manager) {
			for range 100 {
				_ = m.WriteData(99, false, make([]byte, 1<<14))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(small())
			if strings.HasPrefix(name, "more than the") {
				s.Block(true) // nothing is given back
			}
			s.FromManager(noSettings)
			s.FromConsumer(echo(1, "a").bytes())
			m := newManager()
			write(m)
			s.FromManager(m.out.Bytes())
			if out := s.Output(); !out.Close || out.Counts.Errors != 1 {
				t.Errorf("got %+v", out)
			}
		})
	}
}

// A hundred answers that never end hold no more than the limits allow, and one at a time gets what it needs.
func TestUnfinishedAnswersAreBound(t *testing.T) {
	const streams = 100
	s := New(small())
	s.FromManager(noSettings)
	for i := range streams {
		s.FromConsumer(echo(uint64(i), "a").bytes())
	}
	m := newManager()
	room := make([]int, streams)
	for i := range room {
		room[i] = defaultWindow
		m.head(uint32(2*i+1), false, dubboHead...)
	}
	ended := 0
	for round := 0; ended < streams; round++ {
		if round > 10_000 {
			t.Fatalf("%d of %d answers came to their end", ended, streams)
		}
		for i := range room {
			for room[i] >= 1<<14 {
				_ = m.WriteData(uint32(2*i+1), false, make([]byte, 1<<14))
				room[i] -= 1 << 14
			}
			if st := s.streams[uint32(2*i+1)]; st != nil && len(st.answer.body) > 600_000 {
				_ = m.WriteData(uint32(2*i+1), true, []byte("x"))
				room[i], ended = -1<<30, ended+1
			}
			s.FromManager(m.out.Bytes())
			m.out.Reset()
			grants(t, s.Output().Manager, room)
		}
		if most := s.cfg.MaxResponseBytes*2 + streams*(defaultWindow+grant); s.window.buffered > most {
			t.Fatalf("%d bytes are held, more than %d", s.window.buffered, most)
		}
	}
	if s.window.buffered != 0 || len(s.window.waiting) != 0 || s.window.favoured != nil {
		t.Errorf("left over: %d bytes, %d streams that wait", s.window.buffered, len(s.window.waiting))
	}
}

// grants adds the room that a session gives to streams.
func grants(t *testing.T, out []byte, room []int) {
	t.Helper()
	f := http2.NewFramer(nil, bytes.NewReader(bytes.TrimPrefix(out, []byte(preface))))
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		if w, ok := frame.(*http2.WindowUpdateFrame); ok && w.StreamID > 0 {
			room[(w.StreamID-1)/2] += int(w.Increment)
		}
	}
}

// A connection whose stream numbers are used up takes leave when its calls are done.
func TestNumbersRunOut(t *testing.T) {
	s := New(small())
	s.FromManager(noSettings)
	s.next = 1<<31 - 1
	s.FromConsumer(echo(1, "last").bytes())
	s.FromConsumer(echo(2, "one more").bytes())
	out := messages(t, s.Output().Consumer)
	if len(out) != 2 || !out[0].Header.Flags.Event() || out[1].Header.ID != 2 || out[1].Header.Status != dubbo.StatusThreadPoolExhausted {
		t.Errorf("got %v, want READONLY and a refusal", out)
	}
	m := newManager()
	m.head(1<<31-1, true, ":status", "504")
	s.FromManager(m.out.Bytes())
	if last := s.Output(); !last.Close || messages(t, last.Consumer)[0].Header.ID != 1 {
		t.Errorf("got %+v, want the answer and the end", last)
	}
}
