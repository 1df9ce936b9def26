package policies

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client keeps its connections and follows no redirect.
var client = &http.Client{
	Timeout:       30 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func fetch(url string) (int, string, error) {
	r, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r.StatusCode, string(body), err
}

// request sends any request to the gateway. The header host names the host.
func (m *mesh) request(t *testing.T, verb, path, body string, headers ...string) (answer, error) {
	return m.requestBy(t, client, verb, path, body, headers...)
}

// requestBy is request by a client of its own.
func (m *mesh) requestBy(t *testing.T, client *http.Client, verb, path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(t.Context(), verb, "http://"+m.Gateway+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("content-type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
		if headers[i] == "host" {
			r.Host = headers[i+1]
		}
	}
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return answer{status: got.StatusCode, header: got.Header, body: string(text)}, err
}

// send is a request that must be answered.
func (m *mesh) send(t *testing.T, verb, path, body string, headers ...string) answer {
	t.Helper()
	a, err := m.request(t, verb, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
