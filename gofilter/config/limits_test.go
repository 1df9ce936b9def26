package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestLimits(t *testing.T) {
	exact, present := "", true
	l := config.Limits{Service: "hello", Limits: []config.Limit{
		{Name: "rateLimit.0", Requests: 0, PerMs: 50, Burst: 1, Status: 200},
		{Name: "rateLimit[1]", Requests: 1<<32 - 1, PerMs: 1000, Burst: 1<<32 - 1, Status: 599, Type: "text/plain", Body: "later", DryRun: true,
			By: []config.LimitKey{{From: config.KeyHeader, Name: "x"}, {From: config.KeyPath}, {From: config.KeyMethod}, {From: config.KeySource}, {From: config.KeyText, Name: "a"}},
			Match: [][]config.Condition{
				{{Header: "x", Exact: &exact, Empty: true}, {Header: "x", Prefix: "a"}, {Header: "x", Suffix: "a"}, {Header: "x", Contains: "a", Not: true}},
				{{Header: "x", Regex: "a+"}, {Header: "x", Present: &present}, {Header: "x", Range: &config.ConditionRange{Min: -1, End: 1}}},
			}},
	}}
	again, err := config.ParseLimits(l.Text())
	if diff := cmp.Diff(l, again); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	const good = `"name":"a","requests":1,"perMs":1000,"burst":1,"status":429`
	for limits, want := range map[string]string{
		``:                              "0 of them; write 1 to 32",
		`{` + good + `},{` + good + `}`: "a is there twice",
		`{"requests":1,"perMs":1000,"burst":1,"status":429}`:                 "name is missing",
		`{"name":"a","requests":1,"perMs":0,"burst":1,"status":429}`:         "perMs is 0; write a number from 1 to 86400000",
		`{"name":"a","requests":1,"perMs":1000,"burst":0,"status":429}`:      "burst is 0",
		`{"name":"a","requests":1,"perMs":1000,"burst":1,"status":100}`:      "status is 100; write a number from 200 to 599",
		`{"name":"a","requests":-1,"perMs":1000,"burst":1,"status":429}`:     "requests",
		`{` + good + `,"by":[{"from":"moon"}]}`:                              `by: from is "moon"`,
		`{` + good + `,"by":[{"from":"header"}]}`:                            "the header has no name",
		`{` + good + `,"match":[[]]}`:                                        "conditions of a match is 0",
		`{` + good + `,"match":[[{"header":"x"}]]}`:                          "match: x: 0 kinds of conditions; write one of exact, prefix",
		`{` + good + `,"match":[[{"prefix":"x"}]]}`:                          "header is missing",
		`{` + good + `,"match":[[{"header":"x","prefix":"a","regex":"a"}]]}`: "2 kinds",
		`{` + good + `,"more":1}`:                                            "more",
	} {
		if _, err := config.ParseLimits([]byte(`{"service":"hello","limits":[` + limits + `]}`)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", limits, err, want)
		}
	}
	if _, err := config.ParseLimits([]byte(`{"limits":[{` + good + `}]}`)); err == nil || !strings.Contains(err.Error(), "service is missing") {
		t.Error(err)
	}
}
