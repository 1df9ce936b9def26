package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// dubboProtocols are the Dubbo protocols that the mesh can reach.
var dubboProtocols = map[string]model.Protocol{"dubbo": model.ProtocolDubbo, "tri": model.ProtocolTriple}

// parseDubbo reads a key of Dubbo's etcd registry, as Dubbo 2.7 for Java (EtcdRegistry) and dubbo-go 3 (registry/etcdv3)
// write it; key is what follows "<root>/". The value says nothing: the registration is the key
// <interface>/providers/<encoded URL>. Beside the providers stand configurators, routers and consumers. Both
// implementations also write the bare folders as keys of their own, and keep metadata, mappings and configuration under
// the same root; what is none of ours is ignored.
func parseDubbo(key string, value []byte) (record, error) {
	if rec, is, err := parseRuleFile(key, value); is {
		return rec, err
	}
	parts := strings.Split(key, "/")
	if len(parts) < 3 || parts[2] == "" {
		return record{}, nil
	}
	switch parts[1] {
	case "providers", "configurators", "routers":
	default:
		return record{}, nil
	}
	service, err := segment(parts[0], "interface")
	if err != nil {
		return record{}, err
	}
	u, err := parseDubboURL(strings.Join(parts[2:], "/"))
	if err != nil {
		return record{}, err
	}
	switch parts[1] {
	case "providers":
		return parseProvider(service, u)
	case "configurators":
		return parseConfigurator(service, u)
	default:
		return parseRouter(service, u)
	}
}

// parseProvider reads the URL of a provider.
func parseProvider(service string, u dubboURL) (record, error) {
	protocol, ok := dubboProtocols[u.protocol]
	if !ok {
		return record{}, fmt.Errorf("protocol %s cannot be reached through the mesh; it reaches dubbo and tri", document.Quote(u.protocol))
	}
	for name, only := range map[string]string{"category": "providers", "side": "provider", "interface": service} {
		if v := u.get(name, only); v != only {
			return record{}, fmt.Errorf("%s is %s; a provider of %s says %s or nothing", name, document.Quote(v), document.Quote(service), document.Quote(only))
		}
	}
	in := model.Instance{Protocol: protocol, Group: u.get("group", ""), Version: u.get("version", ""), Status: model.StatusUp}
	var errs [5]error
	var disabled bool
	in.Address, errs[0] = u.address()
	in.Port, errs[1] = parsePort(u.port)
	in.Weight, errs[2] = parseWeight(u.get("weight", strconv.Itoa(model.DefaultWeight)))
	in.WarmUp, errs[3] = u.warmUp()
	disabled, errs[4] = u.disabled()
	if err := firstLine(errors.Join(errs[:]...)); err != nil {
		return record{}, err
	}
	if disabled {
		in.Status = model.StatusDraining
	}
	if in.Version == "0.0.0" {
		in.Version = "" // Dubbo's way of saying that there is none
	}
	in.Labels = u.labels()
	rec := record{service: service, instance: &in, params: u.params}
	if u.path != "" && u.path != service {
		rec.notices = append(rec.notices, fmt.Sprintf("path %s differs from the interface and is not honoured: calls name %s", document.Quote(u.path), document.Quote(service)))
	}
	return rec, nil
}
