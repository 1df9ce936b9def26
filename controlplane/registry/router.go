package registry

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// router is a Dubbo routing rule: it narrows down which instances get a request. Several act one after the other, in the
// order of their priorities.
type router struct {
	priority   int
	force      bool
	conditions []condition
	tags       *tags
	group      string // of the service; "*" for every one
	version    string // likewise
	app        string // the application that a rule of an application is of
}

// The priorities of rules in the configuration centre, as Dubbo 2.7 has them. Rules in the registry say their own.
const (
	tagPriority     = 100
	servicePriority = 140
	appPriority     = 150
)

// routerParams are the parameters of a router that say what is honoured, or what makes no difference here: every router
// is asked anew for each request, and stands in the registry until it is deleted.
var routerParams = []string{
	"category", "dynamic", "enabled", "force", "runtime", "priority", "rule", "router", "name", "group", "version", "interface",
	"check", "timestamp", "side", "type", "application", "id", "path", "classifier", "configVersion", "compatible_config",
}

// parseRouter reads the URL of a router of one interface.
func parseRouter(service string, u dubboURL) (record, error) {
	kind := u.protocol
	if kind == "route" || kind == "routers" {
		kind = u.get("router", "condition")
	}
	enabled, err := u.flag("enabled", true)
	switch {
	case kind == "empty" || err == nil && !enabled:
		return record{}, nil
	case err != nil:
		return record{}, err
	case kind == "script":
		return record{notices: []string{fmt.Sprintf("script rule for %s is not honoured: scripts are not run; write a Route policy instead", document.Quote(service))}}, nil
	case kind == "tag":
		return record{notices: []string{"a tag rule in the registry says nothing; write it to config/dubbo/<application>.tag-router, as Dubbo 2.7 reads it"}}, nil
	case kind != "condition":
		return record{notices: []string{fmt.Sprintf("%s rule for %s is not honoured; write a Route policy instead", kind, document.Quote(service))}}, nil
	}
	r := &router{group: u.get("group", "*"), version: u.get("version", "*")}
	var errs [3]error
	r.force, errs[0] = u.flag("force", false)
	if text := u.get("priority", ""); text != "" {
		if r.priority, errs[1] = strconv.Atoi(text); errs[1] != nil {
			errs[1] = fmt.Errorf("priority must be an integer, found %s", document.Quote(text))
		}
	}
	var c condition
	if rule, err := url.QueryUnescape(u.get("rule", "")); err != nil { // it is encoded once more than the rest
		errs[2] = fmt.Errorf("rule is not encoded well: %w", err)
	} else {
		c, errs[2] = parseCondition(rule)
	}
	if err := firstLine(errors.Join(errs[:]...)); err != nil {
		return record{}, err
	}
	r.conditions = []condition{c}
	return record{service: service, router: r, notices: slices.Concat(r.notHonoured(), u.odd(routerParams, "a router"))}, nil
}

// odd tells of parameters that nothing is made of.
func (u dubboURL) odd(known []string, what string) []string {
	var names []string
	for name := range u.params {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{fmt.Sprintf("%s's %s not honoured; write a Route policy instead", what, strings.Join(names, ", "))}
}

// notHonoured tells of conditions that ask for what a request through the mesh does not have, and takes them out: applied
// without that they would fit more than was meant.
func (r *router) notHonoured() (notices []string) {
	r.conditions = slices.DeleteFunc(r.conditions, func(c condition) bool {
		err := c.check()
		if err != nil {
			notices = append(notices, fmt.Sprintf("the condition %s is not honoured: %v", document.Quote(c.text), err))
		}
		return err != nil
	})
	return notices
}

// applies reports whether a router is for instances of a group and version.
func (r *router) applies(group, version string) bool {
	return (r.group == "*" || r.group == group) && (r.version == "*" || r.version == version)
}

// compareRouters orders the routers of a service by who acts first.
func compareRouters(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.record.router.priority, b.record.router.priority), cmp.Compare(a.key, b.key))
}

// step is what one router does with the instances that are left.
type step interface {
	// id tells what it does; two with the same do the same.
	id() string
	// leave returns those that stay, of instances of one group and version.
	leave(group, version string, all []candidate) []candidate
}

// candidate is an instance that a request may go to, and what Dubbo's rules know of it.
type candidate struct {
	at     int // its index among those of the service
	in     *model.Instance
	params map[string]string // of its provider's URL
}

// param returns what a rule calls a parameter of an instance.
func (c candidate) param(name string) (string, bool) {
	switch name {
	case "host":
		return c.in.Address, true
	case "port":
		return strconv.FormatUint(uint64(c.in.Port), 10), true
	case "address":
		return c.in.HostPort(), true
	case "protocol":
		return string(c.in.Protocol), true
	case "group":
		return c.in.Group, c.in.Group != ""
	case "version":
		return c.in.Version, c.in.Version != ""
	}
	if v, ok := c.in.Labels[name]; ok {
		return v, true
	}
	v, ok := c.params[name]
	return v, ok
}

func (c candidate) tag() string {
	tag, _ := c.param(tagParam)
	return tag
}

// conditionStep keeps the instances that fit a condition.
type conditionStep struct {
	condition condition
	router    *router
}

func (s conditionStep) id() string {
	return fmt.Sprintf("%s force=%t for=%s/%s", s.condition.text, s.router.force, s.router.group, s.router.version)
}

func (s conditionStep) leave(group, version string, all []candidate) []candidate {
	switch {
	case !s.router.applies(group, version):
		return all
	case s.condition.none:
		return nil
	}
	var left []candidate
	for _, c := range all {
		fits := true
		for key, v := range s.condition.then {
			text, there := c.param(key)
			fits = fits && v.fits(text, there)
		}
		if fits {
			left = append(left, c)
		}
	}
	if len(left) == 0 && !s.router.force {
		return all
	}
	return left
}
