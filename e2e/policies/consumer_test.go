package policies

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// attachmentPrefix begins the headers that are attachments of a Dubbo call.
const attachmentPrefix = "x-dubbo-attachment-"

// consume opens a connection as a Dubbo consumer does and returns what calls a method without arguments on it.
func (m *mesh) consume(t *testing.T, method string) func(headers []string) (answer, error) {
	conn, err := net.Dial("tcp", m.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &consumer{conn: conn}
	return func(headers []string) (answer, error) { return c.call(dubboService, method, headers) }
}

// consumer is a Dubbo consumer with one connection.
type consumer struct {
	conn net.Conn
	last uint64
}

// call makes a call without arguments.
func (c *consumer) call(service, method string, headers []string) (answer, error) {
	c.last++
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: c.last}))
	for _, s := range []string{"2.0.2", service, "0.0.0", method, ""} {
		w.String(s)
	}
	w.UntypedMap()
	w.String("path")
	w.String(service)
	for i := 0; i+1 < len(headers); i += 2 {
		if key, is := strings.CutPrefix(headers[i], attachmentPrefix); is {
			w.String(key)
			w.String(headers[i+1])
		}
	}
	w.End()
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	if _, err := c.conn.Write(w.Buf); err != nil {
		return answer{}, err
	}
	return c.answer()
}

// statusInText is how a refusal by Envoy is told to a consumer.
var statusInText = regexp.MustCompile(`HTTP (\d\d\d)`)

func (c *consumer) answer() (answer, error) {
	head := make([]byte, dubbo.HeaderSize)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		return answer{}, err
	}
	h, err := dubbo.ParseHeader(head)
	if err != nil || h.ID != c.last {
		return answer{}, fmt.Errorf("answer %+v to call %d: %w", h, c.last, err)
	}
	body := make([]byte, h.Length)
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return answer{}, err
	}
	a := answer{status: http.StatusInternalServerError, body: string(body)}
	if found := statusInText.FindSubmatch(body); found != nil {
		a.status, _ = strconv.Atoi(string(found[1]))
	}
	// A value is told by 1 or, with attachments, 4, both written as one byte; a short text by its length.
	if h.Status == dubbo.StatusOK && len(body) > 2 && (body[0] == 0x91 || body[0] == 0x94) && int(body[1]) <= min(31, len(body)-2) {
		a.status, a.by = http.StatusOK, string(body[2:2+body[1]])
	}
	return a, nil
}
