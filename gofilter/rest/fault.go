package rest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// fault is why a call ends without having reached the HTTP service.
type fault struct {
	status dubbo.Status
	http   int
	reason string
}

// badCall is the fault of a call that cannot be turned into a request.
func badCall(format string, args ...any) *fault {
	return &fault{dubbo.StatusBadRequest, 400, strings.ToValidUTF8(fmt.Sprintf(format, args...), "\uFFFD")}
}

// refuse makes the response that tells f.
func (c *Call) refuse(f *fault) *transcode.Response {
	c.w.Reset(nil)
	c.w.String(f.reason)
	c.resp = transcode.Response{Status: f.http, Body: c.w.Buf, Headers: append(c.resp.Headers[:0],
		transcode.Header{Name: "content-type", Value: config.DubboContentType},
		transcode.Header{Name: config.StatusHeader, Value: strconv.Itoa(int(f.status))},
	)}
	return &c.resp
}
