package rollout

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOf(t *testing.T) {
	words := Refusal{Type: "routes", Resource: "gateway-http", Text: "too large", Policy: "Route/big", Field: "rules[0].respond.body", Revision: 9}
	one := Report{ControlPlane: "a:1", Published: 9, Proxies: []Proxy{{ID: "a1", Revision: 9}, {ID: "a2", Revision: 7}}, Took: []Took{{7, 5}, {9, 20}}}
	two := Report{ControlPlane: "b:1", Published: 9, Proxies: []Proxy{{ID: "b1", Revision: 9}}, Took: []Took{{8, 40}}}
	pinned := Report{ControlPlane: "b:1", Published: 9, Proxies: []Proxy{{ID: "b1", Revision: 6, Refused: []Refusal{words}}}}
	listener := Refusal{Type: "listeners", Resource: "gateway-http", Text: "no file", Policy: "Telemetry/log", Field: "accessLog.path", Revision: 5, Lacks: []Span{{4, 5}, {7, 9}}}
	lacking := Report{ControlPlane: "b:1", Published: 9, Proxies: []Proxy{{ID: "b1", Revision: 9, Refused: []Refusal{listener}}}, Took: []Took{{6, 3}}}
	waits := []Waiting{{"b1", "refuses listeners gateway-http because of Telemetry/log, accessLog.path: no file"}}
	for name, c := range map[string]struct {
		reports  []Report
		policy   string
		revision int64
		want     State
	}{
		"nobody":                       {[]Report{{ControlPlane: "a:1"}}, "Route/x", 3, State{}},
		"nobody is asked":              {[]Report{{ControlPlane: "a:1", Published: 3}}, "Route/x", 3, State{Published: true}},
		"all of two":                   {[]Report{one, two}, "Route/x", 6, State{Published: true, Proxies: 3, Acknowledged: 3, Took: 40 * time.Millisecond}},
		"one waits":                    {[]Report{one, two}, "Route/x", 8, State{Published: true, Proxies: 3, Acknowledged: 2, Pending: []Waiting{{"a2", ""}}}},
		"not published":                {[]Report{one, two}, "Route/x", 10, State{Proxies: 3, Pending: []Waiting{{"a1", ""}, {"a2", ""}, {"b1", ""}}}},
		"who has no Envoy":             {[]Report{{ControlPlane: "c:1"}, two}, "Route/x", 9, State{Published: true, Proxies: 1, Acknowledged: 1}},
		"refused":                      {[]Report{pinned}, "Route/big", 9, State{Published: true, Proxies: 1, Refused: []Refused{{"b1", words}}}},
		"behind a refusal":             {[]Report{pinned}, "Route/x", 8, State{Published: true, Proxies: 1, Pending: []Waiting{{"b1", "refuses routes gateway-http because of Route/big, rules[0].respond.body: too large"}}}},
		"before what is refused":       {[]Report{lacking}, "Route/x", 4, State{Published: true, Proxies: 1, Acknowledged: 1, Took: 3 * time.Millisecond}},
		"with what is refused":         {[]Report{lacking}, "Route/x", 5, State{Published: true, Proxies: 1, Pending: waits}},
		"the refused one":              {[]Report{lacking}, "Telemetry/log", 5, State{Published: true, Proxies: 1, Refused: []Refused{{"b1", listener}}}},
		"after what is refused":        {[]Report{lacking}, "Route/x", 6, State{Published: true, Proxies: 1, Acknowledged: 1, Took: 3 * time.Millisecond}},
		"with another change of it":    {[]Report{lacking}, "Route/x", 8, State{Published: true, Proxies: 1, Pending: waits}},
		"of several, by one's refusal": {[]Report{two, lacking}, "Route/x", 9, State{Published: true, Proxies: 2, Acknowledged: 1, Pending: waits}},
		"withdrawn": {[]Report{{ControlPlane: "b:1", Published: 9, Proxies: []Proxy{{ID: "b1", Revision: 9}}, Withdrawn: []Withdrawn{{Policy: "Route/big", Revision: 9, Field: "rules", Reason: "too large"}}}}, "Route/big", 9,
			State{Published: true, Proxies: 1, Refused: []Refused{{"b1", Refusal{Text: "too large", Policy: "Route/big", Field: "rules", Revision: 9}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Of(c.reports, c.policy, c.revision)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAReportReadsBack(t *testing.T) {
	r := Report{ControlPlane: "a:1", Published: 9, Proxies: []Proxy{{ID: "p", Connected: time.Unix(5, 0), Revision: 3, Refused: []Refusal{{Type: "routes", Text: "no", Lacks: []Span{{1, 3}}}}}}, Took: []Took{{3, 4}}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if back, ok := Parse(text); !ok || !back.Same(r) {
		t.Errorf("%+v", back)
	}
	if _, ok := Parse([]byte("{}")); ok {
		t.Error("a report of nobody is none")
	}
}
