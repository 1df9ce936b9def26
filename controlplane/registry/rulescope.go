package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// scopeOf is the name under which rules of an application are kept beside those of services, none of which has a blank.
func scopeOf(application string) string { return "application " + application }

// applicationOf is the application of such a name.
func applicationOf(name string) (string, bool) { return strings.CutPrefix(name, "application ") }

// service tells which service a rule is for, by its key: <interface>:<version>:<group>, or an interface alone, which is for
// every version and group. It is "" for the rule of an application.
func (f *ruleFile) service() (name, version, group string) {
	parts := strings.Split(f.whom, ":")
	switch {
	case f.scope == "application" || f.scope == "" && len(parts) == 1 && f.tags != nil:
		return "", "*", "*"
	case len(parts) == 1:
		return f.whom, "*", "*"
	}
	parts = append(parts, "")
	return parts[0], plainVersion(parts[1]), parts[2]
}

// plainVersion is a version as instances have it: 0.0.0 is Dubbo's way of saying that there is none.
func plainVersion(version string) string {
	if version == "0.0.0" {
		return ""
	}
	return version
}

// record is what the rule is kept as.
func (f *ruleFile) record() (record, error) {
	name, _, _ := f.service()
	if name != "" {
		return record{service: name}, checkName(name, "interface")
	}
	return record{service: scopeOf(f.whom)}, checkName(f.whom, "application")
}

// conditionRule reads a .condition-router.
func conditionRule(f *ruleFile) (record, error) {
	if len(f.conditions) == 0 {
		return record{}, nil // as in Dubbo, where such a rule is not valid
	}
	rec, err := f.record()
	if err != nil {
		return record{}, err
	}
	r := &router{force: f.force, priority: servicePriority}
	if app, ok := applicationOf(rec.service); ok {
		r.priority, r.app = appPriority, app
	}
	_, r.version, r.group = f.service()
	for _, text := range f.conditions {
		c, err := parseCondition(text)
		if err != nil {
			return record{}, err
		}
		r.conditions = append(r.conditions, c)
	}
	rec.router, rec.notices = r, r.notHonoured()
	return rec, nil
}

// tagRule reads a .tag-router.
func tagRule(f *ruleFile) (record, error) {
	if f.tags == nil || len(f.tags.names) == 0 {
		return record{}, nil // as in Dubbo, where such a rule is not valid
	}
	rec, err := f.record()
	if err != nil {
		return record{}, err
	}
	if _, ok := applicationOf(rec.service); !ok {
		return record{}, errors.New("a tag rule is for an application; write it to config/dubbo/<application>.tag-router with scope: application")
	}
	rec.router = &router{force: f.force, priority: tagPriority, tags: f.tags, group: "*", version: "*", app: f.whom}
	return rec, nil
}

// configuratorRule reads a .configurators rule. Like Dubbo it makes the URLs of it that Dubbo 2.6 has.
func configuratorRule(f *ruleFile) (record, error) {
	rec, err := f.record()
	if err != nil {
		return record{}, err
	}
	for i, item := range f.configs {
		if general := item.kind == "" || item.kind == "general"; !general && !item.enabled {
			continue
		}
		for _, u := range item.urls(f) {
			rule, notices, err := readConfigurator(u)
			if err != nil {
				return record{}, fmt.Errorf("configs[%d]: %w", i, err)
			}
			for _, n := range notices {
				if n = fmt.Sprintf("configs[%d]: %s", i, n); !slices.Contains(rec.notices, n) {
					rec.notices = append(rec.notices, n)
				}
			}
			if rule != nil {
				rec.rules = append(rec.rules, f.aimed(rule, item)...)
			}
		}
	}
	if len(rec.rules) == 0 {
		return record{notices: rec.notices}, nil
	}
	return rec, nil
}

// aimed is a configurator for those that the key of the rule and the entry name.
func (f *ruleFile) aimed(rule *configurator, item configItem) (out []*configurator) {
	service, version, group := f.service()
	rule.rank = applicationRank
	if service != "" {
		rule.rank = serviceRank
		if version != "*" || group != "*" {
			rule.group, rule.version, rule.exact = group, version, true
		}
		return []*configurator{rule}
	}
	if len(item.services) == 0 {
		return []*configurator{rule}
	}
	for _, name := range item.services { // [group/]interface[:version]
		one := *rule
		if group, rest, ok := strings.Cut(name, "/"); ok {
			one.group, name = group, rest
		}
		name, version, ok := strings.Cut(name, ":")
		if ok {
			one.version = plainVersion(version)
		}
		one.service = name
		out = append(out, &one)
	}
	return out
}

// urls are the configurators of an entry: one for each address and application.
func (item configItem) urls(f *ruleFile) (out []dubboURL) {
	params := maps.Clone(item.parameters)
	set := func(name, value string) {
		if value != "" {
			params[name] = value
		}
	}
	set("side", item.side)
	set("providerAddresses", strings.Join(item.providers, ","))
	applications := item.applicants
	if service, _, _ := f.service(); service == "" {
		applications = []string{f.whom}
	}
	if len(applications) == 0 {
		applications = []string{""}
	}
	addresses := item.addresses
	if len(addresses) == 0 {
		addresses = []string{"0.0.0.0"}
	}
	for _, address := range addresses {
		for _, application := range applications {
			u := dubboURL{protocol: cmp.Or(item.protocol, "override"), params: maps.Clone(params)}
			u.host, u.port = splitAuthority(address)
			if application != "" {
				u.params["application"] = application
			}
			out = append(out, u)
		}
	}
	return out
}

// urlItems reads a list of the URLs of configurators.
func urlItems(list *ast.SequenceNode) (out []configItem, err error) {
	for _, n := range list.Values {
		text, ok := document.Scalar(n)
		if !ok {
			return nil, document.Errorf(n, "expected the URL of a configurator such as override://0.0.0.0/com.example.Hello?timeout=1000, found %s", document.Describe(n))
		}
		u, err := parseDubboURL(url.QueryEscape(text))
		if err != nil {
			return nil, document.Errorf(n, "%v", err)
		}
		address := u.host
		if u.port != "" {
			address = hostText(u.host) + ":" + u.port
		}
		out = append(out, configItem{protocol: u.protocol, enabled: true, addresses: []string{address}, parameters: u.params})
	}
	return out, nil
}

// hostText is a host as authorities have it.
func hostText(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
