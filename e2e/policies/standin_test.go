package policies

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// standIn is an instance that the test itself is: it answers each attempt of a call as it is told to, and knows when each
// arrived.
type standIn struct {
	address string
	mu      sync.Mutex             // guards what follows
	seen    map[string][]time.Time // attempts, by the mark of their call
	reply   func(attempt int) reply
}

// reply is an answer of a stand-in.
type reply int

const (
	answered   reply = iota // its name, "standin"
	overloaded              // as one that has no room for the call, which it has not begun
	broken                  // as one that fails
	silent                  // none: the caller gives up
)

const standInName = "standin"

// markHeader carries the mark of a call, which tells the attempts of one from those of others: mark-1.
const markHeader = attachmentPrefix + "mark"

var markInBody = regexp.MustCompile(`mark-[0-9]+\.`)

// standIn registers one, with flags of the registration.
func (s target) standIn(t *testing.T, reply func(attempt int) reply, registration ...string) *standIn {
	t.Helper()
	i := &standIn{seen: map[string][]time.Time{}, reply: reply}
	if s.service == httpService {
		i.serveHTTP(t)
	} else {
		i.serveDubbo(t)
	}
	s.enrol(t, s.service, standInName, i.address, registration)
	return i
}

// alone takes every other instance out.
func (s target) alone(t *testing.T) {
	t.Helper()
	for _, name := range s.names() {
		s.weigh(t, s.service, name, "0")
	}
}

// as says how an attempt of a call, counted from 1, is answered from now on. It may block, and is called by many at once.
func (i *standIn) as(reply func(attempt int) reply) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.reply = reply
}

// next notes an attempt and returns what it is answered with.
func (i *standIn) next(mark string) reply {
	i.mu.Lock()
	i.seen[mark] = append(i.seen[mark], time.Now())
	attempt, reply := len(i.seen[mark]), i.reply
	i.mu.Unlock()
	return reply(attempt)
}

// attempts returns when those of a call arrived.
func (i *standIn) attempts(mark string) []time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.seen[mark]
}

func (i *standIn) serveHTTP(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch i.next(r.Header.Get(markHeader)) {
		case answered:
			fmt.Fprintln(w, standInName)
		case overloaded:
			w.Header().Set("x-envoy-overloaded", "true")
			w.WriteHeader(http.StatusServiceUnavailable)
		case broken:
			w.WriteHeader(http.StatusServiceUnavailable)
		case silent:
			select {
			case <-r.Context().Done():
			case <-ended:
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })
	i.address = server.Listener.Addr().String()
}

func (i *standIn) serveDubbo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() {
				if err := i.calls(conn); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.As(err, new(*net.OpError)) {
					t.Error(err)
				}
			})
		}
	})
	i.address = l.Addr().String()
}

// calls answers those of a connection, one after the other as the mesh makes them.
func (i *standIn) calls(conn net.Conn) error {
	defer conn.Close()
	from := bufio.NewReader(conn)
	head := make([]byte, dubbo.HeaderSize)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return err
		}
		h, err := dubbo.ParseHeader(head)
		if err != nil {
			return err
		}
		body := make([]byte, h.Length)
		if _, err := io.ReadFull(from, body); err != nil {
			return err
		}
		frame := dubbo.AppendHeartbeatAnswer(nil, h)
		if !h.Flags.Event() {
			r := i.next(string(markInBody.Find(body)))
			if r == silent {
				continue
			}
			frame = r.frame(h.ID)
		}
		if _, err := conn.Write(frame); err != nil {
			return err
		}
	}
}

// frame is the answer to a Dubbo call.
func (r reply) frame(id uint64) []byte {
	status := map[reply]dubbo.Status{overloaded: dubbo.StatusThreadPoolExhausted, broken: dubbo.StatusServerError}[r]
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: cmp.Or(status, dubbo.StatusOK), ID: id}))
	switch r {
	case answered:
		w.Int(1) // a value follows
		w.String(standInName)
	default:
		w.String("no thread is free")
	}
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	return w.Buf
}
