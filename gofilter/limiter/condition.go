package limiter

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// condition is one on a header, as Envoy understands its own.
type condition struct {
	config.Condition
	regex *regexp.Regexp
}

func newCondition(c config.Condition) (condition, error) {
	out := condition{Condition: c}
	if c.Regex == "" {
		return out, nil
	}
	var err error
	if out.regex, err = regexp.Compile(`\A(?:` + c.Regex + `)\z`); err != nil {
		return out, fmt.Errorf("%s: %w", c.Header, err)
	}
	return out, nil
}

// fits reports whether a request meets the condition.
func (c *condition) fits(r *Request) bool {
	value, there := r.header(c.Header)
	if c.Present != nil {
		return (there == *c.Present) != c.Not
	}
	return (there || c.Empty) && c.fitsValue(value) != c.Not
}

func (c *condition) fitsValue(value []byte) bool {
	switch {
	case c.Exact != nil:
		return string(value) == *c.Exact
	case c.Prefix != "":
		return len(value) >= len(c.Prefix) && string(value[:len(c.Prefix)]) == c.Prefix
	case c.Suffix != "":
		return len(value) >= len(c.Suffix) && string(value[len(value)-len(c.Suffix):]) == c.Suffix
	case c.Contains != "":
		return bytes.Contains(value, []byte(c.Contains))
	case c.Range != nil:
		n, err := strconv.ParseInt(string(value), 10, 64)
		return err == nil && n >= c.Range.Min && n < c.Range.End
	}
	return c.regex.Match(value)
}
