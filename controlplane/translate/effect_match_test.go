package translate_test

import (
	"fmt"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Conditions on queries, cookies and headers fit the same requests, however they are turned round.
func TestConditions(t *testing.T) {
	web := overHTTP(t, "web")
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web, nil)}}}, `
kind: Route
name: conditions
service: web
rules:
  - {match: {path: /q1, query: {a: {exact: "1", not: true}}}, respond: {status: 204}}
  - {match: {path: /q2, query: {a: {present: false}}}, respond: {status: 204}}
  - {match: {path: /q3, query: {page: {range: {min: 1, max: 100}}}}, respond: {status: 204}}
  - {match: {path: /q4, query: {page: {range: {min: -5, max: 100}, not: true}}}, respond: {status: 204}}
  - {match: {path: /q5, query: {a: {present: true, not: true}, b: {present: false, not: true}}}, respond: {status: 204}}
  - {match: {path: /q6, query: {a: {regex: "v[0-9]+.*", not: true}}}, respond: {status: 204}}
  - {match: {path: /c1, cookies: {a: {present: false}}}, respond: {status: 204}}
  - {match: {path: /c2, cookies: {a: {range: {min: 1, max: 10}}}}, respond: {status: 204}}
  - {match: {path: /c3, cookies: {a: {range: {min: 1, max: 10}, not: true}}}, respond: {status: 204}}
  - {match: {path: /c4, cookies: {a: {exact: "1", not: true}}}, respond: {status: 204}}
  - {match: {path: /h1, headers: {x-n: {range: {min: 1, max: 10}}}}, respond: {status: 204}}
  - {match: {path: /h2, headers: {x-n: {range: {min: 1, max: 10}, not: true}}}, respond: {status: 204}}
  - {match: {path: /h3, headers: {x-n: {range: {min: 5, max: 9223372036854775807}}}}, respond: {status: 204}}
  - {match: {path: {range: {min: 1, max: 10}}}, respond: {status: 204}}
`)
	for _, x := range []struct {
		fits   bool
		path   string
		header []string
	}{
		{false, "/q1?a=1", nil}, {true, "/q1?a=2", nil}, {true, "/q1", nil}, {true, "/q1?b=1", nil}, {true, "/q1?ba=1", nil}, {false, "/q1?b=2&a=1&c", nil},
		{false, "/q1?a=1&a=2", nil}, {true, "/q1?a=2&a=1", nil}, {true, "/q1?a=%31", nil}, {true, "/q1?a", nil}, {true, "/q1?b?a=1", nil},
		{true, "/q2", nil}, {true, "/q2?b", nil}, {true, "/q2?ab&ba=a", nil}, {false, "/q2?a", nil}, {false, "/q2?b&a=", nil}, {false, "/q2?a=1", nil},
		{true, "/q3?page=1", nil}, {true, "/q3?page=100", nil}, {true, "/q3?page=+007", nil}, {false, "/q3?page=0", nil}, {false, "/q3?page=101", nil}, {false, "/q3?page=-1", nil},
		{false, "/q3?page=x", nil}, {false, "/q3?page", nil}, {false, "/q3", nil}, {true, "/q3?page=5&page=500", nil},
		{false, "/q4?page=-5", nil}, {true, "/q4?page=-6", nil}, {false, "/q4?page=0", nil}, {true, "/q4?page=101", nil}, {true, "/q4", nil}, {true, "/q4?page=x", nil},
		{true, "/q5?b=1", nil}, {false, "/q5?b=1&a=1", nil}, {false, "/q5", nil},
		{false, "/q6?a=v1", nil}, {false, "/q6?a=v1x", nil}, {true, "/q6?a=v", nil}, {true, "/q6?a=x&b=v1", nil}, {true, "/q6?a=v&b=v1", nil},
		{true, "/c1", nil}, {true, "/c1", []string{"cookie", "b=1"}}, {false, "/c1", []string{"cookie", "b=1; a=1"}}, {false, "/c1", []string{"cookie", "a="}},
		{true, "/c2", []string{"cookie", "a=10"}}, {false, "/c2", []string{"cookie", "a=11"}}, {false, "/c2", []string{"cookie", "b=1"}}, {false, "/c2", nil},
		{false, "/c3", []string{"cookie", "a=10"}}, {true, "/c3", []string{"cookie", "a=11"}}, {true, "/c3", []string{"cookie", "b=1"}}, {true, "/c3", nil},
		{false, "/c4", []string{"cookie", "a=1"}}, {true, "/c4", []string{"cookie", "a=2"}}, {true, "/c4", nil},
		{true, "/h1", []string{"x-n", "5"}}, {false, "/h1", []string{"x-n", "11"}}, {false, "/h1", nil},
		{false, "/h2", []string{"x-n", "5"}}, {true, "/h2", []string{"x-n", "11"}}, {true, "/h2", []string{"x-n", "x"}}, {true, "/h2", nil},
		{true, "/h3", []string{"x-n", "5"}}, {true, "/h3", []string{"x-n", "9223372036854775807"}}, {false, "/h3", []string{"x-n", "4"}}, {false, "/h3", nil},
		{false, "/other", nil},
	} {
		status, _, _ := e.get("GET", "/web"+x.path, x.header...)
		if got := status == 204; got != x.fits {
			t.Errorf("%s %s: %d, want that it fits: %v", x.path, fmt.Sprint(x.header), status, x.fits)
		}
	}
}
