package consumer

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// provider answers as a Dubbo provider behind Envoy: with the argument bytes it was sent.
func provider(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the stream was reset
	}
	n, _ := strconv.Atoi(r.Header.Get(config.ArgumentsHeader))
	w.Header().Set("content-type", config.DubboContentType)
	w.Header().Set(config.StatusHeader, "20")
	_, _ = w.Write(append([]byte{0x90 + dubbo.ResponseValue}, body[:n]...))
}

func value(text string) string {
	var w dubbo.Writer
	w.Int(dubbo.ResponseValue)
	w.String(text)
	return string(w.Buf)
}

func answerTo(id uint64, body string) message {
	return message{dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: id, Length: len(body)}, body}
}

// What a call is in HTTP.
func TestRequests(t *testing.T) {
	seen := make(chan string, 1)
	r := startRig(t, config.Consumer{}, &http.HTTP2Config{}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s\n", r.Method, r.Host, r.RequestURI)
		header := r.Header.Clone()
		n, _ := strconv.Atoi(header.Get(config.ArgumentsHeader))
		header.Del("content-type")
		header.Del(config.ProtocolHeader)
		for _, name := range []string{config.TypesHeader, config.ArgumentsHeader, config.MethodHeader, config.GroupHeader, config.VersionHeader, config.TimeoutHeader, config.OneWayHeader} {
			if v := header.Get(name); v != "" {
				fmt.Fprintf(&b, "%s: %s\n", name, v)
			}
			header.Del(name)
		}
		_ = header.Write(&b)
		fmt.Fprintf(&b, "%x %x", body[:n], body[n:])
		seen <- b.String()
		provider(w, r)
	})
	generic := func(name string) func(w *dubbo.Writer) {
		return func(w *dubbo.Writer) {
			w.String(name)
			w.TypedListN("[string", 1)
			w.String("int")
			w.TypedListN("[object", 1)
			w.Int(5)
		}
	}
	with := func(q request, attachments ...string) request {
		q.attachments = nil
		for i := 0; i < len(attachments); i += 2 {
			q.attachments = append(q.attachments, [2]string{attachments[i], attachments[i+1]})
		}
		return q
	}
	for name, c := range map[string]struct {
		call request
		want string
	}{
		"plain": {with(echo(1, "a")), `POST com.example.Hello /com.example.Hello/echo
x-dubbo-parameter-types: Ljava/lang/String;
x-dubbo-arguments: 2
0161 485a`},
		"attachments": {with(echo(1, "a"), "path", service, "interface", service, "version", "1.2", "generic", "false", "group", "red", "timeout", "3000",
			"userId", "Ann", "traceparent", "00-1-2-01", "no good", "x", "bad", "a\nb", "spaces", " a ", "umlaut", "ä"), `POST com.example.Hello /com.example.Hello/echo
x-dubbo-parameter-types: Ljava/lang/String;
x-dubbo-arguments: 2
tri-service-group: red
x-dubbo-timeout: 3000
Traceparent: 00-1-2-01
X-Dubbo-Attachment-Umlaut: ä
X-Dubbo-Attachment-Userid: Ann
0161 ...`},
		"version":  {with(request{id: 1, flags: dubbo.FlagTwoWay, version: "1.0", method: "whoami"}), "POST com.example.Hello /com.example.Hello/whoami\nx-dubbo-arguments: 0\ntri-service-version: 1.0\n 485a"},
		"one-way":  {with(request{id: 1, version: "", method: "whoami"}), "POST com.example.Hello /com.example.Hello/whoami\nx-dubbo-arguments: 0\nx-dubbo-one-way: true\n 485a"},
		"escaped":  {with(request{id: 1, method: "a b/ü"}), "POST com.example.Hello /com.example.Hello/a%20b%2F%C3%BC\nx-dubbo-arguments: 0\nx-dubbo-one-way: true\n 485a"},
		"generic":  {with(request{id: 1, method: "$invoke", types: genericTypes, arguments: generic("add")}, "generic", "true"), "POST com.example.Hello /com.example.Hello/add\nx-dubbo-parameter-types: " + genericTypes + "\nx-dubbo-arguments: 27\nx-dubbo-method: $invoke\nx-dubbo-one-way: true\n..."},
		"overload": {with(request{id: 1, method: "many", types: "[[IJLa/B;[Lc/D;Z", arguments: func(w *dubbo.Writer) { w.Null(); w.Long(1); w.Null(); w.Null(); w.Bool(true) }}), "POST com.example.Hello /com.example.Hello/many\nx-dubbo-parameter-types: [[IJLa/B;[Lc/D;Z\nx-dubbo-arguments: 5\nx-dubbo-one-way: true\n4ee14e4e54 485a"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 { // what the encoder remembers changes nothing
				r.send(c.call.bytes())
				got := strings.ReplaceAll(<-seen, "\r", "")
				want, rest, _ := strings.Cut(c.want, "...")
				if len(rest) == 0 && want != c.want {
					got = got[:min(len(got), len(want))]
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatal(diff)
				}
				if c.call.flags == dubbo.FlagTwoWay {
					if m := r.next(); m.Header.Status != dubbo.StatusOK {
						t.Fatalf("got %v", m)
					}
				}
			}
		})
	}
}

