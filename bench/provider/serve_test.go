package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// request is a frame that calls method with one argument.
func request(id uint64, generic bool, method, argument string) []byte {
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: id}))
	for _, text := range []string{"2.0.2", "com.example.Hello", "0.0.0"} {
		w.String(text)
	}
	if generic {
		w.String("$invoke")
		w.String("Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;")
		w.String(method)
		w.Null()
		w.ListN(1)
		w.String(argument)
	} else {
		w.String(method)
		w.String("Ljava/lang/String;")
		w.String(argument)
	}
	w.UntypedMap()
	w.End()
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	return w.Buf
}

// dial connects to a provider with the given pool.
func dial(t *testing.T, p *pool) net.Conn {
	t.Helper()
	client, peer := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(peer, p)
	}()
	t.Cleanup(func() {
		_ = client.Close()
		<-done
	})
	if err := client.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return client
}

func write(t *testing.T, c net.Conn, frame []byte) {
	t.Helper()
	if _, err := c.Write(frame); err != nil {
		t.Fatal(err)
	}
}

// answer reads one frame.
func answer(t *testing.T, c net.Conn) (dubbo.Header, []byte) {
	t.Helper()
	head := make([]byte, dubbo.HeaderSize)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	h, err := dubbo.ParseHeader(head)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, h.Length)
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return h, body
}

func TestHash(t *testing.T) {
	p := &pool{threads: 1}
	c := dial(t, p)
	for id, generic := range []bool{false, true} {
		write(t, c, request(uint64(id), generic, "hash", "hello"))
		h, body := answer(t, c)
		if h.ID != uint64(id) || h.Status != dubbo.StatusOK {
			t.Errorf("generic %v: header %+v", generic, h)
		}
		var r dubbo.Reader
		r.Reset(body, 0)
		kind, err1 := r.Int()
		hash, err2 := r.Int()
		if err := errors.Join(err1, err2, r.Skip()); err != nil || r.Offset() != len(body) {
			t.Fatal(err, r.Offset(), len(body))
		}
		if kind != dubbo.ResponseValueWithAttachments || hash != 99162322 {
			t.Errorf("generic %v: kind %d, hash %d", generic, kind, hash)
		}
	}
}

func TestRefusals(t *testing.T) {
	p := &pool{threads: 1, delay: time.Hour}
	p.busy.Store(1) // somebody else's call
	c := dial(t, p)
	for _, tt := range []struct {
		name  string
		frame []byte
		want  dubbo.Status
	}{
		{"pool used up", request(1, true, "hash", "x"), dubbo.StatusThreadPoolExhausted},
		{"unknown method", request(1, false, "hush", "x"), dubbo.StatusBadRequest},
		{"unknown generic method", request(1, true, "hush", "x"), dubbo.StatusBadRequest},
		{"empty body", dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: 1}), dubbo.StatusBadRequest},
	} {
		write(t, c, tt.frame)
		if h, _ := answer(t, c); h.Status != tt.want || h.ID != 1 {
			t.Errorf("%s: got %v, want %v", tt.name, h.Status, tt.want)
		}
	}
	w := httptest.NewRecorder()
	tell(p).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if diff := cmp.Diff(`{"answered":0,"bad":3,"peak":0,"refused":1}`+"\n", w.Body.String()); diff != "" {
		t.Error(diff)
	}
}

func TestHeartbeatAndNoise(t *testing.T) {
	c := dial(t, &pool{threads: 1})
	beat := append(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.FlagEvent | dubbo.Hessian2, ID: 7, Length: 1}), 'N')
	write(t, c, beat)
	if h, body := answer(t, c); h.ID != 7 || !h.Flags.Event() || string(body) != "N" {
		t.Errorf("heartbeat: %+v %q", h, body)
	}
	write(t, c, []byte("GET / HTTP/1.1\r\n"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a peer that does not speak Dubbo: got %v, want the end of the connection", err)
	}
}
