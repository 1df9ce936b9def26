package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rest maps requests to the methods of Echo.
const rest = `
kind: Mapping
name: echo
service: org.dubbomesh.demo.Echo
methods:
- {name: getUser, parameters: [{name: id, type: long}], returns: org.dubbomesh.demo.User}
- {name: saveUser, parameters: [{name: user, type: org.dubbomesh.demo.User}], returns: org.dubbomesh.demo.User}
- {name: add, parameters: [{name: a, type: long}, {name: b, type: long}], returns: long}
- {name: echo, parameters: [{name: text, type: java.lang.String}], returns: java.lang.String}
- {name: fail, parameters: [{name: message, type: java.lang.String}]}
operations:
- {verb: GET, path: "/people/{id}", method: getUser}
- {verb: GET, path: /people/me, method: getUser, parameters: [{from: header, name: x-person, type: long, default: 1}], unwrap: name}
- {verb: PUT, path: /people, method: saveUser, status: 201}
- {verb: GET, path: /sum, method: add, parameters: [{from: query, name: a, required: true}, {from: query, name: b, default: 40}]}
- {verb: POST, path: /sum, method: add}
- {verb: GET, path: "/say/{text=**}", method: echo}
- {verb: GET, path: /who, method: echo, parameters: [{from: cookie, name: who, type: java.lang.String}]}
- {verb: DELETE, path: /luck, method: fail, parameters: [{from: query, name: message}], exceptions: [{class: org.dubbomesh.demo.BusinessException, status: 409, body: {luck: none}}]}
classes:
  org.dubbomesh.demo.User:
    fields:
    - {name: id, type: long}
    - {name: name, type: java.lang.String}
    - {name: role, type: org.dubbomesh.demo.Role}
    - {name: active, type: boolean}
    - {name: balance, type: double}
    - {name: created, type: java.util.Date}
    - {name: home, type: org.dubbomesh.demo.Address}
    - {name: addresses, type: "java.util.List<org.dubbomesh.demo.Address>"}
    - {name: attributes, type: "java.util.Map<java.lang.String, java.lang.String>"}
    naming: {name: full_name}
  org.dubbomesh.demo.Address: {fields: [{name: city, type: java.lang.String}, {name: street, type: java.lang.String}]}
  org.dubbomesh.demo.Role: {enum: [MEMBER, ADMIN]}
results: {nulls: drop}
`

// mapped is what the mapping makes of requests, whoever provides the service.
var mapped = []struct {
	request, body string
	headers       []string
	status        int
	want          string // for problems, what the detail begins with
}{
	{"GET /people/1", "", nil, 200, strings.Replace(fmt.Sprintf(ann, `"ADMIN"`), `"name"`, `"full_name"`, 1)},
	{"GET /people/me", "", nil, 200, `"Ann"`},
	{"GET /people/me", "", []string{"x-person", "2"}, 200, `"Bóbó 🐟"`},
	{"GET /people/x", "", nil, 400, `path variable id: expected long (an integer of 64 bits), found the text x`},
	{"PUT /people", `{"full_name":"Eve","role":"MEMBER","created":"2024-02-29T13:14:15Z","home":{"city":"Oslo"}}`, nil, 201,
		`{"id":0,"full_name":"Eve","role":"MEMBER","active":false,"balance":0.0,"created":"2024-02-29T13:14:15.000Z","home":{"city":"Oslo"}}`},
	{"PUT /people", `{"role":"BOSS"}`, nil, 400, `request body: argument 0, byte 8 (at "/role"): expected org.dubbomesh.demo.Role (MEMBER, ADMIN), found the string "BOSS"`},
	{"GET /sum?a=2", "", nil, 200, `42`},
	{"GET /sum?a=9007199254740993&b=-1", "", nil, 200, `9007199254740992`},
	{"GET /sum", "", nil, 400, `query parameter a: long (an integer of 64 bits) is required`},
	{"POST /sum", `{"b":1,"a":2}`, nil, 200, `3`},
	{"GET /say/a/b%20c", "", nil, 200, `"a/b c"`},
	{"GET /who", "", []string{"cookie", "x=y; who=ann"}, 200, `"ann"`},
	{"DELETE /luck?message=no+luck", "", nil, 409, `{"luck":"none"}`},
}

