package policy

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Conditions on a path are about the one that the service gets. What finds a service by path, its name, is cut off before that
// where it speaks plain HTTP; the path of a call, /{interface}/{method}, is left whole. So a condition that begins with the name
// of an HTTP service fits nothing, unless the service has such paths of its own: that is told, and refused by nobody.

// cutOff tells what a condition on a path says of a service by its first segment, if that is one that is accepted.
func cutOff(s model.StringMatch, is func(service string) bool) (text string) {
	for _, path := range append([]string{model.Or(s.Exact, ""), s.Prefix, s.Regex}, s.In...) {
		segment, rest := firstSegment(path, s.Regex != "")
		service, err := url.PathUnescape(segment)
		if err != nil || segment == "" || !is(service) {
			continue
		}
		if rest = orSlash(rest); s.Regex != "" {
			rest = "the expression without that"
		}
		return fmt.Sprintf("paths are those that %s gets: /%s, by which it is found, is cut off before; write %s, unless it has such paths itself", service, segment, rest)
	}
	return ""
}

// firstSegment cuts a path behind its first segment; "" when that, of an expression, is not plain to see.
func firstSegment(path string, expression bool) (segment, rest string) {
	ends := "/"
	if expression {
		ends, path = "/($", strings.ReplaceAll(strings.TrimPrefix(path, "^"), `\.`, ".")
	}
	path, absolute := strings.CutPrefix(path, "/")
	if !absolute {
		return "", ""
	}
	end := strings.IndexAny(path, ends)
	if end < 0 {
		end = len(path)
	}
	segment, rest = path[:end], path[end:]
	if group, grouped := strings.CutPrefix(rest, "("); expression &&
		(strings.ContainsAny(segment, `\*+?[]{}|^`) || grouped && !strings.HasPrefix(strings.TrimPrefix(group, "?:"), "/")) {
		return "", ""
	}
	return segment, rest
}

// interfaceName reports whether a service has a name as interfaces have, which are called: com.example.Hello.
func interfaceName(service string) bool {
	for _, r := range service[strings.LastIndexByte(service, '.')+1:] {
		return unicode.IsUpper(r)
	}
	return false
}

// cutOff notes a condition on what is cut off for the policy's service. One that has the name of an interface is judged by
// References, which knows what it speaks.
func (d *decoder) cutOff(path string, m model.RequestMatch) {
	if m.Path == nil || d.of == "" || interfaceName(d.of) {
		return
	}
	text := cutOff(*m.Path, func(service string) bool {
		return service == d.of || m.Path.IgnoreCase && strings.EqualFold(service, d.of)
	})
	if text != "" {
		d.warn(below(path, "path"), "%s", text)
	}
}

// cutOff warns as the parser does, of services that a policy does not name or that have the name of an interface.
func (c *checker) cutOff(path string, v any) {
	m, ok := v.(model.RequestMatch)
	if !ok || m.Path == nil || c.own != "" && !interfaceName(c.own) {
		return
	}
	text := cutOff(*m.Path, func(service string) bool {
		s, registered := c.snap.Service(service)
		return registered && c.concerns(s) && slices.ContainsFunc(s.Instances, func(in model.Instance) bool { return !hasMethods(in) })
	})
	if text != "" {
		c.warn(below(path, "path"), "%s", text)
	}
}

// concerned tells which services the conditions of a policy on paths are about: not those of a Gateway's rules, nor of a Route
// for hosts alone, which are about paths as they are asked for.
func concerned(p model.Policy) func(model.Service) bool {
	meta := p.Meta()
	route, isRoute := p.(model.Route)
	return func(s model.Service) bool {
		switch {
		case p.Kind() == model.KindGateway:
			return false
		case meta.Service != "":
			return s.Name == meta.Service
		case meta.Selector != nil:
			return meta.Selector.Selects(s)
		}
		return !isRoute || len(route.Hosts) == 0
	}
}
