package importer

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// headerEdits reads how headers are changed, and the host that Istio makes of a request header :authority or host.
func headerEdits(h *object) (out *model.HeaderEdits, host string) {
	if h == nil {
		return nil, ""
	}
	request, host := headerChange(h.child("request"), true)
	response, _ := headerChange(h.child("response"), false)
	if request == nil && response == nil {
		return nil, host
	}
	return &model.HeaderEdits{Request: request, Response: response}, host
}

func headerChange(c *object, request bool) (out *model.HeaderChange, host string) {
	if c == nil {
		return nil, ""
	}
	set, host := headerValues(c.child("set"), request)
	add, other := headerValues(c.child("add"), request)
	if host == "" {
		host = other
	}
	out = &model.HeaderChange{Set: set, Add: add}
	for _, name := range c.texts("remove") {
		if internal(name) {
			c.lose("remove", name+" is left out: it cannot be removed, in Istio either")
			continue
		}
		out.Remove = append(out.Remove, name)
	}
	if reflect.DeepEqual(*out, model.HeaderChange{}) {
		return nil, host
	}
	return out, host
}

// internal are names of what every request has, which no list of headers changes.
func internal(name string) bool {
	return strings.HasPrefix(name, ":") || strings.EqualFold(name, "host")
}

// headerValues reads headers and their values. A value is sent as it stands here: what Envoy would put in place of a part of
// it is not.
func headerValues(c *object, request bool) (out map[string]string, host string) {
	if c == nil {
		return nil, ""
	}
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		value := c.text(name)
		switch plain := strings.ReplaceAll(value, "%%", ""); {
		case strings.Contains(plain, "%"):
			c.lose(name, value+" is left out: a value is sent as it stands, and Envoy puts nothing in place of what stands between %")
		case request && (strings.EqualFold(name, ":authority") || strings.EqualFold(name, "host")):
			host = value
		case internal(name):
			c.lose(name, "it is left out: it cannot be set, in Istio either")
		default:
			if out == nil {
				out = map[string]string{}
			}
			out[name] = strings.ReplaceAll(value, "%%", "%")
		}
	}
	return out, host
}
