package registry

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// pattern is a text in which the last asterisk stands for anything, as Dubbo's rules have them.
type pattern struct {
	open           bool // there is an asterisk
	prefix, suffix string
}

// anything fits every text.
var anything = pattern{open: true}

func parsePattern(text string) pattern {
	if i := strings.LastIndexByte(text, '*'); i >= 0 {
		return pattern{true, text[:i], text[i+1:]}
	}
	return pattern{prefix: text}
}

func (p pattern) String() string {
	if p.open {
		return p.prefix + "*" + p.suffix
	}
	return p.prefix
}

// fits reports whether a text fits. As in Dubbo the two ends may share letters.
func (p pattern) fits(text string) bool {
	if !p.open {
		return text == p.prefix
	}
	return strings.HasPrefix(text, p.prefix) && strings.HasSuffix(text, p.suffix)
}

// within reports whether all that fits p fits q.
func (p pattern) within(q pattern) bool {
	if !p.open {
		return q.fits(p.prefix)
	}
	return q.open && strings.HasPrefix(p.prefix, q.prefix) && strings.HasSuffix(p.suffix, q.suffix)
}

// meet is the pattern of the texts that fit both; false when there are none.
func (p pattern) meet(q pattern) (pattern, bool) {
	if p.within(q) {
		return p, true
	}
	if q.within(p) {
		return q, true
	}
	if !p.open || !q.open {
		return pattern{}, false
	}
	out := pattern{true, longer(p.prefix, q.prefix), longer(p.suffix, q.suffix)}
	return out, out.within(p) && out.within(q)
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// compare orders patterns so that what is within another comes before it.
func (p pattern) compare(q pattern) int {
	if p.open != q.open {
		return cmp.Compare(order(p), order(q))
	}
	return cmp.Or(cmp.Compare(len(q.prefix)+len(q.suffix), len(p.prefix)+len(p.suffix)), cmp.Compare(p.String(), q.String()))
}

func order(p pattern) int {
	if p.open {
		return 1
	}
	return 0
}

// match is the pattern as policies have it. What is not there fits no pattern.
func (p pattern) match() model.StringMatch {
	switch {
	case !p.open:
		return model.StringMatch{Exact: &p.prefix}
	case p == anything:
		there := true
		return model.StringMatch{Present: &there}
	case p.suffix == "":
		return model.StringMatch{Prefix: p.prefix}
	case p.prefix == "":
		return model.StringMatch{Suffix: p.suffix}
	}
	regex := regexp.QuoteMeta(p.prefix) + ".*" + regexp.QuoteMeta(p.suffix)
	for n := 1; n <= min(len(p.prefix), len(p.suffix)); n++ {
		if strings.HasSuffix(p.prefix, p.suffix[:n]) {
			regex += "|" + regexp.QuoteMeta(p.prefix+p.suffix[n:])
		}
	}
	return model.StringMatch{Regex: regex}
}
