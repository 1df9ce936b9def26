package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	cleanDubbo = "/" + echoService + "/whoami"
	cleanHTTP  = "/" + webService + "/whoami"
)

// visitClean makes a request that no policy asks to fail.
func (s *safety) visitClean(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.gatewayURL+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := gatewayClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %.300s", path, answer.StatusCode, text)
	}
	if name := strings.Trim(string(text), "\"\n"); err == nil && name != "v1" && name != "v2" {
		err = fmt.Errorf("%s: nobody is called %q", path, text)
	}
	return "", err
}

// wildClient gives up soon: policies may ask for a delay of an hour.
var wildClient = &http.Client{
	Timeout:       time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// visitWild makes a request that policies may ask to fail. It has to get an answer all the same.
func (s *safety) visitWild(ctx context.Context, n int64) (string, error) {
	paths := []string{"/" + wildService + "/whoami", "/" + helloService + "/hash", "/" + wildService + "/hello?name=ann"}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if n%3 == 1 {
		method, body = http.MethodPost, strings.NewReader(`["hello"]`)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.gatewayURL+paths[n%3], body)
	if err != nil {
		return "", err
	}
	req.Header.Set("content-type", "application/json")
	req.Header.Set([]string{"x-user", "x-chaos", "x-lane"}[n%3], []string{"ann", "on", "gray"}[n/3%3])
	answer, err := wildClient.Do(req)
	if err != nil {
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
			return "late", nil
		}
		return "", err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // policies may cut it off
	return strconv.Itoa(answer.StatusCode), nil
}

// requestsPerSecond is the load, a third of it on the services whose policies may ask for anything.
const requestsPerSecond = 1000

// load begins with requests at a steady pace, as far as the machine keeps up.
func (s *safety) load(t *testing.T) {
	t.Helper()
	clean, wild := pace(t, requestsPerSecond*2/3), pace(t, requestsPerSecond/3)
	var n atomic.Int64
	s.clean = startLoad(t, 48, func(ctx context.Context) (string, error) {
		<-clean
		return s.visitClean(ctx, []string{cleanDubbo, cleanHTTP}[n.Add(1)%2])
	})
	var m atomic.Int64
	s.wild = startLoad(t, 24, func(ctx context.Context) (string, error) {
		<-wild
		return s.visitWild(ctx, m.Add(1))
	})
	s.clean.waitCalls(t, 200)
}

// pace yields so many values a second, as far as somebody takes them.
func pace(t *testing.T, perSecond int) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	tokens := make(chan struct{}, 64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for began, yielded := time.Now(), 0; ; {
			select {
			case <-ctx.Done():
				close(tokens) // whoever waits goes on, and ends
				return
			case <-tick.C:
			}
			for due := int(time.Since(began).Seconds() * float64(perSecond)); yielded < due; yielded++ {
				select {
				case tokens <- struct{}{}:
				default: // nobody has time for it
				}
			}
		}
	}()
	return tokens
}

// judgeLoad ends the load and looks at every answer.
func (s *safety) judgeLoad(t *testing.T) {
	t.Helper()
	clean, wild := s.clean.stop(), s.wild.stop()
	took := clean[len(clean)-1].began.Sub(clean[0].began)
	t.Logf("%d edits in %v under %.0f requests/s; answers of services whose policies ask for anything: %v", len(s.edits), took.Round(time.Second),
		float64(len(clean)+len(wild))/took.Seconds(), split(wild))
	for line := range strings.Lines(s.control.out.String()) {
		if strings.Contains(line, "policy withdrawn") || strings.Contains(line, "policy rejected") {
			t.Logf("%.700s", line)
		}
	}
	requireNoFailure(t, clean, 20*len(s.edits))
	requireNoFailure(t, wild, 0)
	for key := range split(wild) {
		if status, err := strconv.Atoi(key); err == nil && (status < 200 || status > 599) {
			t.Errorf("status %d", status)
		}
	}
	if t.Failed() {
		for _, a := range slices.Concat(clean, wild) {
			if a.err != nil {
				t.Logf("the edits before the failure at %s:\n%s", a.began.Format("15:04:05.000"), strings.Join(s.editsBefore(a.began), "\n"))
				break
			}
		}
	}
}

func (s *safety) editsBefore(at time.Time) []string {
	to := 0
	for to < len(s.edits) && s.edits[to][:12] <= at.Add(100*time.Millisecond).Format("15:04:05.000") {
		to++
	}
	return s.edits[max(0, to-8):to]
}
