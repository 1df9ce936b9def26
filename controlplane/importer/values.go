package importer

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

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
	if err != nil || math.IsNaN(n) || n < 0 || n > 100 {
		o.lose(name, text+" is no percentage")
		return nil
	}
	out := model.Percent(math.Round(n * 10_000)) // of a million
	return &out
}

// ratio reads 60%, 60 or 0.6, of which the last two are told apart by what is possible; nil for none.
func (o *object) ratio(name string) *model.Percent {
	out := o.percent(name)
	if out != nil && *out <= 10_000 && !strings.HasSuffix(o.text(name), "%") { // 1 of 1
		*out *= 100
	}
	return out
}

// share reads {value: 12.5}, as Istio writes percentages, or the whole number of earlier versions; nil for none.
func (o *object) share(name, earlier string) *model.Percent {
	c := o.child(name)
	if c == nil {
		return o.percent(earlier)
	}
	if p := c.percent("value"); p != nil {
		return p
	}
	return new(model.Percent) // a percentage without a value is none of the requests
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
	case o.text("regex") != "" && o.text("regex") != "*":
		out.Regex = o.text("regex")
	case o.has("prefix") || o.has("regex"): // an empty one fits everything, and * is no expression but any value
		there := true
		out.Present = &there
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

// plainName makes a name of a policy or of a rule of a text: what a name cannot hold becomes a dash.
func plainName(text string) string {
	const most = 120 // so that there is room for what tells it from others
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r)) {
			return unicode.ToLower(r)
		}
		return '-'
	}, text)
	return strings.Trim(name[:min(len(name), most)], "._-")
}
