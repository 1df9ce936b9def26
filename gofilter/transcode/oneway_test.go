package transcode

import (
	"bytes"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func TestOneWay(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		var c Call
		headers, body := []string{":path", "/a.B/m", "x-dubbo-one-way", "true"}, `["x"]`
		if opaque {
			headers, body = opaqueHeaders(0, "x-dubbo-one-way", "true"), "N"
		}
		sent, bad := start(&c, body, headers...)
		if bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		var frames dubbo.FrameReader
		frames.Reset(1 << 20)
		frames.Feed(sent)
		call, _, ok, err := frames.Next()
		if err != nil || !ok || call.Flags != 0x82 {
			t.Fatalf("%+v %v %v", call, ok, err)
		}
		beat, text, ok, err := frames.Next()
		if err != nil || !ok || beat.Flags != 0xe2 || string(text) != "N" {
			t.Fatalf("%+v %q %v %v", beat, text, ok, err)
		}
		// Other events, and the answer to another heartbeat, are not what is waited for.
		other := dubbo.AppendHeartbeatAnswer(nil, dubbo.Header{ID: beat.ID + 1})
		if _, r := c.Upstream(bytes.Join([][]byte{between(beat.ID + 7), other}, nil), false); r != nil {
			t.Fatalf("%+v", r)
		}
		answer := dubbo.AppendHeader(nil, dubbo.Header{Flags: 0x22, Status: 20, ID: beat.ID, Length: 2})
		_, r := c.Upstream(append(answer, "NN"...), false) // as dubbo-go
		if r == nil || r.Status != 202 || len(r.Body) != 0 || r.Broken {
			t.Fatalf("%+v", r)
		}
	}
	var c Call
	if _, bad := start(&c, "", ":path", "/a.B/m", "x-dubbo-one-way", "yes"); bad == nil || bad.Status != 400 {
		t.Errorf("%+v", bad)
	}
	if frame, bad := start(&c, "", ":path", "/a.B/m", "x-dubbo-one-way", "false"); bad != nil || frame[2] != 0xc2 {
		t.Errorf("%+v", bad)
	}
}

// A provider may say that it cannot read a one-way call.
func TestOneWayRefused(t *testing.T) {
	r := answered(t, 40, func(w *dubbo.Writer) { w.String("no") }, "x-dubbo-one-way", "true")
	if r.Status != 400 {
		t.Errorf("%+v", r)
	}
}

func TestDeadline(t *testing.T) {
	for _, tt := range []struct{ left, asked, want string }{
		{"", "", ""}, {"250", "", "250"}, {"250", "100", "100"}, {"250", "300", "250"}, {"250", "soon", "250"}, {"250", "-1", "250"},
		{"", "300", "300"}, {"0", "", ""}, {"x", "300", "300"}, {"99999999999", "", ""}, {"250", "0", "250"},
	} {
		var c Call
		headers := []string{":path", "/a.B/m", "x-dubbo-parameter-types", "", "x-envoy-expected-rq-timeout-ms", tt.left}
		if tt.asked != "" {
			headers = append(headers, "x-dubbo-attachment-timeout", tt.asked)
		}
		frame, bad := start(&c, "", headers...)
		if bad != nil {
			t.Fatalf("%s", bad.Body)
		}
		got := oracle(t, frame)
		attached := got[len(got)-1]
		want := `"timeout":"` + tt.want + `"`
		if has := bytes.Contains([]byte(attached), []byte(`"timeout":`)); has != (tt.want != "") || has && !bytes.Contains([]byte(attached), []byte(want)) {
			t.Errorf("%+v: %s", tt, attached)
		}
		if bytes.Contains(frame, []byte("_TO")) {
			t.Errorf("%q", frame)
		}
	}
}

// A method that the schema says is one-way is, unless the request wants the answer.
func TestOneWayBySchema(t *testing.T) {
	s := config.Schema{Service: "a.B", Methods: []config.Method{{Name: "m", OneWay: true}}}
	all := new(Schemas)
	if _, err := all.Load(s.Text()); err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]byte{"": 0x82, "true": 0x82, "false": 0xc2} {
		c := &Call{Schemas: all}
		frame, bad := start(c, "", ":path", "/a.B/m", config.SchemaHeader, s.ID(), "x-dubbo-one-way", header)
		if bad != nil || frame[2] != want {
			t.Errorf("%q: %+v", header, bad)
		}
	}
}
