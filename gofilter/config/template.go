package config

import (
	"errors"
	"fmt"
	"strings"
)

// Segment is a part of a path template between two slashes.
type Segment struct {
	Literal  string // "" for a variable
	Variable string
	Rest     bool // the variable takes all segments that are left: {name=**}
}

// ParseTemplate reads a path template: literal segments and variables, as in /users/{id}/files/{path=**}.
func ParseTemplate(path string) ([]Segment, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%q does not begin with a slash", path)
	}
	if strings.ContainsAny(path, "?#") {
		return nil, fmt.Errorf("%q: a template is a path without query; bind query parameters with from: query", path)
	}
	parts := strings.Split(path[1:], "/")
	out := make([]Segment, len(parts))
	seen := map[string]bool{}
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q: %w", path, err)
		case s.Variable != "" && seen[s.Variable]:
			return nil, fmt.Errorf("%q: variable %s occurs twice", path, s.Variable)
		case s.Rest && i < len(parts)-1:
			return nil, fmt.Errorf("%q: {%s=**} takes all that is left, so it stands last", path, s.Variable)
		}
		seen[s.Variable] = true
		out[i] = s
	}
	return out, nil
}

func parseSegment(part string) (Segment, error) {
	if !strings.ContainsAny(part, "{}*") {
		return Segment{Literal: part}, nil
	}
	inner, ok := strings.CutPrefix(part, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed || strings.ContainsAny(inner, "{}") {
		return Segment{}, errors.New("a variable fills a whole segment: /users/{id}/orders")
	}
	name, pattern, has := strings.Cut(inner, "=")
	if has && pattern != "**" && pattern != "*" {
		return Segment{}, fmt.Errorf("variable %s: the pattern %q is not known; write {%s} for one segment or {%s=**} for the rest", name, pattern, name, name)
	}
	if name == "" {
		return Segment{}, errors.New("a variable has a name: {id}")
	}
	return Segment{Variable: name, Rest: pattern == "**"}, nil
}
