package registry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// configurator is a Dubbo configurator: override:// sets parameters of matching providers, absent:// only those that a
// provider does not give itself. Of what it can set, weight and disabled are honoured, because everything else concerns
// Dubbo's own clients. (Dubbo 2.7's AbstractConfigurator is the reference for matching and order.)
type configurator struct {
	absent   bool
	host     hostPort // port 0: every provider
	group    string   // "" and "*" for every group
	version  string   // likewise
	app      string   // likewise, the provider's application
	priority int
	weight   *uint32
	disabled *bool
}

// configuratorConditions are the parameters of a configurator that say for whom, when or how long it is, not what it sets.
var configuratorConditions = []string{
	"category", "check", "dynamic", "enabled", "group", "version", "application", "side", "interface", "priority",
	"configVersion", "compatible_config", "name", "timestamp", "weight", "disabled", "path", "classifier",
}

// parseConfigurator reads the URL of a configurator of one interface.
func parseConfigurator(service string, u dubboURL) (record, error) {
	if u.protocol != "override" && u.protocol != "absent" {
		if u.protocol == "empty" {
			return record{}, nil
		}
		return record{}, fmt.Errorf("configurator protocol %s is unknown; override and absent are honoured", document.Quote(u.protocol))
	}
	enabled, err := u.flag("enabled", true)
	if err != nil || !enabled {
		return record{}, err
	}
	if category := u.get("category", "configurators"); !strings.Contains(category, "configurators") {
		return record{}, fmt.Errorf("category is %s; a configurator says configurators", document.Quote(category))
	}
	if u.get("side", "provider") != "provider" {
		return record{notices: []string{"a configurator for consumers is not honoured; write a Traffic policy instead"}}, nil
	}
	rule := &configurator{
		absent: u.protocol == "absent",
		group:  u.get("group", ""), version: u.get("version", ""), app: u.get("application", ""),
	}
	target, notice, err := u.target()
	if err != nil || notice != "" {
		return noticed(notice), err
	}
	rule.host = target
	if err := rule.setValues(u); err != nil {
		return record{}, err
	}
	notices := u.notHonoured()
	if conditional := strings.Join(u.conditions(), ", "); conditional != "" {
		return noticed("a configurator on condition of " + conditional + " is not honoured"), nil
	}
	if rule.weight == nil && rule.disabled == nil {
		return record{notices: notices}, nil
	}
	return record{service: service, rule: rule, notices: notices}, nil
}

// setValues reads what the configurator sets, and how urgently.
func (c *configurator) setValues(u dubboURL) error {
	var errs [3]error
	if text := u.get("weight", ""); text != "" {
		var weight uint32
		weight, errs[0] = parseWeight(text)
		c.weight = &weight
	}
	if u.get("disabled", "") != "" {
		var disabled bool
		disabled, errs[1] = u.flag("disabled", false)
		c.disabled = &disabled
	}
	if text := u.get("priority", ""); text != "" {
		if c.priority, errs[2] = strconv.Atoi(text); errs[2] != nil {
			errs[2] = fmt.Errorf("priority must be an integer, found %s", document.Quote(text))
		}
	}
	return firstLine(errors.Join(errs[:]...))
}

// target returns the provider that a configurator is for; the zero value for all of them. In Dubbo a host without a
// port is a consumer's.
func (u dubboURL) target() (target hostPort, notice string, err error) {
	anyPort := u.port == "" || u.port == "0"
	if u.host == "0.0.0.0" || u.host == "::" || u.host == "*" {
		if !anyPort {
			return target, "a configurator for one port of every host is not honoured", nil
		}
		return target, "", nil
	}
	if target.address, err = u.address(); err != nil {
		return target, "", err
	}
	if anyPort {
		return target, fmt.Sprintf("a configurator for the consumer at %s is not honoured; write host:port for a provider, 0.0.0.0 for all", target.address), nil
	}
	target.port, err = parsePort(u.port)
	return target, "", err
}

// conditions lists the parameters that narrow down for whom a configurator is in ways that are not evaluated here.
func (u dubboURL) conditions() []string {
	var names []string
	for name, value := range u.params {
		if value != "*" && (strings.HasPrefix(name, "~") || name == "providerAddresses") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// notHonoured tells of the parameters that a configurator sets in vain.
func (u dubboURL) notHonoured() []string {
	var names []string
	for name := range u.params {
		if !slices.Contains(configuratorConditions, name) && !strings.HasPrefix(name, "~") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{fmt.Sprintf("a configurator's %s not honoured (weight and disabled are); write a Traffic policy instead", strings.Join(names, ", "))}
}

// noticed is a record that only has a notice.
func noticed(notice string) record {
	if notice == "" {
		return record{}
	}
	return record{notices: []string{notice}}
}

// matches tells whether the configurator is for an instance that Dubbo registered.
func (c *configurator) matches(in model.Instance) bool {
	return (c.host.port == 0 || c.host == hostPort{in.Address, in.Port}) &&
		anyOr(c.group, in.Group) && anyOr(c.version, in.Version) && anyOr(c.app, in.Labels["application"])
}

// anyOr tells whether a condition holds; none and "*" always do.
func anyOr(condition, value string) bool {
	return condition == "" || condition == "*" || condition == value
}

// given tells which of the parameters a configurator can set a provider gives itself.
type given struct{ weight, disabled bool }

// apply changes an instance as the configurator says, if it is for it.
func (c *configurator) apply(in *model.Instance, says given) {
	if !c.matches(*in) {
		return
	}
	if c.weight != nil && (!c.absent || !says.weight) {
		in.Weight = *c.weight
	}
	if c.disabled != nil && (!c.absent || !says.disabled) {
		in.Status = model.StatusUp
		if *c.disabled {
			in.Status = model.StatusDraining
		}
	}
}

// compareConfigurators orders configurators so that the one that is to win is applied last: those for all hosts before
// those for one, then by priority.
func compareConfigurators(a, b *configurator) int {
	return cmp.Or(cmp.Compare(a.host.address, b.host.address), cmp.Compare(a.priority, b.priority))
}
