package translate_test

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// Requests go through the lane that they entered, over HTTP and Dubbo, and through the base where the lane has nobody.
func TestLane(t *testing.T) {
	gray, blue := map[string]string{"lane": "gray"}, map[string]string{"lane": "blue"}
	at := func(protocol model.Protocol, name string, labels map[string]string) model.Instance {
		if protocol == model.ProtocolDubbo {
			return instance(protocol, overDubbo(t, name, &never), labels)
		}
		return instance(protocol, overHTTP(t, name, "x-lane", "x-dubbo-attachment-x-lane", "baggage"), labels)
	}
	services := []model.Service{
		{Name: hello, Instances: []model.Instance{at(model.ProtocolDubbo, "base", nil), at(model.ProtocolDubbo, "gray", gray)}},
		{Name: "front", Instances: []model.Instance{at(model.ProtocolHTTP, "front", nil)}},
		{Name: "frontDubbo", Instances: []model.Instance{at(model.ProtocolDubbo, "front", nil)}},
		{Name: "plain", Instances: []model.Instance{at(model.ProtocolHTTP, "base", nil), at(model.ProtocolHTTP, "blue", blue)}},
		{Name: "web", Instances: []model.Instance{at(model.ProtocolHTTP, "base", nil), at(model.ProtocolHTTP, "gray", gray)}},
	}
	const policies = `
{kind: Mesh, name: mesh, lane: {baggage: "la%ne'"}}
---
{kind: Lane, name: blue}
---
{kind: Lane, name: gray, match: {headers: {x-user: {in: [ann, bob]}}}, services: [` + hello + `, plain, web]}
`
	e := newEdge(t, services, policies)
	for range 5 {
		for _, x := range []struct {
			path    string
			headers []string
			want    []string // what the answer begins with, and what is in it
		}{
			{"/web/", nil, []string{"base x-lane= "}},
			{"/web/", []string{"x-user", "ann"}, []string{"gray x-lane=gray ", "baggage=la%ne'=gray"}},
			{"/web/", []string{"x-lane", "gray"}, []string{"gray x-lane=gray "}},
			{"/web/", []string{"x-dubbo-attachment-x-lane", "gray"}, []string{"gray x-lane=gray "}},
			{"/web/", []string{"baggage", "a=b, la%ne'=gray;p, c=d"}, []string{"gray x-lane=gray "}},
			{"/web/", []string{"baggage", "la%ne'=grayish"}, []string{"base x-lane=grayish "}},
			{"/front/", []string{"baggage", "a=b , la%ne' = zzz;p=1, la%ne'=later"}, []string{"front x-lane=zzz ", "attachment-x-lane=zzz "}},
			{"/front/", []string{"baggage", "xla%ne'=zzz, la%ne'="}, []string{"front x-lane= ", "attachment-x-lane= "}},
			{"/front/", []string{"baggage", "la%ne'=gray"}, []string{"front x-lane=gray ", "attachment-x-lane=gray "}},
			{"/front/", []string{"baggage", "la%ne'=gray", "x-lane", "zzz"}, []string{"front x-lane=zzz ", "attachment-x-lane=zzz "}},
			{"/front/", []string{"baggage", "la%ne'=gray", "x-dubbo-attachment-x-lane", "zzz"}, []string{"front x-lane=zzz ", "attachment-x-lane=zzz "}},
			{"/frontDubbo/ask", []string{"baggage", "la%ne'=zzz"}, []string{`"front `, "x-lane", "zzz"}},
			{"/web/", []string{"x-lane", "blue", "x-user", "eve"}, []string{"base x-lane=blue "}},
			{"/front/", []string{"x-user", "ann"}, []string{"front x-lane=gray ", "baggage=la%ne'=gray"}}, // which does not have the lane
			{"/frontDubbo/ask", []string{"x-user", "ann"}, []string{`"front `, "x-lane", "gray", "baggage", "la%ne'=gray"}},
			{"/front/", []string{"x-user", "eve"}, []string{"front x-lane= "}},
			{"/plain/", []string{"x-lane", "gray"}, []string{"base x-lane=gray "}},
			{"/plain/", []string{"x-dubbo-attachment-x-lane", "gray"}, []string{"base x-lane=gray "}},
			{"/plain/", []string{"x-lane", "blue", "x-user", "ann"}, []string{"blue x-lane=blue "}},
			{"/" + hello + "/ask", nil, []string{`"base `}},
			{"/" + hello + "/ask", []string{"x-lane", "gray"}, []string{`"gray `, "x-lane", "gray"}},
			{"/" + hello + "/ask", []string{"x-user", "bob"}, []string{`"gray `, "x-lane", "baggage", "la%ne'=gray"}},
			{"/" + hello + "/ask", []string{"x-lane", "blue"}, []string{`"base `, "x-lane", "blue"}},
		} {
			if status, _, body := e.get("POST", x.path, x.headers...); status != 200 || !containsAll(body, x.want) {
				t.Errorf("%s %v: %d %s, want %q", x.path, x.headers, status, body, x.want)
			}
		}
		for _, x := range []struct {
			service     string
			attachments []string
			want        []string
		}{
			{hello, nil, []string{"base "}},
			{hello, []string{"x-lane", "gray"}, []string{"gray "}},
			{hello, []string{"baggage", "la%ne'=gray"}, []string{"gray ", "x-lane"}},
			{hello, []string{"x-lane", "blue"}, []string{"base "}},
			{"web", []string{"x-lane", "gray"}, []string{"gray x-lane=gray "}},
			{"plain", []string{"x-lane", "gray"}, []string{"base x-lane=gray "}},
		} {
			if status, answer := e.consume(x.service, "ask", x.attachments...); status != dubbo.StatusOK || !containsAll(answer, x.want) {
				t.Errorf("a consumer of %s with %v: %v %q, want %q", x.service, x.attachments, status, answer, x.want)
			}
		}
	}

	for i := range services { // the lane ends
		services[i].Instances = services[i].Instances[:1]
	}
	e.replaced(services, policies)
	if status, _, body := e.get("POST", "/web/", "x-user", "ann"); status != 200 || !strings.HasPrefix(body, "base x-lane=gray ") {
		t.Errorf("without instances in the lane: %d %s", status, body)
	}
	e.replaced(services, strings.Replace(policies, "name: gray,", "name: gray, fallback: none,", 1))
	if status, _, body := e.get("POST", "/web/", "x-user", "ann"); status != 503 {
		t.Errorf("without fallback: %d %s", status, body)
	}
}

func containsAll(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
