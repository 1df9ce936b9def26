package main_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A response to an HTTP/1.1 client names its length once and is not chunked, whichever half of the module sends it.
func TestContentLength(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/", providers: []*provider{p}})
	for name, c := range map[string]struct{ path, contentType, body, want string }{
		"answer":       {hash, "application/json", `["hello"]`, "HTTP/1.1 200 "},
		"refused call": {hash, "application/json", `["hello"`, "HTTP/1.1 400 "},
		"refused form": {"/", "application/x-www-form-urlencoded", "method=hash", "HTTP/1.1 400 "},
		"JSON on /":    {"/", "application/x-www-form-urlencoded", `["hello"]`, "HTTP/1.1 400 "},
		"JSON as form": {hash, "application/x-www-form-urlencoded", `["hello"]`, "HTTP/1.1 400 "},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s", c.path, c.contentType, len(c.body), c.body)
			answer, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
			length := fmt.Sprintf("\r\ncontent-length: %d\r\n", len(body))
			if !strings.HasPrefix(head, c.want) || body == "" || !strings.Contains(head+"\r\n", length) ||
				strings.Count(head, "content-length") != 1 || strings.Contains(head, "transfer-encoding") {
				t.Errorf("got %s", answer)
			}
		})
	}
}
