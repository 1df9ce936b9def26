package transcode_test

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

func TestProbe(t *testing.T) {
	var p transcode.Probe
	sent := p.Append([]byte("before "))[len("before "):]
	h, err := dubbo.ParseHeader(sent)
	if err != nil || !h.Flags.Event() || !h.Flags.TwoWay() || len(sent) != dubbo.HeaderSize+h.Length {
		t.Fatalf("the probe %x is no heartbeat: %+v %v", sent, h, err)
	}
	own := dubbo.AppendHeartbeatAnswer(nil, h)
	other := h
	other.ID++
	for name, c := range map[string]struct {
		stream []byte
		at     int // how many bytes complete the answer
	}{
		"answer":                       {own, len(own)},
		"behind the provider's own":    {append(append(append([]byte(nil), sent...), dubbo.AppendHeartbeatAnswer(nil, other)...), own...), 3 * len(own)},
		"what is no Dubbo":             {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), 1},
		"nothing, then what no answer": {dubbo.AppendHeartbeatAnswer(nil, other), 0},
	} {
		t.Run(name, func(t *testing.T) {
			for piece := 1; piece <= len(c.stream); piece++ {
				p.Append(nil) // forgets what was read
				stream := withID(c.stream, h.ID, p.Append(nil))
				at := 0
				for from := 0; from < len(stream) && at == 0; from += piece {
					to := min(from+piece, len(stream))
					if p.Answered(stream[from:to]) {
						at = to
					}
				}
				if c.at == 0 && at != 0 || c.at != 0 && (at < c.at || at >= c.at+piece) {
					t.Fatalf("in pieces of %d: answered after %d bytes, want %d", piece, at, c.at)
				}
			}
		})
	}
}

// withID makes of a stream for the probe with the id old one for the probe that was sent since.
func withID(stream []byte, old uint64, probe []byte) []byte {
	out := append([]byte(nil), stream...)
	now, _ := dubbo.ParseHeader(probe)
	for at := 0; at+dubbo.HeaderSize <= len(out); at += dubbo.HeaderSize + 1 {
		h, err := dubbo.ParseHeader(out[at:])
		if err != nil {
			break
		}
		if h.ID == old {
			h.ID = now.ID
			copy(out[at:], dubbo.AppendHeader(nil, h))
		}
	}
	return out
}

// The rest of an answer that is too large is passed over, and no byte more is waited for.
func TestPassed(t *testing.T) {
	const limit = 1 << 10
	huge := func(id uint64) []byte {
		return append(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: id, Length: 2 * limit}), make([]byte, 2*limit)...)
	}
	for _, first := range []int{dubbo.HeaderSize, dubbo.HeaderSize + 1, limit, dubbo.HeaderSize + 2*limit - 1, dubbo.HeaderSize + 2*limit} {
		var c transcode.Call
		c.Reset(&config.Bridge{MaxRequestBytes: limit, MaxResponseBytes: limit})
		c.Header([]byte(":path"), []byte("/a.B/c"))
		c.Header([]byte(":method"), []byte("GET"))
		frame, _ := c.Request()
		h, err := dubbo.ParseHeader(frame)
		if err != nil {
			t.Fatal(err)
		}
		answer := huge(h.ID)
		_, r := c.Upstream(answer[:first], false)
		if r == nil || r.Status != 502 || r.Unsafe != (first < len(answer)) {
			t.Fatalf("after %d bytes: %+v", first, r)
		}
		for i := first; i < len(answer); i++ {
			if got, want := c.Passed(answer[i:i+1]), i == len(answer)-1; got != want {
				t.Fatalf("after %d of %d bytes: passed %t", i+1, len(answer), got)
			}
		}
		c.Broken()
		if c.Passed(answer) {
			t.Error("after a panic the answer has an end")
		}
	}
}
