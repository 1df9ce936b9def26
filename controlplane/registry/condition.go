package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// condition is one line of a condition router: "method = find* => host = 10.0.0.*". Requests that fit when go to the
// instances that fit then. (Dubbo 2.7.23's ConditionRouter is the reference for syntax and meaning.)
type condition struct {
	text string
	when map[string]values
	then map[string]values // of an instance's parameters
	none bool              // nobody gets such requests: nothing stands behind the arrow
}

// values say which texts fit a key: one of match, if there are any, and none of mismatch.
type values struct {
	match, mismatch []pattern
}

// maxCondition bounds the line of a condition, in bytes.
const maxCondition = 4 << 10

// parseCondition reads a condition. No text makes it panic.
func parseCondition(text string) (condition, error) {
	c := condition{text: strings.TrimSpace(text)}
	if len(text) > maxCondition {
		return c, fmt.Errorf("the condition has %d bytes; at most %d are read", len(text), maxCondition)
	}
	if c.text == "" {
		return c, errors.New("the condition is empty; write one such as method=find* => host=10.0.0.*")
	}
	when, then, arrow := strings.Cut(c.text, "=>")
	if !arrow {
		when, then = "", c.text
	}
	when, then = withoutSide(when), withoutSide(then)
	var err error
	if when != "" && when != "true" {
		if c.when, err = parsePairs(when); err != nil {
			return c, fmt.Errorf("the condition %s: before the arrow: %w", document.Quote(c.text), err)
		}
	}
	if c.none = then == "" || then == "false"; !c.none {
		if c.then, err = parsePairs(then); err != nil {
			return c, fmt.Errorf("the condition %s: behind the arrow: %w", document.Quote(c.text), err)
		}
	}
	return c, nil
}

// withoutSide takes away the prefixes with which Dubbo's first versions told the two sides apart.
func withoutSide(text string) string {
	return strings.TrimSpace(strings.NewReplacer("consumer.", "", "provider.", "").Replace(text))
}

// parsePairs reads key = value, value & key != value …. A key that is named twice takes the values of both.
func parsePairs(text string) (map[string]values, error) {
	out := map[string]values{}
	for pair := range strings.SplitSeq(text, "&") {
		pair = strings.TrimSpace(pair)
		at := strings.IndexAny(pair, "!=")
		if pair == "" || at == 0 {
			return nil, fmt.Errorf("a key is missing at %s; write key = value, or key != value", document.Quote(pair))
		}
		if at < 0 {
			return nil, fmt.Errorf("%s has no value; write key = value, or key != value", document.Quote(pair))
		}
		key := strings.TrimSpace(pair[:at])
		v := out[key]
		if err := v.read(pair[at:]); err != nil {
			return nil, fmt.Errorf("%s: %w", document.Quote(key), err)
		}
		if strings.ContainsAny(key, " \t,") {
			return nil, fmt.Errorf("the key %s has a blank or a comma in it; separate pairs by &", document.Quote(key))
		}
		out[key] = v
	}
	return out, nil
}

// read reads one or more of "= value, value" and "!= value".
func (v *values) read(text string) error {
	for text != "" {
		to := &v.match
		rest, negative := strings.CutPrefix(text, "!=")
		if negative {
			to = &v.mismatch
		} else {
			var positive bool
			if rest, positive = strings.CutPrefix(text, "="); !positive {
				return fmt.Errorf("%s is no comparison; write = or !=", document.Quote(text))
			}
		}
		end := strings.IndexAny(rest, "!=")
		if end < 0 {
			end = len(rest)
		}
		for value := range strings.SplitSeq(rest[:end], ",") {
			value = strings.TrimSpace(value)
			if value == "" || strings.ContainsAny(value, " \t") {
				return fmt.Errorf("the value %s is empty or has a blank in it; separate values by commas", document.Quote(value))
			}
			*to = append(*to, parsePattern(value))
		}
		text = rest[end:]
	}
	return nil
}

// fits reports whether a text fits; there may be none, which fits only what excludes others.
func (v values) fits(text string, there bool) bool {
	if !there {
		return len(v.match) == 0
	}
	return v.by(func(p pattern) bool { return p.fits(text) })
}

// by decides by which patterns fit.
func (v values) by(fits func(pattern) bool) bool {
	for _, p := range v.mismatch {
		if fits(p) {
			return false
		}
	}
	for _, p := range v.match {
		if fits(p) {
			return true
		}
	}
	return len(v.match) == 0
}
