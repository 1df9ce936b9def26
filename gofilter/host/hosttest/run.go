package hosttest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Route says how a path prefix is served. Prefixes end with a slash.
type Route struct {
	Prefix    string
	Providers []*Provider
	Timeout   time.Duration // of the whole request
}

// ShortTimeout is the timeout of calls under Short.
const ShortTimeout = 300 * time.Millisecond

// Start starts a gateway with the host under test, which ends with the test, and returns its URL. The gateway routes
// forms on POST / and answers 404 where no route leads.
type Start func(t *testing.T, routes ...Route) (url string)

// Run runs every script against one gateway. differences has what this host answers otherwise, by the names of the
// scripts; each has to be told in docs/hosts.md.
func Run(t *testing.T, start Start, differences map[string]Reply) {
	p := StartProvider(t, Echo)
	providers := []*Provider{p}
	gateway := start(t,
		Route{Prefix: "/com.example.Hello/", Providers: providers, Timeout: time.Minute},
		Route{Prefix: "/com.example.Short/", Providers: providers, Timeout: ShortTimeout})
	used := 0
	for _, s := range Scripts() {
		if other, ok := differences[s.Name]; ok {
			s.Want, used = other, used+1
		}
		t.Run(s.Name, func(t *testing.T) {
			for range max(1, s.Times) {
				p.Become(Echo)
				if s.Provider != nil {
					p.Become(s.Provider)
				}
				Expect(t, gateway, s.Request, s.Want)
			}
			p.Become(Echo)
			Expect(t, gateway, Invoke("after"), OK("after"))
		})
	}
	if used != len(differences) {
		t.Errorf("%d of the differences belong to no script", len(differences)-used)
	}
}

var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}

// Expect makes a request and checks the reply.
func Expect(t *testing.T, gateway string, r Request, want Reply) {
	t.Helper()
	got, err := Send(gateway, r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != want.Status || want.Body != "" && got.Body != want.Body {
		t.Fatalf("got %d %.300s, want %d %.300s", got.Status, got.Body, want.Status, want.Body)
	}
}

// Send makes a request. A reply without a content-length is an error.
func Send(gateway string, r Request) (Reply, error) {
	request, err := http.NewRequest(orElse(r.Verb, http.MethodPost), gateway+orElse(r.Path, Hash), strings.NewReader(r.Body))
	if err != nil {
		return Reply{}, err
	}
	if kind := orElse(r.Type, "application/json"); kind != "-" {
		request.Header.Set("content-type", kind)
	}
	if r.Types != "" {
		request.Header.Set("x-dubbo-parameter-types", r.Types)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	if response.ContentLength < 0 {
		return Reply{}, fmt.Errorf("%s: the answer has no content-length", request.URL)
	}
	body, err := io.ReadAll(response.Body)
	return Reply{response.StatusCode, string(body)}, err
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
