package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dubbomesh/dubbomesh/bench/javahash"
)

// verify calls the Dubbo service from as many callers as wrk will have connections, and compares each answer with the
// request it belongs to, which wrk's script cannot. It warms up everything on the way as well.
func (r *rig) verify(ctx context.Context) error {
	if err := r.verifyWay(ctx, dubbo, r.options.warmUp); err != nil || r.java == nil {
		return err
	}
	return r.verifyWay(ctx, javaGateway, max(r.options.warmUp, javaWarmUp))
}

// javaWarmUp is how long Java's compiler is given.
const javaWarmUp = 20 * time.Second

func (r *rig) verifyWay(ctx context.Context, w way, warmUp time.Duration) error {
	callers := slices.Max(r.options.connections)
	transport := &http.Transport{MaxIdleConnsPerHost: callers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 15 * time.Second}
	end := time.Now().Add(warmUp)
	group, ctx := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for time.Now().Before(end) {
				err := call(ctx, client, r.url(w))
				if w == javaGateway && errors.Is(err, errUnavailable) {
					continue // Dubbo's asynchronous calls are not tried elsewhere when a pool is used up
				}
				if err != nil {
					return fmt.Errorf("checking answers one by one: %w", err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// check makes one call on a connection of its own.
func (r *rig) check(ctx context.Context, w way) error {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return call(ctx, client, r.url(w))
}

var errUnavailable = errors.New("the answer was 503")

// call is one request whose answer is checked.
func call(ctx context.Context, client *http.Client, url string) error {
	text := []byte(strconv.FormatUint(rand.Uint64(), 36))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`["`+string(text)+`"]`))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusServiceUnavailable {
		return fmt.Errorf("%w: %s", errUnavailable, body)
	}
	if want := strconv.Itoa(int(javahash.Of(text))); answer.StatusCode != http.StatusOK || string(body) != want {
		return fmt.Errorf("the hash of %q is %s, the answer was %s: %s", text, want, answer.Status, body)
	}
	return nil
}
