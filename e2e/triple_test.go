package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// A service that speaks Triple answers at the URL at which one that speaks Dubbo 2 does, over HTTP/1.1 and HTTP/2.
func TestTriple(t *testing.T) {
	m := startMesh(t)
	triple := javaProvider("provider-3")(t, "triple", "--protocol", "tri")
	m.register(t, echoService, triple.address, "--protocol", "tri")
	m.register(t, helloService, triple.address, "--protocol", "tri")
	m.awaitTriple(t)
	for _, x := range []struct {
		service, method, body, want string
		status                      int
	}{
		{helloService, "hash", `["hello"]`, `99162322`, http.StatusOK},
		{echoService, "echo", `["aé中😀"]`, `"aé中😀"`, http.StatusOK},
		{echoService, "echo", `"one"`, `"one"`, http.StatusOK},
		{echoService, "add", `[9007199254740993,-1]`, `9007199254740992`, http.StatusOK},
		{echoService, "fail", `["no luck"]`, `no luck`, http.StatusInternalServerError},
	} {
		for name, client := range map[string]*http.Client{"HTTP/1.1": gatewayClient, "HTTP/2": http2Client(t)} {
			resp, err := client.Post(m.gatewayURL+"/"+x.service+"/"+x.method, "application/json", strings.NewReader(x.body))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != x.status || !strings.Contains(string(body), x.want) {
				t.Errorf("%s %s over %s: %d %s, %v; want %d %s", x.method, x.body, name, resp.StatusCode, body, err, x.status, x.want)
			}
		}
	}
	// While a service moves from one protocol to the other, callers notice nothing.
	m.register(t, echoService, startProvider(t, "dubbo", 0).address, "--protocol", "dubbo")
	eventually(t, "both protocols answer", func() error { return answering(t, m, 2) })
}

// awaitTriple waits until the gateway reaches the Triple provider.
func (m *mesh) awaitTriple(t *testing.T) {
	t.Helper()
	for _, x := range []struct{ service, method, body string }{{echoService, "whoami", ""}, {helloService, "hash", `[""]`}} {
		eventually(t, x.service+" is callable", func() error {
			status, _, body, err := m.call(t.Context(), x.service, x.method, x.body)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%d %s", status, body)
			}
			return err
		})
	}
}

// http2Client speaks HTTP/2 without TLS.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &p}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// gRPC passes through: calls, streams, statuses and deadlines; beside instances that speak Dubbo 2 too.
func TestGRPC(t *testing.T) {
	m := startMesh(t)
	address, checks := startGRPC(t)
	service := healthv1.Health_ServiceDesc.ServiceName
	m.register(t, service, address, "--protocol", "grpc")
	client := m.healthClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	check := func() error {
		_, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: "known"})
		return err
	}
	eventually(t, "gRPC answers", check)
	t.Run("beside Dubbo 2", func(t *testing.T) {
		m.register(t, service, startProvider(t, "dubbo", 0).address, "--protocol", "dubbo")
		for range 20 {
			if err := check(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("status", func(t *testing.T) {
		if _, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: "unknown"}); status.Code(err) != codes.NotFound {
			t.Errorf("got %v, want NOT_FOUND", err)
		}
	})
	t.Run("stream", func(t *testing.T) {
		stream, err := client.Watch(ctx, &healthv1.HealthCheckRequest{Service: "known"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_SERVING, healthv1.HealthCheckResponse_NOT_SERVING} {
			got, err := stream.Recv()
			if err != nil || got.GetStatus() != want {
				t.Fatalf("got %v, %v; want %v", got, err, want)
			}
			checks.SetServingStatus("known", healthv1.HealthCheckResponse_NOT_SERVING)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		// Whoever notices first, the client, Envoy or the server, says the same.
		if _, err := client.Check(short, &healthv1.HealthCheckRequest{Service: slowCheck}); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v, want DEADLINE_EXCEEDED", err)
		}
	})
}

// slowCheck is a service whose health is not known before the caller's deadline.
const slowCheck = "slow"

// startGRPC runs a gRPC server with the health service.
func startGRPC(t *testing.T) (address string, checks *health.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if r, ok := req.(*healthv1.HealthCheckRequest); ok && r.GetService() == slowCheck {
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
		return next(ctx, req)
	}))
	checks = health.NewServer()
	checks.SetServingStatus("known", healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(server, checks)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return l.Addr().String(), checks
}

func (m *mesh) healthClient(t *testing.T) healthv1.HealthClient {
	t.Helper()
	conn, err := grpc.NewClient(local(m.gatewayPort), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthv1.NewHealthClient(conn)
}
