package host

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Problem returns an error of the host itself as problem JSON (RFC 9457).
func Problem(status int, detail string) *transcode.Response {
	body := fmt.Appendf(nil, `{"type":"about:blank","title":%s,"status":%d,"detail":%s}`,
		strconv.QuoteToASCII(http.StatusText(status)), status, strconv.QuoteToASCII(detail))
	return &transcode.Response{
		Status:  status,
		Headers: []transcode.Header{{Name: "content-type", Value: "application/problem+json"}},
		Body:    body,
	}
}
