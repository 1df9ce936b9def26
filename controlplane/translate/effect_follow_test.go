package translate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The gateway follows redirects to its own paths as often as a rule says, with the body; others reach the caller.
func TestFollowRedirects(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/once": "/web/end", "/twice": "/web/once", "/thrice": "/web/twice", "/away": "/nowhere", "/loop": "/web/loop",
			"/slash": "/web/end?a=b", "/slashes": "/web/slash", "/host": "//" + r.Header.Get("x-forwarded-host-of-test") + "/web/end", "/bare": "end"}[r.URL.Path]
		if to == "" {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
			return
		}
		if !slices.Contains([]string{"/slash", "/slashes", "/host", "/bare"}, r.URL.Path) {
			to = "http://" + r.Header.Get("x-forwarded-host-of-test") + to
		}
		w.Header().Set("location", to)
		status := http.StatusTemporaryRedirect
		if strings.HasSuffix(r.URL.RawQuery, "302") {
			status = http.StatusFound
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(web.Close)
	at := []model.Instance{instance(model.ProtocolHTTP, web.Listener.Addr().String(), nil)}
	e := newEdge(t, []model.Service{{Name: "plain", Instances: at}, {Name: "renamed", Instances: at}, {Name: "web", Instances: at}}, `
{kind: Route, name: follow, service: web, rules: [{followRedirects: {max: 2, statuses: [307]}}]}
---
{kind: Route, name: renamed, service: renamed, rules: [{rewrite: {host: inside}, followRedirects: {max: 2, statuses: [307]}}]}
`)
	e.until("the service answers", "/web/end", http.StatusOK)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/web/once":      "200 POST /end said",
		"/web/twice":     "200 POST /end said",
		"/web/thrice":    "307 ",
		"/web/loop":      "307 ",
		"/web/once?302":  "302 ",
		"/web/slash":     "200 POST /end said",
		"/web/slashes":   "200 POST /end said",
		"/web/host":      "200 POST /end said",
		"/web/bare":      "307 ",
		"/web/slash?302": "302 ",
		"/renamed/slash": "200 POST /end said",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url+path, strings.NewReader("said"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("x-forwarded-host-of-test", strings.TrimPrefix(e.url, "http://"))
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if got := fmt.Sprintf("%d %s", answer.StatusCode, body); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{"/web/slash?302": e.url + "/web/end?a=b", "/plain/slash": "/web/end?a=b"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Get("location"); got != want {
			t.Errorf("%s: the caller is sent to %q, want %q", path, got, want)
		}
	}
}
