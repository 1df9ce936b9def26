// Provider is a Dubbo service as lean as it gets, so that what is measured in front of it is the mesh. It speaks real
// Dubbo frames and Hessian, answers hash(String), typed and generic, after a fixed time, and refuses calls when its
// pool of threads is used up, as Dubbo's default thread pool does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	counts := flag.String("counts", "127.0.0.1:0", "address that tells the counts over HTTP; port 0 takes a free one")
	delay := flag.Duration("delay", 50*time.Millisecond, "how long a call takes")
	threads := flag.Int64("threads", 200, "calls worked on at a time; more are refused")
	flag.Parse()
	if err := run(*listen, *counts, &pool{delay: *delay, threads: *threads}); err != nil {
		fmt.Fprintln(os.Stderr, "provider:", err)
		os.Exit(1)
	}
}

// run serves until SIGINT or SIGTERM.
func run(listen, counts string, p *pool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := net.Listen("tcp", counts)
	if err != nil {
		return fmt.Errorf("--counts %s: %w", counts, err)
	}
	server := &http.Server{Handler: tell(p), ReadHeaderTimeout: 10 * time.Second}
	defer func() { _ = server.Close() }()
	go func() { _ = server.Serve(c) }() // ends with Close
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	fmt.Println("counts", c.Addr())
	fmt.Println("listening", l.Addr())
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		go serve(conn, p)
	}
}

// tell answers the counts as JSON.
func tell(p *pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int64{
			"answered": p.answered.Load(), "refused": p.refused.Load(), "bad": p.bad.Load(), "peak": p.peak.Load(),
		})
	})
}
