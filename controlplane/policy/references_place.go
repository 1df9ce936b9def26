package policy

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// places warns of priorities and weighted zones in which the policy's service has nobody, and of zones that weights leave out.
func (c *checker) places(path string, v any) {
	s, registered := c.snap.Service(c.own)
	if !registered || len(s.Instances) == 0 {
		return
	}
	switch v := v.(type) {
	case model.Priority:
		c.priority(path, v, s)
	case model.Locality:
		if len(v.Weights) > 0 {
			c.weights(below(path, "weights"), v.Weights, zonesOf(s))
		}
	}
}

func (c *checker) priority(path string, p model.Priority, s model.Service) {
	fits := func(in model.Instance) bool {
		return (p.Zone == "" || in.Zone == p.Zone) && model.HasLabels(in, p.Labels)
	}
	if slices.ContainsFunc(s.Instances, fits) {
		return
	}
	zones := zonesOf(s)
	switch {
	case p.Zone != "" && !slices.Contains(zones, p.Zone):
		c.warn(below(path, "zone"), "no instance of %s is in the zone %s%s", c.own, p.Zone, meant(p.Zone, zones))
	case p.Zone == "":
		c.warn(below(path, "labels"), "no instance of %s has the labels %s%s", c.own, labelText(p.Labels), meantLabel(p.Labels, s.Instances))
	default:
		c.warn(path, "no instance of %s in the zone %s has the labels %s", c.own, p.Zone, labelText(p.Labels))
	}
}

// weights are of zones; one that has none gets nothing, as one that weighs 0, which whoever writes it means.
func (c *checker) weights(path string, weights map[string]uint32, zones []string) {
	for _, zone := range slices.Sorted(maps.Keys(weights)) {
		if !slices.Contains(zones, zone) {
			c.warn(path+"["+zone+"]", "no instance of %s is in the zone %s%s", c.own, zone, meant(zone, zones))
		}
	}
	if slices.Max(slices.Collect(maps.Values(weights))) == 0 {
		return // zones do not count then
	}
	for _, zone := range zones {
		switch _, said := weights[zone]; {
		case said:
		case zone == "":
			c.warn(path, "instances of %s that name no zone get no requests; register them with one that has a weight", c.own)
		default:
			c.warn(path, "instances of %s in the zone %s get no requests, since it has no weight; write %s: 1, or %s: 0 if that is meant", c.own, zone, zone, zone)
		}
	}
}

// zonesOf lists the zones of a service's instances, in order; "" for those that name none.
func zonesOf(s model.Service) (out []string) {
	for _, in := range s.Instances {
		out = append(out, in.Zone)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
