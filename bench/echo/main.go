// Echo is the yardstick of the experiment: a plain HTTP/1.1 service that answers the hash of the string in a JSON
// array after a fixed time. Whatever the load tool reaches against it is what it can reach here at all.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/dubbomesh/dubbomesh/bench/javahash"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	delay := flag.Duration("delay", 50*time.Millisecond, "how long an answer takes")
	flag.Parse()
	if err := run(*listen, *delay); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run serves until SIGINT or SIGTERM.
func run(listen string, delay time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Println("listening", l.Addr())
	server := &http.Server{Handler: hashes(delay), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// hashes answers ["text"] with the text's hash, on every path.
func hashes(delay time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodies.Get().(*bytes.Buffer)
		defer bodies.Put(body)
		body.Reset()
		if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody)); err != nil {
			return // the client has gone
		}
		text, ok := only(body.Bytes())
		if !ok {
			http.Error(w, `the body must be ["text"], the text without quotes and backslashes`, http.StatusBadRequest)
			return
		}
		answer := strconv.AppendInt(make([]byte, 0, 12), int64(javahash.Of(text)), 10)
		time.Sleep(delay)
		w.Header()["Content-Type"] = contentType
		_, _ = w.Write(answer)
	})
}

var contentType = []string{"application/json"}

// only returns the text in ["text"]. A whole JSON parser would be measured as well.
func only(body []byte) (text []byte, ok bool) {
	body, ok = bytes.CutPrefix(body, []byte(`["`))
	if !ok {
		return nil, false
	}
	text, ok = bytes.CutSuffix(body, []byte(`"]`))
	return text, ok && !bytes.ContainsAny(text, `"\`)
}