// A thousand calls are under way on one connection; the server takes a hundred of them at a time and answers them
// in the opposite order. Calls with ids as odd as they come get their own answers.
func TestManyCalls(t *testing.T) {
	const calls, atOnce = 1000, 100
	arrived := make(chan chan struct{}, calls)
	r := startRig(t, config.Consumer{}, &http.HTTP2Config{MaxConcurrentStreams: atOnce}, func(w http.ResponseWriter, r *http.Request) {
		mine := make(chan struct{})
		arrived <- mine
		<-mine
		provider(w, r)
	})
	var all []byte
	for i := range calls {
		all = append(all, echo(-uint64(i)*3, fmt.Sprint(i)).bytes()...)
	}
	r.send(all)
	got := map[uint64]string{}
	for len(got) < calls {
		var wait []chan struct{}
		for range min(atOnce, calls-len(got)) {
			wait = append(wait, <-arrived)
		}
		for i := range wait {
			close(wait[len(wait)-1-i])
			m := r.next()
			got[m.Header.ID] = m.Body
		}
	}
	for i := range calls {
		if want := value(fmt.Sprint(i)); got[-uint64(i)*3] != want {
			t.Fatalf("call %d: got %q, want %q", i, got[-uint64(i)*3], want)
		}
	}
}

// Bodies larger than every window go both ways, several at a time.
func TestLargeBodies(t *testing.T) {
	r := startRig(t, config.Consumer{MaxStreams: 20}, &http.HTTP2Config{MaxReceiveBufferPerStream: 70000, MaxReceiveBufferPerConnection: 1 << 17}, provider)
	want := map[uint64]string{}
	for i, size := range []int{1, 16 << 10, 65535, 70001, 1 << 20, 3 << 20, 8<<20 - 900} {
		for j := range 3 {
			text := strings.Repeat(string(rune('a'+i+j)), size)
			id := uint64(i*10 + j)
			want[id] = value(text)
			r.send(echo(id, text).bytes())
		}
	}
	for range len(want) {
		m := r.next()
		if m.Header.Status != dubbo.StatusOK || m.Body != want[m.Header.ID] {
			t.Fatalf("call %d: got %v and %d bytes %.100q", m.Header.ID, m.Header, len(m.Body), m.Body)
		}
	}
	r.use(func(s *Session) {
		if len(s.streams) != 0 || s.unsent != 0 || len(s.sending) != 0 || s.window.buffered != 0 || len(s.window.waiting) != 0 {
			t.Errorf("left over: %d streams, %d bytes unsent, %d streams sending, %d bytes buffered, %d waiting",
				len(s.streams), s.unsent, len(s.sending), s.window.buffered, len(s.window.waiting))
		}
	})
}

// Bytes that are no Dubbo frame end the connection.
func TestBrokenConsumer(t *testing.T) {
	for _, b := range []string{"\xda\xbc", "\xda\xbb\xc2\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff"} {
		s := New(config.Consumer{MaxRequestBytes: 4096, MaxResponseBytes: 4096, MaxStreams: 1, MaxQueued: 1})
		s.FromConsumer(echo(1, "a").bytes())
		s.FromConsumer([]byte(b))
		s.FromConsumer(echo(2, "a").bytes())
		if out := s.Output(); !out.Close || out.Counts != (Counts{Requests: 1, Errors: 1}) || len(out.Consumer) > 0 {
			t.Errorf("%x: got %v", b, out)
		}
	}
}

// noSettings is what a manager says that has nothing to say.
var noSettings = appendHead(nil, 0, frameSettings, 0, 0)

// Calls beyond what may wait are told so.
func TestQueueIsBound(t *testing.T) {
	s := New(config.Consumer{MaxRequestBytes: 4096, MaxResponseBytes: 4096, MaxStreams: 2, MaxQueued: 3})
	s.FromManager(noSettings)
	for i := range 7 {
		s.FromConsumer(echo(uint64(i), "a").bytes())
	}
	out := messages(t, s.Output().Consumer)
	if len(out) != 2 || out[0].Header.ID != 5 || out[1].Header.ID != 6 || out[0].Header.Status != dubbo.StatusThreadPoolExhausted {
		t.Errorf("got %v", out)
	}
	s = New(config.Consumer{MaxRequestBytes: 4096, MaxResponseBytes: 4096, MaxStreams: 1, MaxQueued: 1000})
	s.FromManager(noSettings)
	for i := range 3 {
		if s.Output().Pause {
			t.Errorf("reading is paused after %d large calls", i)
		}
		s.FromConsumer(echo(uint64(i), strings.Repeat("x", 3000)).bytes())
	}
	if !s.Output().Pause {
		t.Error("reading goes on while large calls wait")
	}
}

// A connection that idles after large calls keeps little.
func TestMemoryIsGivenBack(t *testing.T) {
	r := startRig(t, config.Consumer{}, &http.HTTP2Config{}, provider)
	text := strings.Repeat("x", 2<<20)
	for i := range 3 {
		frame := echo(uint64(i), text).bytes()
		r.send(frame[:1000])
		r.send(frame[1000:])
		if m := r.next(); m.Body != value(text) {
			t.Fatalf("got %v", m.Header)
		}
	}
	r.use(func(s *Session) {
		for name, n := range map[string]int{
			"answers": cap(s.out.Consumer), "calls": cap(s.out.Manager), "manager": cap(s.held), "text": cap(s.call.text),
			"block": cap(s.block.b), "writer": cap(s.writer.Buf), "spare streams": len(s.spare),
		} {
			if n > keepBytes {
				t.Errorf("%s: %d are kept", name, n)
			}
		}
	})
}
