package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// said is the value of a parameter, and the key that has it.
type said struct{ value, key string }

// trafficOf makes policies of what configurators set of the calls of a service: one for each key, with the fields that the
// key decides. list is in the order in which configurators are applied, the winner last.
func trafficOf(service string, list []configured, all []candidate) (policies []model.Policy, problems []model.Problem) {
	params := map[string]said{}
	for _, c := range list {
		if len(c.rule.calls) == 0 {
			continue
		}
		if reason := c.rule.partial(service, all); reason != "" {
			problems = append(problems, model.Problem{Key: c.key, Reason: reason})
			continue
		}
		for name, value := range c.rule.calls {
			given := slices.ContainsFunc(all, func(in candidate) bool { return in.params[name] != "" })
			if !c.rule.absent || !given {
				params[name] = said{value, c.key}
			}
		}
	}
	byKey := map[string]*model.Traffic{}
	of := func(key string) *model.Traffic {
		if byKey[key] == nil {
			byKey[key] = &model.Traffic{PolicyMeta: registeredMeta(service, strings.TrimPrefix(key, "/"), key)}
		}
		return byKey[key]
	}
	for _, method := range methodsOf(params) {
		s := scope{params, method}
		set := func(key string, change func(*model.MethodSettings)) {
			t := of(key)
			if method == "" {
				m := model.MethodSettings{Timeout: t.Timeout, Retry: t.Retry, Strategy: t.Strategy, LoadBalancing: t.LoadBalancing}
				change(&m)
				t.Timeout, t.Retry, t.Strategy, t.LoadBalancing = m.Timeout, m.Retry, m.Strategy, m.LoadBalancing
				return
			}
			if t.Methods == nil {
				t.Methods = map[string]model.MethodSettings{}
			}
			m := t.Methods[method]
			change(&m)
			t.Methods[method] = m
		}
		s.settings(set)
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		policies = append(policies, *byKey[key])
	}
	return policies, problems
}

// registeredMeta is what a policy begins with that is made of what stands in a registry.
func registeredMeta(service, name, source string) model.PolicyMeta {
	return model.PolicyMeta{Name: name, Service: service, Source: source, Registered: true}
}

// partial says why a configurator of calls cannot be honoured: a service is called in one way, whatever variant of it.
func (c *configurator) partial(service string, all []candidate) string {
	matching := 0
	for _, in := range all {
		if c.matches(*in.in) {
			matching++
		}
	}
	if matching == len(all) {
		return ""
	}
	var whom []string
	for _, part := range []struct{ name, value string }{{"group", c.group}, {"version", c.version}, {"application", c.app}} {
		if part.value != "" && part.value != "*" {
			whom = append(whom, part.name+" "+part.value)
		}
	}
	return fmt.Sprintf("a configurator's %s for %s alone not honoured, since %d of %d instances of %s are of another; write a Route policy with match.group, match.version or match.source.service instead",
		strings.Join(slices.Sorted(maps.Keys(c.calls)), ", "), strings.Join(whom, ", "), len(all)-matching, len(all), service)
}

// methodsOf lists the methods that parameters are for, "" for all of them first.
func methodsOf(params map[string]said) []string {
	out := []string{""}
	for name := range params {
		if method, _ := methodParam(name); !slices.Contains(out, method) {
			out = append(out, method)
		}
	}
	slices.Sort(out)
	return out
}

// scope is the parameters of a method, or of all methods when it is "".
type scope struct {
	params map[string]said
	method string
}

// own is a parameter that is given for just this scope.
func (s scope) own(param string) (said, bool) {
	v, ok := s.params[strings.TrimPrefix(s.method+"."+param, ".")]
	return v, ok
}

// get is a parameter of the scope, or of the service.
func (s scope) get(param string) (said, bool) {
	if v, ok := s.own(param); ok {
		return v, true
	}
	v, ok := s.params[param]
	return v, ok
}

// settings sets what the scope says otherwise than the service, each as the key says that decides.
func (s scope) settings(set func(key string, change func(*model.MethodSettings))) {
	retries, again := s.get("retries")
	timeout, bounded := s.get("timeout")
	ownRetries, ownTimeout := false, false
	if _, ok := s.own("retries"); ok {
		ownRetries = true
	}
	if _, ok := s.own("timeout"); ok {
		ownTimeout = true
	}
	tries := uint32(1)
	if again {
		n, _ := strconv.ParseInt(retries.value, 10, 32) // checked when it was read
		tries += uint32(max(0, n))
	}
	ms, _ := strconv.ParseUint(timeout.value, 10, 32)
	once := model.Duration(time.Duration(ms) * time.Millisecond)
	if bounded && (ownTimeout || ownRetries) {
		whole := min(once*model.Duration(tries), model.Duration(24*time.Hour))
		set(timeout.key, func(m *model.MethodSettings) { m.Timeout = &whole })
	}
	if again && (ownRetries || ownTimeout) {
		attempts := tries - 1
		r := &model.Retry{Attempts: &attempts}
		if bounded && attempts > 0 {
			r.PerTryTimeout = &once
		}
		set(retries.key, func(m *model.MethodSettings) { m.Retry = r })
	}
	s.choices(set)
}

// choices sets the strategy and the load balancing.
func (s scope) choices(set func(key string, change func(*model.MethodSettings))) {
	if cluster, ok := s.own("cluster"); ok {
		strategy := &model.Strategy{Mode: cluster.value}
		if forks, ok := s.get("forks"); ok && cluster.value == model.StrategyForking {
			n, _ := strconv.ParseUint(forks.value, 10, 32)
			count := uint32(n)
			strategy.Forks = &count
		}
		set(cluster.key, func(m *model.MethodSettings) { m.Strategy = strategy })
	}
	if balance, ok := s.own("loadbalance"); ok {
		l := &model.LoadBalancing{Policy: balancing[balance.value]}
		if l.Policy == model.BalanceRingHash {
			index := "0"
			if arguments, ok := s.get("hash.arguments"); ok {
				index, _, _ = strings.Cut(arguments.value, ",")
			}
			l.HashOn = []model.HashKey{{Argument: index}}
		}
		set(balance.key, func(m *model.MethodSettings) { m.LoadBalancing = l })
	}
}

// configured is a configurator and the key that it stands at.
type configured struct {
	rule *configurator
	key  string
	at   *entry
}

// compareConfigured orders configurators by who is applied first.
func compareConfigured(a, b configured) int {
	return cmp.Or(compareConfigurators(a.rule, b.rule), -compareEntries(a.at, b.at))
}
