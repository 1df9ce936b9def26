package rest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const (
	// anyException is what an answer becomes that no mapping names a class for: the class that Dubbo itself puts in the
	// place of those a consumer may not know, and the only one that every consumer has and lets in.
	anyException     = "java.lang.RuntimeException"
	genericException = "com.alibaba.dubbo.rpc.service.GenericException"
	// limitException with limitExceeded is how Dubbo says that a limit was reached: consumers do not call again.
	limitException = "org.apache.dubbo.rpc.RpcException"
	limitExceeded  = 7
	stackTrace     = "[java.lang.StackTraceElement"
)

// maxReason is how many bytes of the service's own words become the message of an exception.
const maxReason = 2 << 10

// throw writes an exception of a class, anyException for "". The stack trace is there, and empty: consumers on Java 8
// fail to print an exception without one.
func (c *Call) throw(class, message string) {
	if class == "" {
		class = anyException
	}
	c.told.Thrown = true
	c.set(config.ExceptionHeader, class)
	c.form(dubbo.ResponseException)
	switch {
	case c.generic:
		c.w.Object(genericException, "exceptionClass", "exceptionMessage", "detailMessage", "stackTrace")
		c.w.String(class)
		c.w.String(message)
		c.w.String(class + ": " + message)
	case class == limitException:
		c.w.Object(class, "code", "detailMessage", "stackTrace")
		c.w.Int(limitExceeded)
		c.w.String(message)
	default:
		c.w.Object(class, "detailMessage", "stackTrace")
		c.w.String(message)
	}
	c.w.TypedListN(stackTrace, 0)
	c.attach()
}

// mapped is the class that the mapping gives the answer's status, if it is exactly one.
func (c *Call) mapped() string {
	if c.operation != nil {
		if class, known := only(c.operation.Exceptions, c.status); known {
			return class
		}
	}
	if c.schema == nil {
		return ""
	}
	class, _ := only(c.schema.Def().Exceptions, c.status)
	return class
}

// only is the one class that is mapped to a status; known says that there is at least one.
func only(all []config.Exception, status int) (class string, known bool) {
	for _, e := range all {
		switch {
		case e.Status != status || e.Class == class:
		case known:
			return "", true
		default:
			class, known = e.Class, true
		}
	}
	return class, known
}

// whole is what the service says, with its status.
func (c *Call) whole() string {
	status := "HTTP " + strconv.Itoa(c.status)
	if name := http.StatusText(c.status); name != "" {
		status += " " + name
	}
	if reason := c.reason(); reason != "" {
		return status + ": " + reason
	}
	return status
}

// reason is what the service says of its refusal: the detail of a problem, the message of another JSON object, or the first
// line of a text.
func (c *Call) reason() string {
	switch kind, _, _ := strings.Cut(strings.ToLower(c.contentType), ";"); {
	case c.large || c.encoded:
		return ""
	case strings.HasSuffix(strings.TrimSpace(kind), "json"):
		return cut(reasonIn(c.body), maxReason)
	case strings.HasPrefix(kind, "text/plain"):
		line, _, _ := strings.Cut(strings.TrimSpace(string(c.body[:min(len(c.body), maxReason)])), "\n")
		return strings.ToValidUTF8(strings.TrimRight(line, "\r"), "\uFFFD")
	}
	return ""
}

// members in which HTTP services say what went wrong, the best first.
var members = [...]string{"detail", "message", "title", "error"}

// reasonIn finds the reason in a JSON object. One that is malformed has none.
func reasonIn(body []byte) string {
	var found [len(members)]string
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return ""
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return ""
		}
		at := position(name.String())
		if at < 0 || d.PeekKind() != '"' {
			if d.SkipValue() != nil {
				break
			}
			continue
		}
		text, err := d.ReadToken()
		if err != nil {
			break
		}
		found[at] = text.String()
	}
	for _, text := range found {
		if text != "" {
			return text
		}
	}
	return ""
}

func position(member string) int {
	for i, m := range members {
		if m == member {
			return i
		}
	}
	return -1
}

// cut shortens s to at most n bytes without cutting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
