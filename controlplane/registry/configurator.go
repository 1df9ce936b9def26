package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// configurator is a Dubbo configurator: override:// sets parameters of matching providers, absent:// only those that a
// provider does not give itself. What it sets of instances (weight, disabled, warmup, tag) is theirs; what it sets of
// calls (timeout, …) becomes a policy of the service. (Dubbo 2.7's AbstractConfigurator is the reference for matching and
// order.)
type configurator struct {
	absent    bool
	host      hostPort // address "": every host; port 0: every port
	addresses []string // of providers, beside host; none for all
	group     string   // "" and "*" for every group
	version   string   // likewise
	app       string   // likewise, the provider's application
	exact     bool     // "" is no group and no version
	service   string   // of an application's configurator: for whom it is, "" and "*" for all
	rank      int      // where it stands: what is of a higher one is applied later, and so wins
	priority  int

	weight   *uint32
	disabled *bool
	warmUp   *time.Duration
	tag      *string
	calls    map[string]string // parameter → value, checked; with a method before a dot for one alone
}

// configuratorConditions are the parameters of a configurator that say for whom, when or how long it is, not what it sets.
var configuratorConditions = []string{
	"category", "check", "dynamic", "enabled", "group", "version", "application", "side", "interface", "priority",
	"configVersion", "compatible_config", "name", "timestamp", "path", "classifier", "providerAddresses", "anyhost",
}

// parseConfigurator reads the URL of a configurator of one interface.
func parseConfigurator(service string, u dubboURL) (record, error) {
	rule, notices, err := readConfigurator(u)
	if err != nil || rule == nil {
		return record{notices: notices}, err
	}
	return record{service: service, rules: []*configurator{rule}, notices: notices}, nil
}

// readConfigurator returns nil for one that has no effect.
func readConfigurator(u dubboURL) (rule *configurator, notices []string, err error) {
	if u.protocol == "empty" {
		return nil, nil, nil
	}
	if u.protocol != "override" && u.protocol != "absent" {
		return nil, nil, fmt.Errorf("configurator protocol %s is unknown; override and absent are honoured", document.Quote(u.protocol))
	}
	if enabled, err := u.flag("enabled", true); err != nil || !enabled {
		return nil, nil, err
	}
	if category := u.get("category", "configurators"); !strings.Contains(category, "configurators") {
		return nil, nil, fmt.Errorf("category is %s; a configurator says configurators", document.Quote(category))
	}
	rule = &configurator{
		absent: u.protocol == "absent",
		group:  u.get("group", ""), version: u.get("version", ""), app: u.get("application", ""),
	}
	if given := u.get("providerAddresses", ""); given != "" {
		rule.addresses = strings.Split(given, ",")
	}
	target, notice, err := u.target()
	switch {
	case err != nil:
		return nil, nil, err
	case notice != "":
		return nil, []string{notice}, nil
	case u.get("side", "provider") == "consumer" && rule.app != "" && rule.app != "*":
		return nil, []string{fmt.Sprintf("a configurator for the consumer %s alone is not honoured; write a Route policy with match: {source: {service: %s}} and timeout, retry or strategy instead", document.Quote(rule.app), rule.app)}, nil
	}
	rule.host = target
	if conditional := strings.Join(u.conditions(), ", "); conditional != "" {
		return nil, []string{"a configurator on condition of " + conditional + " is not honoured; write a Route policy that matches it instead"}, nil
	}
	if err := rule.setValues(u); err != nil {
		return nil, nil, err
	}
	if notices, err = rule.setCalls(u); err != nil {
		return nil, nil, err
	}
	if rule.weight == nil && rule.disabled == nil && rule.warmUp == nil && rule.tag == nil && len(rule.calls) == 0 {
		return nil, notices, nil
	}
	return rule, notices, nil
}