// TestMapping: REST requests call Dubbo methods as a policy says, and go on being what they were when it is gone.
func TestMapping(t *testing.T) {
	m := startMesh(t)
	m.put(t, "/dubbomesh/policies/Mapping/echo", rest)
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			provider := p.start(t, "one")
			registration := m.register(t, echoService, provider.address)
			defer registration.stop(t)
			eventually(t, "the mapping is in force", func() error {
				status, body, err := m.request("GET /say/hello", "")
				if err == nil && (status != http.StatusOK || string(body) != `"hello"`) {
					err = fmt.Errorf("%d %.300s", status, body)
				}
				return err
			})
			m.requireMapped(t)
		})
	}
	for _, problem := range m.problems(t) {
		t.Errorf("a problem: %+v", problem)
	}
}

// requireMapped makes all requests of the mapping.
func (m *mesh) requireMapped(t *testing.T) {
	t.Helper()
	for _, x := range mapped {
		t.Run(x.request, func(t *testing.T) {
			status, body, err := m.request(x.request, x.body, x.headers...)
			if err != nil || status != x.status {
				t.Fatalf("status %d, %v, want %d; %.500s", status, err, x.status, body)
			}
			if status == http.StatusBadRequest {
				if detail, _ := digits(t, body).(map[string]any)["detail"].(string); !strings.HasPrefix(detail, x.want) {
					t.Errorf("detail %q, want %q", detail, x.want)
				}
				return
			}
			got := digits(t, body)
			if all, ok := got.(map[string]any); ok && strings.HasPrefix(x.request, "PUT") {
				delete(all, "addresses") // dubbo-go makes empty lists and maps of null
				delete(all, "attributes")
				if home, ok := all["home"].(map[string]any); ok && home["street"] == "" {
					delete(home, "street")
				}
			}
			if d := cmp.Diff(digits(t, []byte(x.want)), got); d != "" {
				t.Errorf("answer differs (-want +got):\n%s", d)
			}
		})
	}
}

// TestTwoMappings: what a second policy says of the same service, and one of another service of the same path, changes
// nothing of what the first does.
func TestTwoMappings(t *testing.T) {
	m := startMesh(t)
	m.put(t, "/dubbomesh/policies/Mapping/echo", rest)
	m.register(t, echoService, peers[2].start(t, "one").address)
	m.register(t, helloService, startProvider(t, "hello", 0).address)
	m.put(t, "/dubbomesh/policies/Mapping/another-of-echo", `
service: org.dubbomesh.demo.Echo
operations:
- {verb: GET, path: "/others/{id}", method: getUser, parameters: [{from: path, name: id, type: long}]}
- {verb: GET, path: "/people/{id}", method: echo, parameters: [{from: path, name: id, type: java.lang.String}]}
classes: {org.dubbomesh.demo.User: {naming: {name: label}}}
exceptions: [{class: org.dubbomesh.demo.BusinessException, status: 418}]
results: {class: true}`)
	m.put(t, "/dubbomesh/policies/Mapping/another", `
service: `+helloService+`
methods: [{name: hash, parameters: [{name: text, type: java.lang.String}], returns: int}]
operations:
- {verb: GET, path: "/hash/{text}", method: hash}
- {verb: GET, path: /sum, method: hash, parameters: [{from: query, name: a}]}`)
	for request, want := range map[string]string{"GET /others/1": `"label":"Ann"`, "GET /hash/a": "97"} {
		eventually(t, request, func() error {
			status, body, err := m.request(request, "")
			if err == nil && (status != http.StatusOK || !strings.Contains(string(body), want) || strings.Contains(string(body), "full_name")) {
				err = fmt.Errorf("%d %.300s", status, body)
			}
			return err
		})
	}
	m.requireMapped(t)
	told := fmt.Sprint(m.problems(t))
	for _, want := range []string{
		"GET /sum belongs to org.dubbomesh.demo.Echo already, by /dubbomesh/policies/Mapping/echo",
		"operation GET /people/{*} is said otherwise by Mapping/echo",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("problems do not say %q: %s", want, told)
		}
	}
}

// request sends a request such as "GET /path" to the gateway.
func (m *mesh) request(line, body string, headers ...string) (int, []byte, error) {
	verb, path, _ := strings.Cut(line, " ")
	request, err := http.NewRequest(verb, m.gatewayURL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("content-type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := gatewayClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}
