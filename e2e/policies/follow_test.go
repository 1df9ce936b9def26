package policies

import (
	"net/http"
	"testing"
)

// followRedirects asks for what has moved: once, twice, more often than the gateway follows, to another service, and to nowhere.
func followRedirects(t *testing.T, m *mesh) {
	const moved, thrice = "/demo-http/moved", "/demo-http/moved/demo-http/moved/demo-http/moved"
	for _, c := range []struct {
		verb, path, body string
		status           int
		want             string // "" for any
	}{
		{http.MethodGet, moved + "/demo-http/hello", "", http.StatusOK, "hello, world\n"},
		{http.MethodGet, moved + moved + "/demo-http/hello", "", http.StatusOK, "hello, world\n"},
		{http.MethodGet, thrice + "/demo-http/hello", "", http.StatusTemporaryRedirect, ""},
		{http.MethodPost, moved + "/demo-http/echo", `{"id":7}`, http.StatusOK, `{"id":7}`},
		{http.MethodPost, moved + moved + "/demo-http/echo", `{"id":7}`, http.StatusOK, `{"id":7}`},
		{http.MethodPost, moved + "/" + dubboService + "/add", "[40,2]", http.StatusOK, "42"},
		{http.MethodPost, moved + "/nowhere", "{}", http.StatusNotFound, ""},
	} {
		for range 5 { // both instances redirect
			if a := m.send(t, c.verb, c.path, c.body); a.status != c.status || c.want != "" && a.body != c.want {
				t.Errorf("%s %s: %d %s, want %d %s", c.verb, c.path, a.status, a.body, c.status, c.want)
			}
		}
	}
}
