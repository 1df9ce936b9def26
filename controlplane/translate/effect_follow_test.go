package translate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// The gateway follows redirects to its own paths as often as a rule says, with the body; others reach the caller.
func TestFollowRedirects(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/once": "/web/end", "/twice": "/web/once", "/thrice": "/web/twice", "/away": "/nowhere", "/loop": "/web/loop"}[r.URL.Path]
		if to == "" {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
			return
		}
		w.Header().Set("location", "http://"+r.Header.Get("x-forwarded-host-of-test")+to)
		status := http.StatusTemporaryRedirect
		if strings.HasSuffix(r.URL.RawQuery, "302") {
			status = http.StatusFound
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(web.Close)
	e := newEdge(t, []model.Service{{Name: "web", Instances: []model.Instance{instance(model.ProtocolHTTP, web.Listener.Addr().String(), nil)}}}, `
{kind: Route, name: follow, service: web, rules: [{followRedirects: {max: 2, statuses: [307]}}]}
`)
	e.until("the service answers", "/web/end", http.StatusOK)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/web/once":     "200 POST /end said",
		"/web/twice":    "200 POST /end said",
		"/web/thrice":   "307 ",
		"/web/loop":     "307 ",
		"/web/once?302": "302 ",
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
}
