package importer

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// backends reads where requests go.
func (k *known) backends(h *object, out *part, namespace string) {
	routes := h.children("route")
	for i, r := range routes {
		out.from[fmt.Sprintf("to[%d]", i)] = r
		b := model.Backend{Weight: r.number("weight")}
		if b.Headers, out.host = headerEdits(r.child("headers")); out.host != "" && len(routes) > 1 {
			r.lose("headers", "a host is asked for by all destinations of a rule; write rewrite.authority")
		}
		switch none := uint32(0); { // one destination gets everything, of several one without a weight gets nothing
		case len(routes) == 1:
			b.Weight = nil
		case b.Weight == nil:
			b.Weight = &none
		}
		if d := r.child("destination"); d != nil {
			host := d.text("host")
			b.Service, b.Labels = k.service(d, "host", host, namespace), k.labels(d, host)
			d.loseIf("port", "instances are registered with their ports")
			k.instead(d, out)
		}
		out.To = append(out.To, b)
	}
}

// instead reads the subset that OpenSergo has requests go to when that of the destination has no instance.
func (k *known) instead(d *object, out *part) {
	f := d.child("fallback")
	if f == nil {
		return
	}
	host := f.text("host")
	other := model.Fallback{On: []string{model.FallbackOnOpen}, Labels: k.labels(f, host)}
	if service(host) != service(d.text("host")) {
		other.Service = service(host)
	}
	switch {
	case len(out.Fallback) == 0:
		out.from["fallback[0]"] = f
		out.Fallback = []model.Fallback{other}
	case !reflect.DeepEqual(out.Fallback[0], other):
		d.lose("fallback", "a rule has one fallback for all its destinations, which the first one said")
	}
}

// mirrors reads where copies of requests go.
func (k *known) mirrors(h *object, out *part, namespace string) {
	add := func(from, d *object, percent *model.Percent) {
		if d != nil {
			out.from[fmt.Sprintf("mirror[%d]", len(out.Mirror))] = from
			host := d.text("host")
			out.Mirror = append(out.Mirror, model.Mirror{Service: k.service(d, "host", host, namespace), Labels: k.labels(d, host), Percent: percent})
			d.loseIf("port", "instances are registered with their ports")
		}
	}
	one := h.child("mirror")
	add(one, one, h.share("mirrorPercentage", "mirrorPercent"))
	for _, m := range h.children("mirrors") {
		add(m, m.child("destination"), m.share("percentage", ""))
	}
}

// service is the service that a host is, as written in a field by somebody in a namespace. That hosts of two namespaces are
// one service is reported.
func (k *known) service(o *object, field, host, namespace string) string {
	name, in := cutHost(host)
	if in == "" && !strings.Contains(name, ".") {
		in = namespace
	}
	if in == "" {
		return name
	}
	switch other, met := k.namespaces[name]; {
	case !met:
		k.namespaces[name] = in
	case other != in:
		o.lose(field, fmt.Sprintf("%s in namespace %s is the service %s, as is that in %s: services are told apart by their names alone", name, in, name, other))
	}
	return name
}
