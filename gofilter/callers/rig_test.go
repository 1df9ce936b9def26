package callers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const (
	annsKey  = "ann-0123456789abcdef"
	bobsKey  = "bob-0123456789abcdef"
	shopsKey = "shop-0123456789abcdef"
)

var noon = time.Unix(1_700_000_000, 0)

// rig is a keeper with key files of three callers.
type rig struct {
	*testing.T
	keeper *Keeper
	folder string
	mu     sync.Mutex
	logged []string
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, folder: t.TempDir()}
	r.keeper = NewKeeper(func(m string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.logged = append(r.logged, m)
	})
	r.write("ann", annsKey)
	r.write("bob", bobsKey)
	r.write("shop", shopsKey)
	return r
}

func (r *rig) file(name string) string { return filepath.Join(r.folder, name) }

// write replaces a key file at once, as rotations do.
func (r *rig) write(name string, keys ...string) {
	r.Helper()
	if err := os.WriteFile(r.file(name)+".new", []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
		r.Fatal(err)
	}
	if err := os.Rename(r.file(name)+".new", r.file(name)); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) files(names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		out[n] = r.file(n)
	}
	return out
}

func (r *rig) load(c config.Callers) *Set {
	r.Helper()
	s, err := r.keeper.Load(c.Text())
	if err != nil {
		r.Fatal(err)
	}
	return s
}

func (r *rig) keys() config.CallerPolicy {
	return config.CallerPolicy{Name: "keys", APIKey: &config.CallerKey{Keys: r.files("ann", "bob"), Header: "x-api-key", Query: "key"}}
}

func (r *rig) signatures() config.CallerPolicy {
	return config.CallerPolicy{Name: "signed", HMAC: &config.CallerHMAC{
		Keys: r.files("shop", "bob"), Header: config.DefaultSignatureHeader, WindowSeconds: 300, SignedHeaders: []string{"x-tenant", "host"},
	}}
}

// request is one as a host sees it.
type request struct {
	fields [][2]string
	body   string
}

func get(path string, fields ...string) request {
	r := request{fields: [][2]string{{":method", "GET"}, {":path", path}, {":authority", "shop.example"}}}
	return r.with(fields...)
}

func (q request) with(fields ...string) request {
	q.fields = slices.Clone(q.fields)
	for i := 0; i+1 < len(fields); i += 2 {
		q.fields = append(q.fields, [2]string{fields[i], fields[i+1]})
	}
	return q
}

func (q request) value(name string) string {
	for _, f := range q.fields {
		if f[0] == name {
			return f[1]
		}
	}
	return ""
}

// signed signs a request as its caller would.
func (q request) signed(t *testing.T, key string, s config.Signed) request {
	t.Helper()
	if s.Verb == "" {
		s.Verb = q.value(":method")
	}
	s.Path = q.value(":path")
	if s.Caller == "" {
		s.Caller = "shop"
	}
	if s.Time == "" {
		s.Time = fmt.Sprint(noon.Unix())
	}
	s.Headers = []config.SignedHeader{{Name: "x-tenant", Value: q.value("x-tenant")}, {Name: "host", Value: q.value(":authority")}}
	value, err := s.Header([]byte(key), []byte(q.body))
	if err != nil {
		t.Fatal(err)
	}
	return q.with(config.DefaultSignatureHeader, value)
}

// judge walks a request through a check, its body in two parts, and writes the verdict in a line.
func judge(c *Check, s *Set, q request, now time.Time) string {
	c.Begin(s)
	for _, f := range q.fields {
		c.Header([]byte(f[0]), []byte(f[1]))
	}
	v := c.Decide(now)
	if v.Wait {
		half := len(q.body) / 2
		v = c.Finish([][]byte{[]byte(q.body[:half]), []byte(q.body[half:])}, now)
	}
	return verdictText(v)
}

func verdictText(v *Verdict) string {
	if v.Refusal != nil {
		return v.Refusal.Outcome.String()
	}
	var out []string
	for _, f := range v.Facts {
		out = append(out, f.Policy+"="+f.Caller)
	}
	for _, e := range v.Edits {
		switch {
		case e.Value != nil:
			out = append(out, fmt.Sprintf("%s: %s", e.Name, e.Value))
		case e.Name != config.CallerHeader && e.Name != config.CallerAttachment && !strings.HasPrefix(e.Name, config.AttachmentPrefix):
			out = append(out, "-"+e.Name)
		}
	}
	if v.Reroute {
		out = append(out, "again")
	}
	return strings.Join(out, " ")
}
