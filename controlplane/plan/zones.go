package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// zones finds zones that policies name and that no instance of the services has for which they count, and weights of zones
// that say nothing.
func zones(snap model.Snapshot) (out []Warning) {
	there := map[string]map[string]bool{} // zones, by the policy that counts
	said := map[string]model.TrafficSettings{}
	for _, svc := range translate.Services(snap) {
		policies := snap.Policies.For(svc)
		for _, field := range []string{"locality", "priorities"} {
			id := policies.From[field]
			if id == "" {
				continue
			}
			key := id + " " + field
			if there[key] == nil {
				there[key] = map[string]bool{}
			}
			said[key] = policies.Traffic
			for _, in := range svc.Instances {
				there[key][in.Zone] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(said)) {
		id, field, _ := strings.Cut(key, " ")
		z := zoned{id, there[key]}
		if strings.HasPrefix(id, string(model.KindMesh)+"/") {
			field = "traffic." + field
		}
		if strings.HasSuffix(field, "locality") {
			out = append(out, z.locality(field, *said[key].Locality)...)
			continue
		}
		for i, p := range said[key].Priorities {
			out = append(out, z.missing(fmt.Sprintf("%s[%d].zone", field, i), p.Zone)...)
		}
	}
	return out
}

// zoned is a policy and the zones that there are where it counts.
type zoned struct {
	policy string
	zones  map[string]bool
}

func (z zoned) locality(field string, l model.Locality) (out []Warning) {
	for i, zone := range l.Failover {
		out = append(out, z.missing(fmt.Sprintf("%s.failover[%d]", field, i), zone)...)
	}
	sum := uint64(0)
	for _, zone := range slices.Sorted(maps.Keys(l.Weights)) {
		sum += uint64(l.Weights[zone])
		out = append(out, z.missing(fmt.Sprintf("%s.weights[%s]", field, zone), zone)...)
	}
	if len(l.Weights) > 0 && sum == 0 {
		out = append(out, Warning{z.policy, field + ".weights", "all weights are 0; zones do not count then, every instance gets its share"})
	}
	return out
}

// missing warns of a zone that no instance has.
func (z zoned) missing(field, zone string) []Warning {
	if zone == "" || z.zones[zone] {
		return nil
	}
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(z.zones)), func(name string) bool { return name == "" })
	text := fmt.Sprintf("no instance is in the zone %s", zone)
	switch near := nearest.Word(zone, known); {
	case near != "":
		text += fmt.Sprintf("; did you mean %s?", near)
	case len(known) > 0:
		text += "; there are " + strings.Join(known, ", ")
	default:
		text += "; none says its zone"
	}
	return []Warning{{z.policy, field, text}}
}
