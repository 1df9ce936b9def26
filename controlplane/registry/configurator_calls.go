package registry

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// callParams are the parameters of calls that are honoured, and the check of each. The checks say what to write instead.
var callParams = map[string]func(value string) error{
	"timeout": func(v string) error {
		if n, err := strconv.ParseUint(v, 10, 32); err != nil || n == 0 || n > uint64(24*time.Hour/time.Millisecond) {
			return fmt.Errorf("timeout must be whole milliseconds above 0 up to 24h, found %s", document.Quote(v))
		}
		return nil
	},
	"retries": func(v string) error {
		if n, err := strconv.ParseInt(v, 10, 32); err != nil || n > 20 {
			return fmt.Errorf("retries must be an integer up to 20, found %s", document.Quote(v))
		}
		return nil
	},
	"forks": func(v string) error {
		if n, err := strconv.ParseUint(v, 10, 32); err != nil || n < 2 || n > 10 {
			return fmt.Errorf("forks must be an integer from 2 to 10, found %s", document.Quote(v))
		}
		return nil
	},
	"cluster": func(v string) error {
		if !slices.Contains([]string{model.StrategyFailover, model.StrategyFailfast, model.StrategyFailsafe, model.StrategyForking}, v) {
			return fmt.Errorf("cluster %s is not honoured; failover, failfast, failsafe and forking are", document.Quote(v))
		}
		return nil
	},
	"loadbalance": func(v string) error {
		if _, ok := balancing[v]; !ok {
			return fmt.Errorf("loadbalance %s is not honoured; write random, roundrobin, leastactive or consistenthash, or a Traffic policy with loadBalancing", document.Quote(v))
		}
		return nil
	},
	"hash.arguments": func(v string) error {
		index, _, _ := strings.Cut(v, ",")
		if _, err := strconv.ParseUint(index, 10, 8); err != nil {
			return fmt.Errorf("hash.arguments must begin with the index of an argument, found %s", document.Quote(v))
		}
		return nil
	},
}

// balancing is how Dubbo's load balancers are called in policies. Dubbo's random heeds weights, which Envoy's does not.
var balancing = map[string]string{
	"random": model.BalanceWeightedRoundRobin, "roundrobin": model.BalanceWeightedRoundRobin,
	"leastactive": model.BalanceLeastRequest, "p2c": model.BalanceLeastRequest, "consistenthash": model.BalanceRingHash,
}

// remedies say what to write in place of parameters that nothing is made of.
var remedies = map[string]string{
	"mock": "fallback in a Traffic policy", "executes": "limits in a Traffic policy", "actives": "limits.perInstance in a Traffic policy",
	"connections": "limits.perInstance in a Traffic policy", "accesslog": "accessLog in a Telemetry policy", "sticky": "loadBalancing: ringHash in a Traffic policy",
	"force.tag": "force in the tag rule", "tps": "rateLimit in a Traffic policy", "delay": "nothing: it is the provider's own", "token": "an Access policy",
}

// setCalls reads what the configurator sets of calls. A strategy that the mesh does not have is told and left out, so that
// the rest of the configurator counts.
func (c *configurator) setCalls(u dubboURL) (notices []string, err error) {
	known := append([]string{"weight", "disabled", "warmup", "tag", tagParam}, configuratorConditions...)
	var odd []string
	for _, name := range slices.Sorted(maps.Keys(u.params)) {
		value := u.params[name]
		method, param := methodParam(name)
		check, honoured := callParams[param]
		switch {
		case slices.Contains(known, name) || strings.HasPrefix(name, "~") || value == "":
		case !honoured:
			remedy, ok := remedies[param]
			if !ok {
				remedy = "a Traffic policy"
			}
			odd = append(odd, fmt.Sprintf("%s (write %s instead)", name, remedy))
		default:
			if err := check(value); err != nil && param != "cluster" && param != "loadbalance" {
				return nil, err
			} else if err != nil {
				notices = append(notices, "a configurator's "+strings.TrimPrefix(method+".", ".")+err.Error())
				continue
			}
			if c.calls == nil {
				c.calls = map[string]string{}
			}
			c.calls[name] = value
		}
	}
	if len(odd) > 0 {
		notices = append(notices, fmt.Sprintf("a configurator's %s not honoured", strings.Join(odd, ", ")))
	}
	if c.single() && len(c.calls) > 0 {
		notices = append(notices, fmt.Sprintf("a configurator's %s for some providers alone not honoured: how a service is called is the same for all its instances; write 0.0.0.0, or a Route policy to the labels of these instances",
			strings.Join(slices.Sorted(maps.Keys(c.calls)), ", ")))
		c.calls = nil
	}
	return notices, nil
}

// methodParam splits the name of a parameter: sayHi.timeout is the timeout of sayHi.
func methodParam(name string) (method, param string) {
	for known := range callParams {
		if method, of := strings.CutSuffix(name, "."+known); of {
			return method, known
		}
	}
	return "", name
}
