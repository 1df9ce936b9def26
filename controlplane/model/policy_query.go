package model

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

// QueryPattern is the condition, without its Not, as an expression (RE2) for a whole path with its query: for those that have a
// parameter of the name, and first a value that fits. Names and values are as they stand in the URL. An error says why
// there is none.
func (s StringMatch) QueryPattern(name string) (string, error) {
	if strings.ContainsAny(name, "&=#") {
		return "", errors.New("a parameter's name has no &, = or # in a URL; write them as there: %26, %3D, %23")
	}
	name, other := regexp.QuoteMeta(name), otherThan(name)
	if s.Present != nil {
		return `[^?]*\?(?:[^&]*&)*` + name + `(?:[=&].*)?`, nil
	}
	value, err := syntax.Parse(s.Flags()+s.pattern(`[^&]*`), syntax.Perl)
	if err != nil {
		return "", err
	}
	if err := withinParameter(value); err != nil {
		return "", err
	}
	text := value.String()
	empty, err := regexp.MatchString(`^(?:`+text+`)$`, "")
	if err != nil {
		return "", err
	}
	equals := `=(?:` + text + `)`
	if empty {
		equals = `(?:` + equals + `)?`
	}
	return `[^?]*\?(?:` + other + `&)*` + name + equals + `(?:&.*)?`, nil
}

// otherThan is an expression for a parameter of another name.
func otherThan(name string) string {
	out := `[^&=][^&]*` // a longer one
	runes := []rune(name)
	for i := len(runes) - 1; i >= 0; i-- {
		c := regexp.QuoteMeta(string(runes[i]))
		out = `(?:[^` + c + `&][^&]*|` + c + out + `)?`
	}
	return out
}

// withinParameter keeps an expression from looking beyond the value that it is about.
func withinParameter(e *syntax.Regexp) error {
	switch e.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return errors.New(`an expression has no ^, $ or \b in a query here; leave them out: it has to fit the whole value`)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		e.Op, e.Rune = syntax.OpCharClass, []rune{0, '&' - 1, '&' + 1, unicode.MaxRune}
	case syntax.OpLiteral:
		for _, c := range e.Rune {
			if c == '&' {
				e.Op, e.Rune = syntax.OpNoMatch, nil
				break
			}
		}
	case syntax.OpCharClass:
		var without []rune
		for i := 0; i < len(e.Rune); i += 2 {
			from, to := e.Rune[i], e.Rune[i+1]
			if from > '&' || to < '&' {
				without = append(without, from, to)
				continue
			}
			if from < '&' {
				without = append(without, from, '&'-1)
			}
			if to > '&' {
				without = append(without, '&'+1, to)
			}
		}
		e.Rune = without
	}
	for _, sub := range e.Sub {
		if err := withinParameter(sub); err != nil {
			return err
		}
	}
	return nil
}
