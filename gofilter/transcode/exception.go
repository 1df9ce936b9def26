package transcode

import (
	"bytes"
	"fmt"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// exception is what a provider says its service threw.
type exception struct {
	class, message []byte
	fields         []byte // the exception's own fields as JSON members
}

func (e *exception) reset() {
	e.class, e.message, e.fields = shrink(e.class), shrink(e.message), shrink(e.fields)
}

// exception reads a thrown exception. Stack traces are passed over.
func (d *result) exception() error {
	d.exc.reset()
	if d.r.Kind() != dubbo.Object {
		if err := d.value(); err != nil { // some other peer's idea of an exception
			return err
		}
		d.exc.message = append(d.exc.message, d.out...)
		return nil
	}
	n, err := d.r.Object()
	if err != nil {
		return err
	}
	class := n.Type
	generic := isGeneric(class)
	if !generic {
		d.exc.class = append(d.exc.class, class...)
	}
	for i := range d.r.Fields(n) {
		if err := d.exceptionField(&n, i, generic); err != nil {
			return err
		}
	}
	d.r.Close(n)
	d.exc.clean()
	return nil
}

// thrownClass reads a thrown exception up to what tells its class. Where the class alone does not, the message is
// read as well: dubbo-go puts refusals into it, Dubbo Java the class of an exception that callers may not know.
func (d *result) thrownClass() error {
	d.exc.reset()
	if d.r.Kind() != dubbo.Object {
		return nil
	}
	n, err := d.r.Object()
	if err != nil {
		return err
	}
	generic := isGeneric(n.Type)
	if !generic {
		d.exc.class = append(d.exc.class, n.Type...)
		if class := string(n.Type); class != goError && class != wrapped {
			return nil
		}
	}
	for i := range d.r.Fields(n) {
		name := string(d.r.Field(n, i))
		switch {
		case generic && name == "exceptionClass" && d.r.Kind() == dubbo.String:
			d.exc.class, err = d.r.AppendString(d.exc.class[:0])
			return err
		case !generic && name == "detailMessage" && d.r.Kind() == dubbo.String:
			d.exc.message, err = d.r.AppendString(d.exc.message[:0])
			d.exc.clean()
			return err
		}
		if err := d.r.Skip(); err != nil {
			return err
		}
	}
	return nil
}

func isGeneric(class []byte) bool {
	return bytes.HasSuffix(class, []byte(".rpc.service.GenericException"))
}

func (d *result) exceptionField(n *dubbo.Nested, i int, generic bool) (err error) {
	text := d.r.Kind() == dubbo.String
	switch name := d.r.Field(*n, i); string(name) {
	case "exceptionClass":
		if generic && text {
			d.exc.class, err = d.r.AppendString(d.exc.class[:0])
			return err
		}
	case "exceptionMessage":
		if generic && text {
			d.exc.message, err = d.r.AppendString(d.exc.message[:0])
			return err
		}
	case "detailMessage":
		if !generic && text {
			d.exc.message, err = d.r.AppendString(d.exc.message[:0])
			return err
		}
		return d.r.Skip()
	case "stackTrace", "suppressedExceptions", "cause", "walkback", "serialVersionUID":
		return d.r.Skip()
	}
	if generic {
		return d.r.Skip()
	}
	return d.ownField(n, i)
}

// ownField writes a field that the exception's class has added. One that leads back to the exception itself is null.
func (d *result) ownField(n *dubbo.Nested, i int) error {
	d.out = d.out[:0]
	if len(d.exc.fields) > 0 {
		d.out = append(d.out, ',')
	}
	d.out = appendQuoted(d.out, d.r.Field(*n, i))
	d.out = append(d.out, ':')
	if d.r.Kind() == dubbo.Ref && d.r.Cyclic() {
		d.out = append(d.out, "null"...)
		if err := d.r.Skip(); err != nil {
			return err
		}
	} else if err := d.value(); err != nil {
		return err
	}
	if err := d.room(len(d.exc.fields)); err != nil {
		return err
	}
	d.exc.fields = append(d.exc.fields, d.out...)
	return nil
}

// clean cuts a stack trace off the message. Dubbo sends an exception whose class the caller may not know as a
// RuntimeException with the text of the original, trace included: then class and message are taken from the text.
func (e *exception) clean() {
	trace := bytes.Index(e.message, []byte("\n\tat "))
	if trace < 0 {
		return
	}
	e.message = bytes.TrimRight(e.message[:trace], "\r\n")
	if string(e.class) != wrapped {
		return
	}
	if class, rest, ok := bytes.Cut(e.message, []byte(": ")); ok && isClassName(class) {
		e.class = append(e.class[:0], class...)
		e.message = rest
	}
}

func isClassName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == '/' || c == '"' || c == ',' || c == '(' {
			return false
		}
	}
	return bytes.IndexByte(b, '.') > 0
}

// wrapped is the class in which Dubbo Java sends an exception whose own class the caller may not know.
const wrapped = "java.lang.RuntimeException"

// failure explains an answer whose status is not OK, by the table in status.go.
func (d *result) failure(s dubbo.Status) *fault {
	text, err := d.r.AppendString(d.scratch[:0])
	if err != nil {
		text = append(text[:0], "the provider gave no reason"...)
	}
	d.scratch = text
	line, _, _ := bytes.Cut(text, []byte("\n"))
	for _, inside := range insideMarks {
		line, _, _ = bytes.Cut(line, []byte(inside))
	}
	line = cut(bytes.TrimRight(line, "\r "), maxReason)
	if f := findRule(s, text, line); f != nil {
		return f
	}
	f := faultf(badAnswer, "Dubbo %v, which is unknown here: %s", s, line)
	f.dubbo = int(s)
	return f
}

// findRule looks a status up in the table, by the whole text; line is what is shown of it.
func findRule(s dubbo.Status, text, line []byte) *fault {
	for _, rule := range statusTable {
		if rule.status == s && bytes.Contains(text, []byte(rule.text)) {
			who := "the provider refused the call"
			if s != dubbo.StatusOK {
				who = fmt.Sprintf("Dubbo status %d %v", s, s)
			}
			f := faultf(rule.problem, "%s: %s%s", who, cut(line, maxReason), rule.hint)
			f.retriable, f.dubbo = rule.retriable, int(s)
			return f
		}
	}
	return nil
}

// insideMarks begin what Dubbo Java adds to a reason about the provider's configuration and the call's arguments;
// it is not for callers.
var insideMarks = [...]string{", channel: ", ", detail msg:", " to dubbo://", ", dubbo version: "}

// maxReason is how many bytes of a provider's reason are shown.
const maxReason = 512
