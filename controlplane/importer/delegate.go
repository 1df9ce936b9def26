package importer

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// matched is a match, and what it was made of.
type matched struct {
	model.RequestMatch
	of *object
}

// delegated are the rules of the VirtualService that a rule leaves its requests to, for these requests alone; false when it
// is not in the files.
func (k *known) delegated(h *object, within []matched, gateways []string, namespace string) ([]part, bool) {
	d := h.child("delegate")
	if d == nil {
		return nil, false
	}
	name := d.text("name")
	if other := d.text("namespace"); other != "" {
		namespace = other
	}
	i := slices.IndexFunc(k.rules, func(r rule) bool {
		return r.kind == "VirtualService" && r.name == name && r.namespace == namespace && !r.spec.has("hosts")
	})
	if i < 0 {
		return nil, false
	}
	k.delegates[k.rules[i].report] = true
	for _, field := range h.names() {
		if !slices.Contains([]string{"name", "match", "delegate"}, field) {
			h.lose(field, "write it in the rules of the VirtualService that the requests are left to")
		}
	}
	var out []part
	for _, rule := range k.rules[i].spec.children("http") {
		if rule.has("delegate") {
			rule.left("a VirtualService that is delegated to does not delegate, so that the rule is left out")
			rule.ignore(rule.names()...)
			continue
		}
		out = append(out, k.rulesOf(rule, within, gateways, namespace)...)
	}
	return out, true
}

// both are the matches that fit what one of each list fits. An empty list fits everything.
func both(outer, inner []matched) (out []matched) {
	switch {
	case len(outer) == 0:
		return inner
	case len(inner) == 0:
		return outer
	}
	for _, a := range outer {
		for _, b := range inner {
			if match, ok := intersect(a.RequestMatch, b.RequestMatch); ok {
				out = append(out, matched{match, b.of})
			}
		}
	}
	return out
}

// intersect is the match that fits what both fit; false where that is nothing, or cannot be told.
func intersect(a, b model.RequestMatch) (out model.RequestMatch, ok bool) {
	out, ok = b, true
	if a.Path != nil && (b.Path == nil || !beginsWith(*b.Path, *a.Path)) {
		out.Path, ok = a.Path, b.Path == nil
	}
	if a.Host != nil && b.Host != nil && !reflect.DeepEqual(a.Host, b.Host) || a.Verb != nil && b.Verb != nil && !slices.Equal(a.Verb, b.Verb) {
		return out, false
	}
	if b.Host == nil {
		out.Host = a.Host
	}
	if b.Verb == nil {
		out.Verb = a.Verb
	}
	var headers, query, labels bool
	out.Headers, headers = union(a.Headers, b.Headers)
	out.Query, query = union(a.Query, b.Query)
	if a.Source != nil {
		source := model.SourceMatch{}
		if b.Source != nil {
			source = *b.Source
		}
		source.Labels, labels = union(a.Source.Labels, source.Labels)
		out.Source = &source
	} else {
		labels = true
	}
	return out, ok && headers && query && labels
}

// beginsWith reports whether every path that a condition fits is one that a prefix fits, or whether the two are the same.
func beginsWith(path, prefix model.StringMatch) bool {
	if reflect.DeepEqual(path, prefix) {
		return true
	}
	text := path.Prefix
	if path.Exact != nil {
		text = *path.Exact
	}
	return prefix.Prefix != "" && !prefix.IgnoreCase && !path.IgnoreCase && strings.HasPrefix(text, prefix.Prefix)
}

// union has the conditions of both; false when they differ on one.
func union[V any](a, b map[string]V) (map[string]V, bool) {
	if len(a) == 0 {
		return b, true
	}
	out := maps.Clone(a)
	for key, value := range b {
		if other, twice := a[key]; twice && !reflect.DeepEqual(other, value) {
			return nil, false
		}
		out[key] = value
	}
	return out, true
}
