package translate_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Whatever Envoy itself answers is problem JSON with a type.
func TestRepliesOfEnvoy(t *testing.T) {
	server, port := serve(t)
	opt := translate.DefaultOptions()
	opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
	server.Publish(translate.Translate(model.Snapshot{Services: []model.Service{{Name: "gone", Instances: []model.Instance{
		{Address: "127.0.0.1", Port: 1, Protocol: model.ProtocolHTTP, Weight: 1, Status: model.StatusUp},
	}}}}, opt))
	envoy := testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port)})
	accepted(t, server)
	address := strings.TrimPrefix(envoy.ListenerURL(translate.GatewayListener), "http://")
	for _, c := range []struct {
		request string
		status  int
		kind    string
	}{
		{"GET /gone/x HTTP/1.1\r\nhost: a\r\n\r\n", 503, "no-answer"},
		{"GET / HTTP/1.1\r\nhost: a\r\nx: " + strings.Repeat("y", 100_000) + "\r\n\r\n", 431, "headers-too-large"},
		{"GET / HTTP/1.0\r\n\r\n", 426, "upgrade-required"},
		{"GET / HTTP/1.1\r\n\r\n", 400, "malformed-request"},
		{"GET /nobody/x HTTP/1.1\r\nhost: a\r\n\r\n", 404, "no-such-service"},
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.request); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.kind, err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		_ = conn.Close()
		var problem struct {
			Type   string
			Status int
		}
		if err := json.Unmarshal(body, &problem); err != nil || resp.StatusCode != c.status || problem.Status != c.status ||
			problem.Type != "urn:dubbomesh:"+c.kind || resp.Header.Get("content-type") != "application/problem+json" {
			t.Errorf("%s: %d %s %q: %v", c.kind, resp.StatusCode, resp.Header.Get("content-type"), body, err)
		}
	}
}
