// Demo-http is a small HTTP service for trying out the mesh and for its tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// maxBody bounds what POST /echo reads into memory, in bytes.
const maxBody = 8 << 20

// longest is how long GET /slow may take.
const longest = time.Minute

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "address to listen on; port 0 takes a free one")
	name := flag.String("name", "one", "what GET /whoami answers")
	delay := flag.Duration("delay", 0, "how long every answer takes, at least")
	utilization := flag.Float64("utilization", 0, "the load that every answer reports (ORCA), 1 for full; 0 reports none")
	overloaded := flag.Bool("overloaded", false, "refuse every request as an instance that has no room for it")
	drain := flag.Duration("drain", 5*time.Second, "how long requests may take to finish after SIGTERM")
	flag.Parse()
	handler := slow(*delay, reporting(*utilization, routes(*name)))
	if *overloaded {
		handler = http.HandlerFunc(refuse)
	}
	if err := run(*listen, handler, *drain); err != nil {
		fmt.Fprintln(os.Stderr, "demo-http:", err)
		os.Exit(1)
	}
}

// run serves until SIGINT or SIGTERM, then finishes the requests it has.
func run(listen string, handler http.Handler, drain time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Println("listening", listener.Addr())

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// routes is everything the service answers.
func routes(name string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		who := r.URL.Query().Get("name")
		if who == "" {
			who = "world"
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "hello, %s\n", who)
	})
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, name)
	})
	mux.HandleFunc("/request/", func(w http.ResponseWriter, r *http.Request) { answer(w, http.StatusOK, arrived(name, r)) })
	mux.HandleFunc("POST /relay/", relay(name))
	mux.HandleFunc("/moved/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/"+strings.TrimPrefix(r.URL.Path, "/moved/"), http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("GET /slow/{time}", late)
	newUsers().handle(mux)
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		if kind := r.Header.Get("Content-Type"); kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		_, _ = w.Write(body) // a client that has gone is no error of the service
	})
	return mux
}

// slow makes every answer take at least the delay, unless the client goes away.
func slow(delay time.Duration, next http.Handler) http.Handler {
	if delay <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(delay):
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// late answers after the time that the path says, such as 300ms.
func late(w http.ResponseWriter, r *http.Request) {
	wait, err := time.ParseDuration(r.PathValue("time"))
	if err != nil || wait < 0 || wait > longest {
		problem(w, http.StatusBadRequest, fmt.Sprintf("the time is %q: write 0s to %s", r.PathValue("time"), longest))
		return
	}
	slow(wait, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, wait) })).ServeHTTP(w, r)
}

// refuse answers as an Envoy does whose limit is full: the header says that the request has not begun.
func refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Envoy-Overloaded", "true")
	http.Error(w, "overloaded", http.StatusServiceUnavailable)
}
