package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

// What a request is answered that does not say who calls, one that is too large, and one with which the core fails.
func TestCallers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	var logged []string
	log := func(m string) { logged = append(logged, m) }
	keeper := callers.NewKeeper(log)
	keys := map[string]string{"ann": file}
	set, err := host.LoadCallers(keeper, config.Callers{Policies: []config.CallerPolicy{
		{Name: "a", APIKey: &config.CallerKey{Keys: keys, Query: `k"é`}, HMAC: &config.CallerHMAC{Keys: keys, Header: "x-s", WindowSeconds: 1}},
	}, MaxRequestBytes: 7}.Text(), log)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	field := func(name, value string) host.Field { return host.Field{Name: []byte(name), Value: []byte(value)} }
	var c callers.Check
	s := host.AskCaller(&c, set, []host.Field{field(":path", "/")}, now, log)
	if s.Response == nil || s.Response.Status != 401 || s.Details != "caller_missing" || s.Events != host.Rejected {
		t.Fatalf("%+v", s)
	}
	var problem struct {
		Type, Title, Detail string
		Status              int
	}
	if err := json.Unmarshal(s.Response.Body, &problem); err != nil || problem.Type != "urn:dubbomesh:unauthorized" || !strings.Contains(problem.Detail, `k"é`) {
		t.Errorf("%v: %s", err, s.Response.Body)
	}
	for _, h := range s.Response.Headers {
		if h.Name == "www-authenticate" && h.Value != `ApiKey query="k___", DUBBOMESH-HMAC-SHA256 header="x-s"` {
			t.Error(h.Value)
		}
	}
	signature := field("x-s", "caller=ann,time=1000,signature="+strings.Repeat("0", 64))
	if s = host.AskCaller(&c, set, []host.Field{field(":path", "/"), signature}, now, log); !s.Wait || s.Limit != 7 {
		t.Fatalf("%+v", s)
	}
	if s = host.CallerTooLarge(&c, 7, now, log); s.Response == nil || s.Response.Status != 413 {
		t.Fatalf("%+v", s)
	}
	host.AskCaller(&c, set, []host.Field{signature}, now, log)
	if s = host.CheckCaller(&c, nil, now, log); s.Response == nil || s.Details != "caller_mismatch" {
		t.Fatalf("%+v", s)
	}
	if len(logged) > 0 {
		t.Error(logged)
	}
	if s = host.AskCaller(&c, nil, nil, now, log); s.Response == nil || s.Response.Status != 500 || s.Events != host.Panicked || len(logged) != 1 {
		t.Errorf("a panic is %+v, %q", s, logged)
	}
	for _, text := range []string{"", "{}", `{"policies": [{"name": "a"}]}`, `{"policies": [], "more": 1}`} {
		if _, err := host.LoadCallers(keeper, []byte(text), log); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	n := 0
	host.FlushCallers(keeper, func(string, string, bool, uint64) { n++ }, func(uint64) { n++ }, log)
	if n != 3 {
		t.Errorf("%d counts", n)
	}
}
