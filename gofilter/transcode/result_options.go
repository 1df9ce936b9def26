package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// checkResultHeaders looks at the headers that say how the result is to be written.
func (h *head) checkResultHeaders() *fault {
	if h.class.empty() && h.longs.empty() && h.nulls.empty() {
		return nil
	}
	for _, o := range [...]struct {
		name, first, second string
		value               span
	}{
		{"x-dubbo-class", "include", "omit", h.class},
		{"x-dubbo-longs", "string", "number", h.longs},
		{"x-dubbo-nulls", "drop", "keep", h.nulls},
	} {
		if v := h.get(o.value); len(v) > 0 && string(v) != o.first && string(v) != o.second {
			return faultf(badRequest, "header %s is %.40q; it may be %s or %s", o.name, v, o.first, o.second)
		}
	}
	return nil
}

// follow makes d write results as the schema says, unless the request's headers say otherwise. The schema's part and
// the operation may be nil; returns is the method's Java type, "" when it is not known.
func (d *result) follow(h *head, a *answers, o *config.Operation, returns string) {
	if a == nil && o == nil && returns == "" && h.longs.empty() && h.nulls.empty() { // begin has seen to the classes
		return
	}
	d.answers, d.unwrap, d.single = a, "", isFloat(returns)
	var said config.Results
	if a != nil {
		said = a.results
	}
	if o != nil {
		d.unwrap = o.Unwrap
	}
	d.showClass = choose(h.get(h.class), "include", said.Class)
	d.dropClass = d.dropClass && !d.showClass
	d.textLongs = choose(h.get(h.longs), "string", said.Longs == "string")
	d.dropNulls = choose(h.get(h.nulls), "drop", said.Nulls == "drop")
}

// choose is what a header says, if it is there.
func choose(header []byte, on string, otherwise bool) bool {
	if len(header) == 0 {
		return otherwise
	}
	return string(header) == on
}
