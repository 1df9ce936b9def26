package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

// maxRuleFile bounds a rule of the configuration centre, in bytes.
const maxRuleFile = 64 << 10

// ruleGroup is the group of the configuration centre that Dubbo reads its rules from.
const ruleGroup = "dubbo"

// ruleFile is a rule of Dubbo's configuration centre, as Dubbo 2.7 writes it: YAML at <root>/config/dubbo/<whom>.<kind>,
// where whom is an application or <interface>:<version>:<group>.
type ruleFile struct {
	whom string

	configVersion, scope, key string
	enabled, force            bool
	priority                  *int
	conditions                []string
	tags                      *tags
	configs                   []configItem
	notices                   []string
}

// configItem is one entry of a .configurators rule.
type configItem struct {
	protocol                                   string // "" for override
	side, kind                                 string
	enabled                                    bool
	addresses, providers, services, applicants []string
	parameters                                 map[string]string
}

// ruleKinds are the endings of the keys of rules, and who reads them.
var ruleKinds = []struct {
	suffix string
	parse  func(f *ruleFile) (record, error)
	say    string // why it is not honoured, "" when it is
}{
	{".configurators", configuratorRule, ""},
	{".condition-router", conditionRule, ""},
	{".tag-router", tagRule, ""},
	{".script-router", nil, "scripts are not run; write a Route policy instead"},
	{".app-router", nil, "write it as .condition-router, or a Route policy"},
	{".affinity-router", nil, "write locality in a Traffic policy, or a Route policy"},
	{".MESHAPPRULE", nil, "it is made of Istio's kinds; `dubbomesh import` reads these"},
}

// parseRuleFile reads a governance rule that Dubbo 2.7 and later keep at <root>/config/<group>/<rule>; false when the key is
// none. An interface's rule is a record of it, an application's one of the application's scope.
func parseRuleFile(key string, value []byte) (rec record, is bool, err error) {
	rest, ok := strings.CutPrefix(key, "config/")
	if !ok {
		return record{}, false, nil
	}
	group, name, _ := strings.Cut(rest, "/")
	for _, kind := range ruleKinds {
		whom, ok := strings.CutSuffix(name, kind.suffix)
		switch {
		case !ok || whom == "":
			continue
		case kind.say != "":
			return record{notices: []string{fmt.Sprintf("the rule %s is not honoured: %s", document.Quote(name), kind.say)}}, true, nil
		case group != ruleGroup:
			return record{notices: []string{fmt.Sprintf("the rule %s is in the group %s, where Dubbo does not look; write it to config/dubbo/", document.Quote(name), document.Quote(group))}}, true, nil
		}
		f, err := readRuleFile(whom, value)
		if err != nil || f == nil || !f.enabled {
			return record{}, true, err
		}
		rec, err := kind.parse(f)
		rec.notices = slices.Concat(f.notices, rec.notices)
		return rec, true, err
	}
	return record{}, false, nil
}

// readRuleFile reads what all kinds have; nil for an empty value, which Dubbo takes for no rule.
func readRuleFile(whom string, value []byte) (*ruleFile, error) {
	f := &ruleFile{whom: whom, enabled: true}
	root, err := document.Parse(value, maxRuleFile)
	if err != nil || root == nil {
		return nil, err
	}
	if list, ok := root.(*ast.SequenceNode); ok { // URLs of configurators, as Dubbo 2.6 has them
		f.configs, err = urlItems(list)
		return f, err
	}
	entries, err := fields(root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := f.read(e); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// read reads one field.
func (f *ruleFile) read(e field) (err error) {
	switch e.name {
	case "configVersion":
		f.configVersion, err = e.text()
	case "scope":
		f.scope, err = e.oneOf([]string{"service", "application"})
	case "key":
		f.key, err = e.text()
	case "enabled":
		f.enabled, err = e.flag(true)
	case "force":
		f.force, err = e.flag(false)
	case "priority":
		var text string
		if text, err = e.text(); err == nil && text != "" {
			n, bad := strconv.Atoi(text)
			if bad != nil {
				return document.Errorf(e.value, "priority must be an integer, found %s", document.Quote(text))
			}
			f.priority = &n
		}
	case "conditions":
		f.conditions, err = e.texts()
	case "tags":
		err = f.readTags(e)
	case "configs":
		err = f.readConfigs(e)
	case "runtime", "dynamic", "valid", "rawRule", "apiVersion": // make no difference here
	default:
		f.notices = append(f.notices, fmt.Sprintf("the field %s is not known and not honoured", document.Quote(e.name)))
	}
	return err
}

// readTags reads the tags of a tag router.
func (f *ruleFile) readTags(e field) error {
	f.tags = &tags{addresses: map[string][]string{}}
	return e.each(func(entries []field, at ast.Node) error {
		var name string
		var addresses []string
		for _, e := range entries {
			var err error
			switch e.name {
			case "name":
				name, err = e.text()
			case "addresses":
				addresses, err = e.texts()
			case "match":
				f.notices = append(f.notices, "match of a tag is not honoured; list addresses, or let the providers say dubbo.tag")
			default:
				f.notices = append(f.notices, fmt.Sprintf("the field %s of a tag is not known and not honoured", document.Quote(e.name)))
			}
			if err != nil {
				return err
			}
		}
		if name == "" {
			return document.Errorf(at, "a tag has no name; write {name: gray, addresses: [10.0.0.5:20880]}")
		}
		f.tags.names = append(f.tags.names, name)
		if len(addresses) > 0 {
			f.tags.addresses[name] = addresses
		}
		return nil
	})
}

// readConfigs reads the entries of a .configurators rule.
func (f *ruleFile) readConfigs(e field) error {
	return e.each(func(entries []field, at ast.Node) error {
		item := configItem{enabled: true}
		for _, e := range entries {
			var err error
			switch e.name {
			case "side":
				item.side, err = e.oneOf([]string{"provider", "consumer"})
			case "type":
				item.kind, err = e.text()
			case "enabled":
				item.enabled, err = e.flag(true)
			case "addresses":
				item.addresses, err = e.texts()
			case "providerAddresses":
				item.providers, err = e.texts()
			case "services":
				item.services, err = e.texts()
			case "applications":
				item.applicants, err = e.texts()
			case "parameters":
				item.parameters, err = e.mapping()
			default:
				f.notices = append(f.notices, fmt.Sprintf("the field %s of a configuration is not known and not honoured", document.Quote(e.name)))
				if e.name == "match" { // it would be for more than was meant
					item.enabled, item.kind = false, "match"
				}
			}
			if err != nil {
				return err
			}
		}
		if len(item.parameters) == 0 {
			return document.Errorf(at, "an entry of configs sets nothing; write parameters: {timeout: 1000}")
		}
		f.configs = append(f.configs, item)
		return nil
	})
}
