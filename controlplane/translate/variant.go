package translate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// variant is the instances of a service that can stand in for each other.
type variant struct {
	protocol       model.Protocol
	group, version string
	cluster        string
	instances      []model.Instance // those that serve
	warmUp         time.Duration    // the longest of its instances
	follows        bool             // some route follows its redirects
}

// weight is the sum of what the variant's instances weigh.
func (v variant) weight() (sum uint64) {
	for _, i := range v.instances {
		sum += uint64(i.Weight)
	}
	return sum
}

// variants splits a service, sorted by protocol, group and version. A variant without an instance that serves is kept:
// "nobody is serving" is another answer than "no such service".
func variants(svc model.Service) (all []variant, problems []model.Problem) {
	type key struct {
		protocol       model.Protocol
		group, version string
	}
	index := map[key]int{}
	for _, inst := range svc.Instances {
		if reason := badInstance(inst); reason != "" {
			problems = append(problems, problem(svc.Name, inst, reason))
			continue
		}
		k := key{inst.Protocol, inst.Group, inst.Version}
		n, ok := index[k]
		if !ok {
			n = len(all)
			index[k] = n
			all = append(all, variant{
				protocol: inst.Protocol, group: inst.Group, version: inst.Version,
				cluster: ClusterName(string(inst.Protocol), svc.Name, inst.Group, inst.Version),
			})
		}
		all[n].warmUp = max(all[n].warmUp, inst.WarmUp)
		if inst.Serves() {
			inst.Weight = min(inst.Weight, model.MaxWeight)
			all[n].instances = append(all[n].instances, inst)
		}
	}
	slices.SortFunc(all, func(a, b variant) int {
		return cmp.Or(cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.group, b.group), cmp.Compare(a.version, b.version))
	})
	return all, problems
}

// badInstance says why Envoy would refuse an instance, or "".
func badInstance(i model.Instance) string {
	if !slices.Contains(model.Protocols, i.Protocol) {
		return fmt.Sprintf("protocol %q is none of %v", i.Protocol, model.Protocols)
	}
	addr, err := netip.ParseAddr(i.Address)
	if err != nil || addr.Zone() != "" {
		return fmt.Sprintf("address %q is not an IP address; register one without a zone", i.Address)
	}
	if i.Port < 1 || i.Port > 65535 {
		return fmt.Sprintf("port %d; register one from 1 to 65535", i.Port)
	}
	if reason := badName(i.Group); reason != "" {
		return fmt.Sprintf("group %.100q: %s", i.Group, reason)
	}
	if reason := badName(i.Version); reason != "" {
		return fmt.Sprintf("version %.100q: %s", i.Version, reason)
	}
	return ""
}

func problem(service string, i model.Instance, reason string) model.Problem {
	return model.Problem{Key: cmp.Or(i.Source, service+"/"+i.HostPort()), Reason: reason}
}
