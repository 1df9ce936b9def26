package transcode

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// date writes milliseconds since 1970 or RFC 3339 text, and reports whether it is one of them. The form
// 2006-01-02 15:04:05, whose time zone only the provider knows, goes through as text in a generic call.
func (a *arguments) date(t *javaType, k jsontext.Kind, text []byte) bool {
	switch k {
	case '0':
		if ms, ok := parseInt(text); ok {
			a.millis(t, ms)
			return true
		}
	case '"':
		s := string(text)
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			a.millis(t, at.UnixMilli())
			return true
		}
		if _, err := time.Parse(time.DateTime, s); err == nil && a.generic {
			a.w.String(s)
			return true
		}
	}
	return false
}

// millis writes a java.util.Date, or one of the classes of java.sql that are around one.
func (a *arguments) millis(t *javaType, ms int64) {
	if t.base == dateType {
		a.w.Date(ms)
		return
	}
	o := a.begin(t.class)
	a.member(&o, 0)
	a.w.Date(ms)
	a.finish(o)
}
