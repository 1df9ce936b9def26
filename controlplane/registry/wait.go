package registry

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// WaitTCP returns a DelayUntil that waits until the address accepts a TCP connection.
func WaitTCP(hostPort string) func(context.Context) error {
	return func(ctx context.Context) error {
		const interval = 200 * time.Millisecond
		dialer := net.Dialer{Timeout: 2 * time.Second}
		for {
			conn, err := dialer.DialContext(ctx, "tcp", hostPort)
			if err == nil {
				return conn.Close()
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			pause(ctx, interval)
		}
	}
}

// WaitDubbo returns a DelayUntil that waits until the address answers a heartbeat of Dubbo 2. It is a Refusal when HTTP is
// what answers.
func WaitDubbo(hostPort string) func(context.Context) error {
	connects := WaitTCP(hostPort)
	return func(ctx context.Context) error {
		if err := connects(ctx); err != nil {
			return err
		}
		answer, err := heartbeat(ctx, hostPort)
		switch {
		case err == nil && answer == "":
			return nil
		case strings.HasPrefix(answer, "HTTP/"):
			return Refusal{Reason: fmt.Sprintf("%s speaks HTTP, not Dubbo", hostPort)}
		case err == nil:
			return fmt.Errorf("%s answers a Dubbo heartbeat with %q: it does not speak Dubbo 2", hostPort, answer)
		}
		return fmt.Errorf("%s accepts connections but does not answer a Dubbo heartbeat: %w", hostPort, err)
	}
}

// answering bounds the wait for one answer.
const answering = 2 * time.Second

// heartbeat asks a provider for a sign of life. answer is what came instead, "" when it was one. A server of HTTP waits for
// the end of a line first, so that it gets one when nothing has come.
func heartbeat(ctx context.Context, hostPort string) (answer string, err error) {
	dialer := net.Dialer{Timeout: answering}
	conn, err := dialer.DialContext(ctx, "tcp", hostPort)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	head := make([]byte, dubbo.HeaderSize)
	n := 0
	for _, line := range [][]byte{dubbo.AppendHeartbeat(nil, 1), []byte("\r\n\r\n")} {
		if err := conn.SetDeadline(time.Now().Add(answering)); err != nil {
			return "", err
		}
		if _, err := conn.Write(line); err != nil {
			return "", err
		}
		if n, err = conn.Read(head); n > 0 {
			break
		}
	}
	if n == 0 {
		return "", err
	}
	if head[0] == dubbo.AppendHeartbeat(nil, 1)[0] {
		return "", nil
	}
	return string(head[:n]), nil
}
