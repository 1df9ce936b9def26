package transcode

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// goError is the class in which dubbo-go sends errors that are no Java exceptions.
const goError = "java.lang.Throwable"

// exception makes the response to a thrown exception. Calls that dubbo-go refused before they ran come as
// exceptions too; the table in status.go tells them from those of the service.
func (c *Call) exception() *Response {
	e := &c.result.exc
	if f := e.refusal(); f != nil {
		return c.fail(f)
	}
	c.told.threw(e)
	c.exceptionHeader()
	status := thrown.status
	if x := c.mapped(e.class); x != nil {
		if x.Body != "" {
			return c.ownBody(x)
		}
		status = x.Status
	}
	detail := e.message
	if len(detail) == 0 {
		detail = e.class
	}
	k := thrown
	k.status = status
	out := problemHead(c.result.body[:0], k, string(cut(detail, maxDetail)))
	out = append(out, `,"class":`...)
	out = appendQuoted(out, e.class)
	out = append(out, `,"message":`...)
	out = appendQuoted(out, e.message)
	out = append(out, `,"dubbo":{"status":20},"fields":{`...)
	out = append(append(out, e.fields...), "}}"...)
	c.attachments()
	return c.problem(status, out)
}

// refusal explains an exception by which dubbo-go says that it did not make the call; nil for any other.
func (e *exception) refusal() *fault {
	if string(e.class) != goError {
		return nil
	}
	return findRule(dubbo.StatusOK, e.message, e.message)
}

// exceptionHeader tells the class of the exception.
func (c *Call) exceptionHeader() {
	class := c.result.exc.class
	if n := len(class); n > 0 && n <= maxExceptionHeader {
		c.resp.Headers = append(c.resp.Headers, Header{config.ExceptionHeader, headerSafe(class)})
	}
}

// mapped finds what the schema makes of an exception class. Superclasses are not on the wire: the class has to be
// named itself.
func (c *Call) mapped(class []byte) *config.Exception {
	if c.operation != nil {
		if x := findException(c.operation.Exceptions, class); x != nil {
			return x
		}
	}
	if c.answers != nil {
		return findException(c.answers.exceptions, class)
	}
	return nil
}

func findException(all []config.Exception, class []byte) *config.Exception {
	for i := range all {
		if all[i].Class == string(class) {
			return &all[i]
		}
	}
	return nil
}

// ownBody makes the response that a schema gives for an exception.
func (c *Call) ownBody(x *config.Exception) *Response {
	c.attachments()
	c.resp.Headers = append(c.resp.Headers, Header{"content-type", "application/json"})
	c.result.body = append(c.result.body[:0], x.Body...)
	c.resp.Status, c.resp.Body = x.Status, c.result.body
	return &c.resp
}

// maxDetail is how many bytes of an exception's message its problem has as detail; the member message has all.
const maxDetail = 2 << 10

// maxExceptionHeader is the longest class name, in bytes, that the header x-dubbo-exception tells; the member class
// has it whatever its length.
const maxExceptionHeader = 256

// headerSafe makes a header value of text from a provider: anything but printable ASCII becomes a question mark.
func headerSafe(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c < ' ' || c > '~' {
			c = '?'
		}
		s.WriteByte(c)
	}
	return s.String()
}
