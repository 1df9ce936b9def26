package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// perEdit is how many requests of those that must not fail lie between two edits.
const perEdit = 60

// edit makes one change: a new policy, another text for one that is there, or the end of one. It returns how many new ones.
func (s *safety) edit(t *testing.T) (made int) {
	t.Helper()
	defer s.clean.waitCalls(t, perEdit)
	if n := s.rnd.IntN(10); len(s.alive) > 0 && (n < 3 || len(s.alive) >= 40) {
		s.remove(t)
		return 0
	} else if len(s.alive) > 0 && n < 5 {
		key := s.alive[s.rnd.IntN(len(s.alive))]
		kind, name, _ := strings.Cut(key, "/")
		s.write(t, key, s.text(t, model.Kind(kind), name))
		return 0
	}
	kind := []model.Kind{model.KindRoute, model.KindTraffic, model.KindTraffic, model.KindRoute, model.KindAccess, model.KindMapping, model.KindLane, model.KindTelemetry, model.KindGateway, model.KindMesh}[s.rnd.IntN(10)]
	name := fmt.Sprintf("p%d", len(s.edits))
	if s.rnd.IntN(2) == 0 {
		name = "clean-" + name
	}
	s.alive = append(s.alive, string(kind)+"/"+name)
	s.write(t, string(kind)+"/"+name, s.text(t, kind, name))
	return 1
}

func (s *safety) write(t *testing.T, key, text string) {
	t.Helper()
	s.edits = append(s.edits, fmt.Sprintf("%s put %s %s", time.Now().Format("15:04:05.000"), key, text))
	s.written[key] = text
	s.put(t, "/dubbomesh/policies/"+key, text)
}

func (s *safety) remove(t *testing.T) {
	t.Helper()
	at := s.rnd.IntN(len(s.alive))
	key := s.alive[at]
	s.alive = slices.Delete(s.alive, at, at+1)
	s.edits = append(s.edits, fmt.Sprintf("%s del %s", time.Now().Format("15:04:05.000"), key))
	s.mesh.remove(t, "/dubbomesh/policies/"+key)
}

// text makes up a policy: one that asks for no failure for the services that must not fail, else whatever is valid.
func (s *safety) text(t *testing.T, kind model.Kind, name string) string {
	t.Helper()
	wild := []string{wildService, helloService}[s.rnd.IntN(2)]
	fields := 1 + s.rnd.IntN(3)
	switch {
	case kind == model.KindMesh: // for all services, so that it has to be harmless
		return fmt.Sprintf(`{"traffic": {"timeout": "%ds", "retry": {"attempts": %d, "on": ["reset", "overload"]}, "loadBalancing": %q}, "lane": "x-lane-%d"}`,
			10+s.rnd.IntN(20), 1+s.rnd.IntN(3), s.inventor.pick("random", "leastRequest", "weightedRoundRobin"), s.rnd.IntN(3))
	case kind == model.KindGateway:
		listeners := []any{map[string]any{"address": "127.0.0.1", "port": testenvoy.FreePort(t)}}
		return s.inventor.policy(kind, name, map[string]any{"listeners": listeners}, fields)
	case kind == model.KindLane:
		return s.inventor.policy(kind, name, map[string]any{"service": wild, "services": []any{wildService, helloService}}, fields)
	case kind == model.KindMapping:
		return s.inventor.policy(kind, name, map[string]any{"service": helloService}, fields)
	case madeHarmless(kind, name):
		return s.harmless(kind)
	}
	return s.inventor.policy(kind, name, map[string]any{"service": wild}, fields)
}

// madeHarmless reports whether harmless makes up the policies of a kind and name.
func madeHarmless(kind model.Kind, name string) bool {
	return strings.HasPrefix(name, "clean-") && (kind == model.KindRoute || kind == model.KindTraffic)
}

// harmless makes up a policy of a kind for a service that must not fail.
func (s *safety) harmless(kind model.Kind) string {
	service := []string{echoService, webService}[s.rnd.IntN(2)]
	number := func(from, to int) int { return from + s.rnd.IntN(to-from) }
	pick := s.inventor.pick
	if kind == model.KindRoute {
		return fmt.Sprintf(`{"service": %q, "rules": [%s]}`, service, pick(
			fmt.Sprintf(`{"to": [{"labels": {"version": "v1"}, "weight": %d}, {"labels": {"version": "v2"}, "weight": %d}]}`, number(1, 100), number(1, 100)),
			fmt.Sprintf(`{"match": {"headers": {"x-user": "ann"}, "percent": "%d%%"}, "to": {"labels": {"version": %q}}, "headers": {"request": {"set": {"x-a": "b%d"}}}}`, number(1, 100), pick("v1", "v2"), number(0, 9)),
			fmt.Sprintf(`{"timeout": "%ds", "mirror": {"labels": {"version": %q}, "percent": "%d%%"}}`, number(10, 30), pick("v1", "v2"), number(1, 20)),
			fmt.Sprintf(`{"retry": {"attempts": %d, "backoff": {"base": "1ms"}}, "cors": {"allowOrigins": "https://a%d.example.com"}}`, number(1, 4), number(1, 9))))
	}
	return fmt.Sprintf(`{"service": %q, %s}`, service, pick(
		`"loadBalancing": "`+pick("random", "leastRequest", "roundRobin", "weightedRoundRobin")+`"`,
		`"loadBalancing": {"policy": "maglev", "hashOn": [{"header": "x-user"}]}`,
		`"healthCheck": {"interval": "1s", "timeout": "5s", "unhealthy": 10}`,
		fmt.Sprintf(`"limits": {"connections": %d, "requests": %d}`, number(500, 900), number(500, 900)),
		fmt.Sprintf(`"retry": {"attempts": %d, "budget": "50%%", "backoff": {"base": "1ms"}}`, number(1, 4)),
		`"ejection": {"consecutive5xx": 50}`, `"maxRequestSize": "1MiB"`, `"rateLimit": {"requests": 1000000, "per": "1s"}`,
		`"methods": {"whoami": {"limits": {"requests": 700}, "timeout": "20s"}}`, `"fallback": {"on": "open", "body": "[]"}`,
		`"fault": {"delay": {`+pick(`"time": "1ms", "percent": "50%"`, `"time": "300ms", "percent": "3%"`)+`}}`,
		fmt.Sprintf(`"connection": {"idleTimeout": "%ds", "maxRequests": %d}`, number(1, 20), number(50, 500))))
}