// setValues reads what the configurator sets of instances, and how urgently.
func (c *configurator) setValues(u dubboURL) error {
	var errs [4]error
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
	if u.get("warmup", "") != "" {
		var warmUp time.Duration
		warmUp, errs[3] = u.warmUp()
		c.warmUp = &warmUp
	}
	if tag, said := u.params[tagParam]; said {
		c.tag = &tag
	} else if tag, said := u.params["tag"]; said {
		c.tag = &tag
	}
	return firstLine(errors.Join(errs[:]...))
}

// target returns the providers that a configurator is for; the zero value for all of them. In Dubbo a host without a
// port is a consumer's.
func (u dubboURL) target() (target hostPort, notice string, err error) {
	anyPort := u.port == "" || u.port == "0"
	if u.host != "0.0.0.0" && u.host != "::" && u.host != "*" {
		if target.address, err = u.address(); err != nil {
			return target, "", err
		}
		if anyPort {
			return target, fmt.Sprintf("a configurator for the consumer at %s is not honoured; write host:port for a provider, 0.0.0.0 for all", target.address), nil
		}
	}
	if !anyPort {
		target.port, err = parsePort(u.port)
	}
	return target, "", err
}

// conditions lists the parameters that narrow down for whom a configurator is in ways that are not evaluated here.
func (u dubboURL) conditions() []string {
	var names []string
	for name, value := range u.params {
		if value != "*" && strings.HasPrefix(name, "~") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// matches tells whether the configurator is for an instance that Dubbo registered.
func (c *configurator) matches(in model.Instance) bool {
	return (c.host.address == "" || c.host.address == in.Address) && (c.host.port == 0 || c.host.port == in.Port) &&
		(len(c.addresses) == 0 || slices.ContainsFunc(c.addresses, func(a string) bool { return atAddress(a, in.Address, in.Port) })) &&
		c.fits(in.Group, in.Version) && anyOr(c.app, in.Labels["application"])
}

func (c *configurator) fits(group, version string) bool {
	if c.exact {
		return c.group == group && c.version == version
	}
	return anyOr(c.group, group) && anyOr(c.version, version)
}

// single reports whether the configurator is for some of the providers by their addresses.
func (c *configurator) single() bool {
	return c.host != hostPort{} || len(c.addresses) > 0 && !slices.Contains(c.addresses, "0.0.0.0") && !slices.Contains(c.addresses, "*")
}

// anyOr tells whether a condition holds; none and "*" always do.
func anyOr(condition, value string) bool {
	return condition == "" || condition == "*" || condition == value
}

// apply changes an instance as the configurator says, if it is for it. params are those of the provider's own URL.
func (c *configurator) apply(in *model.Instance, params map[string]string) {
	if !c.matches(*in) {
		return
	}
	sets := func(names ...string) bool {
		return !c.absent || !slices.ContainsFunc(names, func(name string) bool { return params[name] != "" })
	}
	if c.weight != nil && sets("weight") {
		in.Weight = *c.weight
	}
	if c.disabled != nil && sets("disabled", "enabled") {
		in.Status = model.StatusUp
		if *c.disabled {
			in.Status = model.StatusDraining
		}
	}
	if c.warmUp != nil && sets("warmup") {
		in.WarmUp = *c.warmUp
	}
	if c.tag != nil && sets(tagParam) {
		in.Labels = maps.Clone(in.Labels)
		if *c.tag == "" {
			delete(in.Labels, tagParam)
		} else {
			if in.Labels == nil {
				in.Labels = map[string]string{}
			}
			in.Labels[tagParam] = *c.tag
		}
	}
}

// The ranks of configurators, as Dubbo 2.7 has them.
const (
	registryRank = iota
	applicationRank
	serviceRank
)

// compareConfigurators orders configurators so that the one that is to win is applied last: by rank, those for all hosts
// before those for one, then by priority.
func compareConfigurators(a, b *configurator) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.host.address, b.host.address), cmp.Compare(a.priority, b.priority))
}
