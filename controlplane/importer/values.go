package importer

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// duration reads 1s, 500ms, 5min; nil for none.
func (o *object) duration(name string) *model.Duration {
	text := o.text(name)
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(strings.Replace(text, "min", "m", 1))
	if err != nil {
		o.lose(name, text+" is no duration")
		return nil
	}
	out := model.Duration(d)
	return &out
}

// percent reads 60%, 60 or 0.5 as so many of a hundred; nil for none.
func (o *object) percent(name string) *model.Percent {
	text := o.text(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || n < 0 || n > 100 {
		o.lose(name, text+" is no percentage")
		return nil
	}
	out := model.Percent(math.Round(n * 10_000))
	return &out
}

// share reads {value: 12.5}, as Istio writes percentages; nil for none.
func (o *object) share(name string) *model.Percent {
	if c := o.child(name); c != nil {
		return c.percent("value")
	}
	return nil
}

// match reads {exact: a}, {prefix: a} or {regex: a}; false when it says something else.
func (o *object) match() (out model.StringMatch, ok bool) {
	if o == nil {
		return out, false
	}
	switch {
	case o.has("exact"):
		text := o.text("exact")
		out.Exact = &text
	case o.text("prefix") != "":
		out.Prefix = o.text("prefix")
	case o.text("regex") != "":
		out.Regex = o.text("regex")
	default:
		return out, false
	}
	return out, true
}

// matches reads a mapping of conditions by name. One that says nothing asks that there is a value.
func (o *object) matches(name string) map[string]model.StringMatch {
	c := o.child(name)
	if c == nil || len(c.fields) == 0 {
		return nil
	}
	out := map[string]model.StringMatch{}
	there := true
	for _, key := range c.names() {
		if m, ok := c.child(key).match(); ok {
			out[key] = m
		} else {
			out[key] = model.StringMatch{Present: &there}
		}
	}
	return out
}
