package policies

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// registered starts two providers, at 127.0.0.2 and 127.0.0.3, that stand in Dubbo's own registry in a group of their own, and
// returns their service as callers over HTTP and Dubbo consumers see it.
func (m *mesh) registered(t *testing.T, put func(key, value string), group string, names ...string) []target {
	t.Helper()
	weights := map[string]float64{}
	for i, name := range names {
		host := fmt.Sprintf("127.0.0.%d", 2+i)
		m.child(t, repository("bin", "demo-provider"), "--listen", host+":20980", "--name", name, "--group", group)
		put("/dubbo/"+dubboService+"/providers/dubbo%3A%2F%2F"+host+"%3A20980%2F"+dubboService+"%3Fapplication%3Dshop%26group%3D"+group, "")
		weights[name] = 1
	}
	out := []target{m.dubbo(), m.consumer()}
	for i := range out {
		s := &out[i]
		s.weights = weights
		dial, whom := s.dial, map[string]string{"dubbo": "tri-service-group", "consumer": attachmentPrefix + "group"}[s.name]
		s.dial = func(t *testing.T) func([]string) (answer, error) {
			call := dial(t)
			return func(headers []string) (answer, error) {
				return call(append([]string{whom, group}, headers...))
			}
		}
		s.reach(t, "both are there", names)
	}
	return out
}

// reach waits until just these instances answer.
func (s target) reach(t *testing.T, what string, names []string, headers ...string) {
	t.Helper()
	eventually(t, what+" for "+s.name, func() error {
		seen := s.tally(t, 24, headers...)
		for _, name := range names {
			if seen[name] == 0 {
				return fmt.Errorf("%s does not answer: %v", name, seen)
			}
		}
		if len(seen) != len(names) {
			return fmt.Errorf("%v, want %q", seen, names)
		}
		return nil
	})
}

// registry writes keys into etcd that the test's end takes away; a key without a value is deleted.
func (m *mesh) registry(t *testing.T) (put func(key, value string), remove func(key string)) {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{m.Etcd}})
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	remove = func(key string) {
		if _, err := client.Delete(context.WithoutCancel(t.Context()), key); err != nil {
			t.Error(err)
		}
		delete(written, key)
	}
	t.Cleanup(func() {
		for key := range written {
			remove(key)
		}
		_ = client.Close()
	})
	put = func(key, value string) {
		written[key] = true
		if _, err := client.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	return put, remove
}

// meanwhile calls without a pause while something is done, and requires that no call fails.
func (s target) meanwhile(t *testing.T, do func()) {
	t.Helper()
	stop, ended := make(chan struct{}), make(chan error, 1)
	call := s.dial(t)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if a, err := call(nil); err != nil || a.status != http.StatusOK || s.weights[a.by] == 0 {
				ended <- fmt.Errorf("call %d: %d by %q, %w: %s", n, a.status, a.by, err, a.body)
				return
			}
		}
	}()
	do()
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

const tagHeader = attachmentPrefix + "dubbo.tag"

// dubboTagRouter writes, changes, breaks and deletes a rule while calls go on.
func dubboTagRouter(t *testing.T, m *mesh) {
	put, remove := m.registry(t)
	const rule = "/dubbo/config/dubbo/shop.tag-router"
	for _, s := range m.registered(t, put, "tags", "old", "new") {
		t.Run(s.name, func(t *testing.T) {
			s.meanwhile(t, func() {
				put(rule, "{runtime: true, tags: [{name: gray, addresses: ['127.0.0.3:20980']}]}")
				s.reach(t, "the tag", []string{"new"}, tagHeader, "gray")
				s.reach(t, "no tag", []string{"old"})
				s.reach(t, "a tag that nobody has", []string{"old"}, tagHeader, "pink")
				s.reach(t, "a tag or nothing", []string{"503"}, tagHeader, "pink", attachmentPrefix+"dubbo.force.tag", "true")
				put(rule, "{tags: [{name: gray, addresses: ['127.0.0.2:20980']}]}")
				s.reach(t, "the tag of the other one", []string{"old"}, tagHeader, "gray")
				put(rule, "tags: {")
				m.told(t, rule, "1:")
				s.always(t, 50, []string{"old"}, tagHeader, "gray")
				put(rule, "{enabled: false, tags: [{name: gray, addresses: ['127.0.0.2:20980']}]}")
				s.reach(t, "a rule that is off", []string{"new", "old"}, tagHeader, "gray")
				remove(rule)
			})
		})
	}
}

// told waits until a problem of a key is told that has a text.
func (m *mesh) told(t *testing.T, key, text string) {
	t.Helper()
	eventually(t, "a problem of "+key, func() error {
		var problems []struct{ Key, Reason string }
		if err := m.get("/api/problems", &problems); err != nil {
			return err
		}
		for _, p := range problems {
			if p.Key == key && strings.Contains(p.Reason, text) {
				return nil
			}
		}
		return fmt.Errorf("%+v", problems)
	})
}

