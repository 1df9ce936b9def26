package main_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// consumerFilter stands in front of the connection manager; its configuration is for the tests.
const consumerFilter = `
      - name: consumer
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.dynamic_modules.v3.DynamicModuleNetworkFilter
          filter_name: consumer
          filter_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"maxRequestBytes": 4194304}'}
          ` + moduleConfig

// deadline makes Envoy wait no longer than the consumer does, who is not allowed to say so in Envoy's own header.
const deadline = `
          - name: deadline
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
              mutations: {request_mutations: [{append: {append_action: OVERWRITE_IF_EXISTS_OR_ADD,
                header: {key: x-envoy-upstream-rq-timeout-ms, value: "%REQ(x-dubbo-timeout)%"}}}]}`

// startConsumerRig is startRig for Dubbo consumers. Options are further fields of the connection manager.
func startConsumerRig(t *testing.T, options string, routes ...route) *rig {
	t.Helper()
	text := strings.Replace(bootstrap(routes), "    - filters:", "    - filters:"+consumerFilter, 1)
	text = strings.Replace(text, "          http_filters:", "          use_remote_address: true"+options+"\n          http_filters:"+deadline, 1)
	e := testenvoy.Start(t, testenvoy.Options{Bootstrap: text})
	return &rig{e, e.ListenerURL("in")}
}

// caller is a Dubbo consumer with one connection.
type caller struct {
	t    *testing.T
	conn net.Conn
	in   dubbo.FrameReader
	buf  []byte
}

// answer is a frame that a consumer was sent.
type answer struct {
	dubbo.Header
	body string
}

func dial(t *testing.T, r *rig) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // once more when the test has closed it
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c := &caller{t: t, conn: conn, buf: make([]byte, 64<<10)}
	c.in.Reset(1 << 30)
	return c
}

// callFrame is a two-way call of the echo method with one string, and attachments in pairs.
func callFrame(id uint64, argument string, attachments ...string) []byte {
	return serviceCall(dubbo.FlagTwoWay, "com.example.Hello", id, argument, attachments...)
}

func serviceCall(flags dubbo.Flags, service string, id uint64, argument string, attachments ...string) []byte {
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | flags | dubbo.Hessian2, ID: id}))
	for _, s := range []string{"2.0.2", service, "0.0.0", "hash", "Ljava/lang/String;", argument} {
		w.String(s)
	}
	w.UntypedMap()
	for _, s := range append([]string{"path", service, "interface", service}, attachments...) {
		w.String(s)
	}
	w.End()
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	return w.Buf
}

func (c *caller) send(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// next reads one frame; io.EOF is the end of the connection.
func (c *caller) read() (answer, error) {
	for {
		h, body, ok, err := c.in.Next()
		if err != nil || ok {
			return answer{h, string(body)}, err
		}
		n, err := c.conn.Read(c.buf)
		if err != nil {
			return answer{}, err
		}
		c.in.Feed(bytes.Clone(c.buf[:n]))
	}
}

func (c *caller) next() answer {
	c.t.Helper()
	a, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// value is the string that an answer holds.
func (a answer) value() string {
	var r dubbo.Reader
	r.Reset([]byte(a.body), 0)
	if kind, err := r.Int(); err != nil || kind != dubbo.ResponseValue {
		return "no value"
	}
	text, err := r.AppendString(nil)
	if err != nil {
		return "no string"
	}
	return string(text)
}

// expectValue makes sure that the next answer is this one.
func (c *caller) expectValue(id uint64, value string) {
	c.t.Helper()
	if a := c.next(); a.ID != id || a.Status != dubbo.StatusOK || a.value() != value {
		c.t.Fatalf("got %+v %.100q, want the answer to %d: %.100q", a.Header, a.body, id, value)
	}
}

// expectStatus makes sure that the next answer has this status and a reason that contains text.
func (c *caller) expectStatus(id uint64, status dubbo.Status, text string) {
	c.t.Helper()
	if a := c.next(); a.ID != id || a.Status != status || !strings.Contains(a.body, text) {
		c.t.Fatalf("got %+v %.200q, want %v for %d with %q", a.Header, a.body, status, id, text)
	}
}

// expectEnd makes sure that the connection is closed without a further frame.
func (c *caller) expectEnd() {
	c.t.Helper()
	if a, err := c.read(); !errors.Is(err, io.EOF) {
		c.t.Fatalf("got %+v %.100q %v, want the end", a.Header, a.body, err)
	}
}
