package explain

import (
	"errors"
	"strings"
	"testing"
)

func TestAddressed(t *testing.T) {
	const mapping = "{kind: Mapping, name: rest, service: com.example.Hello, operations: [{verb: GET, path: /hellos, method: all, parameters: []}]}"
	for name, c := range map[string]struct {
		service, host, path string
		want, reached       string // the request, and the service that it reaches
		noted               bool   // that it is another
	}{
		"without a service":        {"", "", "/web/hello", "gateway.invalid/web/hello", "web", false},
		"its path":                 {"web", "", "/web/hello", "gateway.invalid/web/hello", "web", false},
		"a path of its own":        {"web", "", "/hello?a=1", "gateway.invalid/web/hello?a=1", "web", false},
		"a path that begins alike": {"web", "", "/website", "gateway.invalid/web/website", "web", false},
		"only a query":             {"web", "", "/web?a=1", "gateway.invalid/web?a=1", "web", false},
		"under its host":           {"web", "web", "/hello", "web/hello", "web", false},
		"under another host":       {"web", "elsewhere", "/hello", "elsewhere/hello", "", true},
		"a call":                   {"com.example.Hello", "", "/com.example.Hello/hi", "gateway.invalid/com.example.Hello/hi", "com.example.Hello", false},
		"an operation":             {"com.example.Hello", "", "/hellos", "gateway.invalid/hellos", "com.example.Hello", false},
		"no operation":             {"com.example.Hello", "", "/hallo", "gateway.invalid/hallo", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			q := asked(t, mapping, c.path, nil)
			q.Service, q.Request.Host = c.service, c.host
			e, err := Explain(q)
			if err != nil || e.Request != "GET "+c.want || len(e.Routes) != 1 || e.Routes[0].Service != c.reached {
				t.Fatalf("%+v, %v", e, err)
			}
			if noted := strings.HasPrefix(e.Notes[0], "this request does not reach "); noted != c.noted {
				t.Errorf("notes %q", e.Notes)
			}
		})
	}
}

func TestUnknownService(t *testing.T) {
	for name, nearest := range map[string]string{"webb": "web", "com.example.Helo": "com.example.Hello", "something-else-entirely": ""} {
		q := asked(t, "{kind: Traffic, name: x}", "/", nil)
		q.Service = name
		_, err := Explain(q)
		var unknown UnknownService
		if !errors.As(err, &unknown) || unknown != (UnknownService{name, nearest}) || (nearest != "") != strings.Contains(err.Error(), "did you mean \""+nearest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
