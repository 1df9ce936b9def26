package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// instanceFields are the fields of a registration, in the order of the documentation.
var instanceFields = []string{
	"address", "port", "protocol", "weight", "group", "version", "zone", "labels", "status", "sidecarPort", "warmUp",
}

// parseNative reads the registration at <prefix>/services/<service>/<instance>; key is what follows
// "<prefix>/services/". Both names are one percent-encoded segment each.
func parseNative(key string, value []byte) (record, error) {
	service, name, ok := strings.Cut(key, "/")
	if !ok || strings.Contains(name, "/") {
		return record{}, errors.New("a registration's key is …/services/<service>/<instance>; write %2F for a slash inside a name")
	}
	service, err := segment(service, "service name")
	if err != nil {
		return record{}, err
	}
	if _, err := segment(name, "instance name"); err != nil {
		return record{}, err
	}
	node, err := document.Parse(value, maxRegistration)
	if err != nil {
		return record{}, err
	}
	instance, err := parseInstance(node)
	if err != nil {
		return record{}, err
	}
	return record{service: service, instance: &instance}, nil
}

// parseInstance reads the mapping that describes one instance.
func parseInstance(node ast.Node) (model.Instance, error) {
	in := model.Instance{Protocol: model.ProtocolDubbo, Weight: model.DefaultWeight, Status: model.StatusUp}
	all, err := fields(node)
	if err != nil {
		return in, err
	}
	seen := map[string]bool{}
	var errs []error
	for _, f := range all {
		errs = append(errs, setField(&in, f))
		seen[f.name] = true
	}
	for _, required := range instanceFields[:2] {
		if !seen[required] {
			errs = append(errs, document.Errorf(node, "%s is missing; write at least address and port", required))
		}
	}
	return in, firstLine(errors.Join(errs...))
}

// setField sets the field of an instance that f names.
func setField(in *model.Instance, f field) (err error) {
	switch f.name {
	case "address":
		var text string
		if text, err = f.text(); err != nil {
			return err
		}
		if in.Address, err = parseAddress(text); err != nil {
			return document.Errorf(f.value, "%v", err)
		}
	case "port":
		in.Port, err = f.number(1, 65535)
	case "protocol":
		var word string
		word, err = f.oneOf(protocolWords())
		in.Protocol = model.Protocol(word)
	case "weight":
		in.Weight, err = f.number(0, model.MaxWeight)
	case "group":
		in.Group, err = f.text()
	case "version":
		in.Version, err = f.text()
	case "zone":
		in.Zone, err = f.text()
	case "labels":
		in.Labels, err = f.labels()
	case "status":
		var word string
		word, err = f.oneOf([]string{string(model.StatusUp), string(model.StatusDraining)})
		in.Status = model.Status(word)
	case "sidecarPort":
		in.SidecarPort, err = f.number(0, 65535)
	case "warmUp":
		in.WarmUp, err = f.duration()
	default:
		err = f.unknown(instanceFields)
	}
	return err
}

// labels reads a mapping of text to text; nil when it is empty.
func (f field) labels() (map[string]string, error) {
	all, err := fields(f.value)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	labels := make(map[string]string, len(all))
	for _, l := range all {
		if labels[l.name], err = l.text(); err != nil {
			return nil, err
		}
	}
	return labels, nil
}

// maxWarmUp is the longest warm-up that can be meant.
const maxWarmUp = 24 * time.Hour

// duration reads a duration such as 250ms or 1m.
func (f field) duration() (time.Duration, error) {
	text, err := f.text()
	if err != nil || text == "" {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxWarmUp {
		return 0, document.Errorf(f.value, "%s must be a duration from 0s to 24h such as 30s, found %s", f.name, document.Quote(text))
	}
	return d, nil
}

// firstLine joins the errors of one value into one line.
func firstLine(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// protocolWords lists the protocols as text.
func protocolWords() []string {
	words := make([]string, len(model.Protocols))
	for i, p := range model.Protocols {
		words[i] = string(p)
	}
	return words
}

// nativeInstance is an instance as this package writes it.
type nativeInstance struct {
	Address     string            `json:"address"`
	Port        uint32            `json:"port"`
	Protocol    model.Protocol    `json:"protocol"`
	Weight      uint32            `json:"weight"`
	Group       string            `json:"group,omitempty"`
	Version     string            `json:"version,omitempty"`
	Zone        string            `json:"zone,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Status      model.Status      `json:"status"`
	SidecarPort uint32            `json:"sidecarPort,omitempty"`
	WarmUp      string            `json:"warmUp,omitempty"`
}

// EncodeInstance returns the value of an instance's key: what a registration reads is what was encoded, except
// Source; no protocol means dubbo, no status up. It fails when the value could not be read back, with the reason a registration would be refused for.
func EncodeInstance(in model.Instance) ([]byte, error) {
	out := nativeInstance{
		Address: in.Address, Port: in.Port, Weight: in.Weight, Group: in.Group, Version: in.Version,
		Zone: in.Zone, Labels: in.Labels, SidecarPort: in.SidecarPort,
	}
	out.Protocol = cmp.Or(in.Protocol, model.ProtocolDubbo)
	out.Status = cmp.Or(in.Status, model.StatusUp)
	if in.WarmUp != 0 {
		out.WarmUp = in.WarmUp.String()
	}
	value, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode instance %s: %w", in.HostPort(), err)
	}
	if _, err := parseNative("service/instance", value); err != nil {
		return nil, fmt.Errorf("encode instance %s: %w", in.HostPort(), err)
	}
	return value, nil
}