// dubboConfigurator changes weights, takes an instance out and bounds a method, while calls go on.
func dubboConfigurator(t *testing.T, m *mesh) {
	put, remove := m.registry(t)
	at := "/dubbo/" + dubboService + "/configurators/override%3A%2F%2F127.0.0.3%3A20980%2F" + dubboService + "%3Fcategory%3Dconfigurators%26dynamic%3Dfalse%26"
	for _, s := range m.registered(t, put, "conf", "light", "heavy") {
		t.Run(s.name, func(t *testing.T) {
			s.meanwhile(t, func() {
				put(at+"weight%3D300", "")
				eventually(t, "the weight", func() error {
					if seen := s.tally(t, 80); seen["heavy"] != 60 {
						return fmt.Errorf("%v", seen)
					}
					return nil
				})
				s.shares(t, 1200, map[string]float64{"light": 1, "heavy": 3}, 2)
				put(at+"disabled%3Dtrue", "")
				s.reach(t, "one is disabled", []string{"light"})
				remove(at + "disabled%3Dtrue")
				remove(at + "weight%3D300")
				s.reach(t, "nothing is said any more", []string{"light", "heavy"})
			})
		})
	}
	const calls = "/dubbo/config/dubbo/" + dubboService + ".configurators"
	put(calls, "{scope: service, configs: [{side: consumer, parameters: {slow.timeout: 100, echo.timeout: 100, cluster: failback}}]}")
	slow := func(want int) {
		t.Helper()
		eventually(t, "the timeout of slow", func() error {
			if a := m.send(t, http.MethodPost, "/"+dubboService+"/slow", "[400]"); a.status != want {
				return fmt.Errorf("%d %s", a.status, a.body)
			}
			return nil
		})
	}
	slow(http.StatusGatewayTimeout)
	m.told(t, calls, `cluster "failback" is not honoured; failover, failfast, failsafe and forking are`)
	m.explained(t, "slow", "dubbo/config/dubbo/"+dubboService+".configurators")
	m.explained(t, "echo", "Traffic/dubbo-configurator-echo")
	remove(calls)
	slow(http.StatusOK)
}

// explained requires that explain says where the timeout of a method is from.
func (m *mesh) explained(t *testing.T, method, from string) {
	t.Helper()
	said := m.dubbomesh(t, "explain", "--service", dubboService, "--method", method)
	for line := range strings.Lines(said) {
		if strings.Contains(line, "timeout") && strings.Contains(line, from) {
			return
		}
	}
	t.Errorf("explain does not say that the timeout of %s is from %s:\n%s", method, from, said)
}

// dubboConditionRouter writes rules for methods and callers, as Dubbo 2.6 and 2.7 do.
func dubboConditionRouter(t *testing.T, m *mesh) {
	put, remove := m.registry(t)
	const central = "/dubbo/config/dubbo/" + dubboService + "::cond.condition-router"
	inRegistry := "/dubbo/" + dubboService + "/routers/condition%3A%2F%2F0.0.0.0%2F" + dubboService + "%3Fcategory%3Drouters%26group%3Dcond%26force%3Dtrue%26rule%3D"
	for _, s := range m.registered(t, put, "cond", "north", "south") {
		t.Run(s.name, func(t *testing.T) {
			s.meanwhile(t, func() {
				put(central, "conditions: ['method=who* => host=127.0.0.3']")
				s.reach(t, "by method", []string{"south"})
				put(central, "conditions: ['method=other => host=127.0.0.3', 'attachments[user]=ann => host=127.0.0.2']")
				s.reach(t, "by attachment", []string{"north"}, attachmentPrefix+"user", "ann")
				s.reach(t, "others", []string{"north", "south"}, attachmentPrefix+"user", "bob")
				put(central, "conditions: ['=> host=127.0.0.9']")
				s.reach(t, "nobody is left, and it is not forced", []string{"north", "south"})
				remove(central)
			})
			put(inRegistry+"method%253Dwhoami%2520%253D%253E%2520host%253D127.0.0.9", "")
			s.reach(t, "nobody is left, and it is forced", []string{"503"})
			remove(inRegistry + "method%253Dwhoami%2520%253D%253E%2520host%253D127.0.0.9")
			s.reach(t, "no rule", []string{"north", "south"})
		})
	}
	script := "/dubbo/" + dubboService + "/routers/script%3A%2F%2F0.0.0.0%2F" + dubboService + "%3Frule%3Dx"
	put(script, "")
	m.told(t, script, "scripts are not run; write a Route policy instead")
}
