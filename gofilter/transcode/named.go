package transcode

import (
	"bytes"
	"strings"
)

// chooseNamed finds the overload for a GET request: the one whose parameters have the names that the query has.
func (a *arguments) chooseNamed(overloads []*method, h *head) *fault {
	if h.query.empty() {
		for _, m := range overloads {
			if len(m.params) == 0 {
				a.take(m)
				return nil
			}
		}
	}
	var best *method
	var why *fault
	tie := false
	for _, m := range overloads {
		if m.named == nil {
			continue
		}
		if f := a.fitsQuery(m, h); f != nil {
			why = f
			continue
		}
		tie = best != nil && len(m.params) == len(best.params) || tie && len(m.params) > len(best.params)
		if best == nil || len(m.params) < len(best.params) {
			best = m
		}
	}
	switch {
	case tie:
		return faultf(badRequest, "several overloads of %s have these parameters: %s; use POST with the arguments as a JSON array", best.def.Name, signatures(overloads))
	case best != nil:
		a.take(best)
		return nil
	case why != nil && len(overloads) == 1:
		return why
	case why != nil:
		return faultf(badRequest, "no overload of %s has these parameters; there is %s", overloads[0].def.Name, signatures(overloads))
	case !h.query.empty():
		return faultf(badRequest, "query parameters cannot be matched to arguments: the parameter names of %s are not known here; use POST with the arguments as a JSON array", h.get(h.call))
	case len(overloads) > 0:
		return faultf(badRequest, "GET without a query is a call without arguments, but there is %s; use POST with the arguments as a JSON array", signatures(overloads))
	}
	return nil
}

// fitsQuery says why the query does not fit the method's parameters.
func (a *arguments) fitsQuery(m *method, h *head) *fault {
	given := make([]bool, len(m.named))
	for rest := h.get(h.query); len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, _, _ := bytes.Cut(pair, []byte("="))
		a.texts, _ = appendUnescaped(a.texts[:0], name, true)
		known := len(a.texts) == 0
		for i, b := range m.named {
			if b.name == string(a.texts) {
				known, given[i] = true, true
			}
		}
		if !known {
			return faultf(badRequest, "query parameter %.100q is none of %s", a.texts, signatures([]*method{m}))
		}
	}
	for i, b := range m.named {
		if b.required && !given[i] {
			return faultf(badRequest, "query parameter %s: %s is required", b.name, expected(m.params[i]))
		}
	}
	return nil
}

// signatures lists methods with the names of their parameters.
func signatures(methods []*method) string {
	all := make([]string, len(methods))
	for i, m := range methods {
		params := make([]string, len(m.params))
		for k, t := range m.params {
			params[k] = strings.TrimSpace(t.name + " " + m.def.Parameters[k].Name)
		}
		all[i] = m.def.Name + "(" + strings.Join(params, ", ") + ")"
	}
	return strings.Join(all, ", ")
}
