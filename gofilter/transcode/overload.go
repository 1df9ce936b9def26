package transcode

import "strings"

// candidate is an overload that may be meant, and how well the arguments fit it.
type candidate struct {
	method *method
	score  int // noFit when an argument cannot be what it declares
	fit    fitter
}

const noFit = -1

// choose finds the overload that a JSON body is for: by the number of arguments, then by their form. The one method
// of a name is taken whatever the arguments are, so that the error tells what is wrong with them.
func (a *arguments) choose(overloads []*method, body []byte) *fault {
	if len(overloads) == 1 {
		a.take(overloads[0])
		return nil
	}
	a.scores = a.scores[:0]
	for _, m := range overloads {
		// As much to look at for each, so that they are judged by the same.
		a.scores = append(a.scores, candidate{method: m, fit: fitter{a.schema, maxLooks / len(overloads)}})
	}
	n, f := a.scoreBody(body)
	if f != nil {
		return f
	}
	var best *candidate
	tie := false
	for i := range a.scores {
		c := &a.scores[i]
		if len(c.method.params) != n || c.score == noFit {
			continue
		}
		tie = best != nil && c.score == best.score || tie && c.score < best.score
		if best == nil || c.score > best.score {
			best = c
		}
	}
	switch {
	case best == nil:
		return a.unclear("no overload of %s takes these %d arguments", n)
	case tie:
		return a.unclear("several overloads of %s take these %d arguments", n)
	}
	a.take(best.method)
	return nil
}

// take decides for a method.
func (a *arguments) take(m *method) { a.method, a.params, a.known = m, m.params, true }

// unclear is the refusal of a call whose overload cannot be told.
func (a *arguments) unclear(format string, n int) *fault {
	var names []string
	for _, c := range a.scores {
		names = append(names, c.method.String())
	}
	return faultf(badRequest, format+"; name the types in x-dubbo-parameter-types for one of: %s", a.scores[0].method.def.Name, n, strings.Join(names, ", "))
}

// scoreBody scores each candidate by the arguments in a JSON body, and counts them.
func (a *arguments) scoreBody(body []byte) (n int, f *fault) {
	a.read(body)
	switch k := a.dec.PeekKind(); k {
	case '[':
		if _, err := a.dec.ReadToken(); err != nil {
			return 0, a.syntax(err)
		}
		for a.dec.PeekKind() != ']' {
			if f := a.scoreNext(n); f != nil {
				return 0, f
			}
			n++
		}
		return n, nil
	case 0:
		return 0, nil // empty, or no JSON: writing it will tell
	}
	return 1, a.scoreNext(0)
}

func (a *arguments) scoreNext(i int) *fault {
	v, err := a.dec.ReadValue()
	if err != nil {
		return a.syntax(err)
	}
	for k := range a.scores {
		c := &a.scores[k]
		if c.score == noFit || i >= len(c.method.params) {
			continue
		}
		if s := c.fit.fit(c.method.params[i], v, 0); s == noFit {
			c.score = noFit
		} else {
			c.score += s
		}
	}
	return nil
}
