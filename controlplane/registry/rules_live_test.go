package registry

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// timeoutOf is the timeout of hello by the policies of a state, "" for none.
func timeoutOf(s State) string {
	svc, _ := s.Snapshot.Service("hello")
	if d := s.Snapshot.Policies.For(svc).Traffic.Timeout; d != nil {
		return d.String()
	}
	return ""
}

// chosen lists the instances that the rules of hello leave for requests with a tag, "" for none.
func chosen(s State, tag string) []string {
	svc, _ := s.Snapshot.Service("hello")
	for _, p := range s.Snapshot.Policies.For(svc).Routes {
		rule := p.Rules[0]
		if len(rule.Match) > 0 {
			m := rule.Match[0].Attachments
			if want := m[tagParam].Exact; len(m) != 1 || want == nil || *want != tag {
				continue
			}
		}
		var out []string
		for _, in := range svc.Instances {
			if model.HasLabels(in, rule.To[0].Labels) {
				out = append(out, in.HostPort())
			}
		}
		return out
	}
	return []string{"all"}
}

// Rules in etcd take effect while they are written, changed and deleted; a bad one leaves the last good one in force.
func TestRulesAreFollowed(t *testing.T) {
	c := startEtcd(t).dial()
	r := run(t, Config{Dubbo: []string{"/dubbo"}, Protection: Protection{Share: -1}}, c)
	at := func(category, text string) string { return "/dubbo/hello/" + category + "/" + url.QueryEscape(text) }
	put(t, c, at("providers", "dubbo://10.0.0.1:20880/hello?application=shop"), "")
	put(t, c, at("providers", "dubbo://10.0.0.2:20880/hello?application=shop"), "")
	eventually(t, r, "two instances", has("hello", "10.0.0.1:20880=100", "10.0.0.2:20880=100"))
	reported := func(key, reason string) func(State) bool {
		return func(s State) bool {
			return slices.ContainsFunc(s.Problems, func(p model.Problem) bool { return p.Key == key && strings.Contains(p.Reason, reason) })
		}
	}

	const timeouts = "/dubbo/config/dubbo/hello::.configurators"
	put(t, c, timeouts, "configs: [{parameters: {timeout: 500}}]")
	eventually(t, r, "a timeout", func(s State) bool { return timeoutOf(s) == "500ms" })
	put(t, c, timeouts, "configs: [{parameters: {timeout: soon}}]")
	s := eventually(t, r, "a bad timeout", reported(timeouts, "timeout must be whole milliseconds"))
	if timeoutOf(s) != "500ms" || !s.Problems[0].LastGood {
		t.Errorf("the last good timeout is not in force: %+v", s.Problems)
	}
	put(t, c, timeouts, "configs: [{parameters: {timeout: 700, mock: 'return null'}}]")
	s = eventually(t, r, "another timeout", func(s State) bool { return timeoutOf(s) == "700ms" })
	if !reported(timeouts, "mock (write fallback in a Traffic policy instead) not honoured")(s) {
		t.Errorf("mock is not told: %+v", s.Problems)
	}
	remove(t, c, timeouts)
	eventually(t, r, "no timeout", func(s State) bool { return timeoutOf(s) == "" && len(s.Problems) == 0 })

	const rule = "/dubbo/config/dubbo/shop.tag-router"
	put(t, c, rule, "tags: [{name: gray, addresses: ['10.0.0.2:20880']}]")
	is := func(tag string, want ...string) func(State) bool {
		return func(s State) bool { return fmt.Sprint(chosen(s, tag)) == fmt.Sprint(want) }
	}
	eventually(t, r, "tags", is("gray", "10.0.0.2:20880"))
	eventually(t, r, "others", is("", "10.0.0.1:20880"))
	put(t, c, rule, "tags: [{name: gray, addresses: ['10.0.0.1:20880']}]")
	eventually(t, r, "other tags", is("gray", "10.0.0.1:20880"))
	put(t, c, rule, "tags: {")
	eventually(t, r, "bad tags", func(s State) bool { return reported(rule, "1:")(s) && is("gray", "10.0.0.1:20880")(s) })
	put(t, c, at("providers", "dubbo://10.0.0.3:20880/hello?application=shop"), "")
	eventually(t, r, "a new instance", is("", "10.0.0.2:20880", "10.0.0.3:20880"))
	remove(t, c, rule)
	eventually(t, r, "no tags", is("gray", "all"))

	condition := at("routers", "condition://0.0.0.0/hello?rule="+url.QueryEscape("=> host=10.0.0.3"))
	put(t, c, condition, "")
	eventually(t, r, "a condition", is("", "10.0.0.3:20880"))
	remove(t, c, at("providers", "dubbo://10.0.0.3:20880/hello?application=shop"))
	eventually(t, r, "a condition that nobody fits", is("", "10.0.0.1:20880", "10.0.0.2:20880"))
	remove(t, c, condition)
	eventually(t, r, "nothing", func(s State) bool { return is("", "all")(s) && len(s.Snapshot.Policies.Routes) == 0 })
}
