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

	"github.com/google/go-cmp/cmp"

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

func TestAPIKey(t *testing.T) {
	r := newRig(t)
	r.write("twin", bobsKey)
	optional, dry, ambiguous, both := r.keys(), r.keys(), r.keys(), r.keys()
	optional.APIKey.Optional, dry.DryRun = true, true
	ambiguous.APIKey.Keys = r.files("ann", "bob", "twin")
	both.HMAC = r.signatures().HMAC
	told := config.Callers{Policies: []config.CallerPolicy{r.keys()}, Attachment: true, Reroute: true}
	one := func(p config.CallerPolicy) config.Callers { return config.Callers{Policies: []config.CallerPolicy{p}} }
	consumer := get("/a.B/c", "content-type", config.DubboContentType, config.ArgumentsHeader, "0")
	for _, c := range []struct {
		what string
		cfg  config.Callers
		q    request
		want string
	}{
		{"a key", one(r.keys()), get("/a", "x-api-key", annsKey), "keys=ann x-dubbomesh-caller: ann -x-api-key"},
		{"another", told, get("/a", "x-api-key", bobsKey), "keys=bob x-dubbomesh-caller: bob x-dubbo-attachment-x-dubbomesh-caller: bob -x-api-key again"},
		{"in the query", one(r.keys()), get("/a?x=1&key=" + annsKey + "&y=2"), "keys=ann x-dubbomesh-caller: ann -x-api-key :path: /a?x=1&y=2"},
		{"alone and escaped", one(r.keys()), get("/a?k%65y=" + strings.ReplaceAll(annsKey, "-", "%2D")), "keys=ann x-dubbomesh-caller: ann -x-api-key :path: /a"},
		{"in both places", one(r.keys()), get("/a?key=x", "x-api-key", annsKey), "keys=ann x-dubbomesh-caller: ann -x-api-key :path: /a"},
		{"twice in the query", one(r.keys()), get("/a?key=" + annsKey + "&key=" + bobsKey), "malformed"},
		{"a bad escape", one(r.keys()), get("/a?key=%2"), "malformed"},
		{"of a Dubbo consumer", one(r.keys()), consumer.with("x-dubbo-attachment-x-api-key", annsKey), "keys=ann x-dubbomesh-caller: ann -x-api-key"},
		{"none", one(r.keys()), get("/a"), "missing"},
		{"a wrong one", one(r.keys()), get("/a", "x-api-key", annsKey+"x"), "unknown"},
		{"an empty one", one(r.keys()), get("/a", "x-api-key", ""), "unknown"},
		{"two", one(r.keys()), get("/a", "x-api-key", annsKey, "x-api-key", bobsKey), "malformed"},
		{"of two callers", one(ambiguous), get("/a", "x-api-key", bobsKey), "ambiguous"},
		{"of one of them", one(ambiguous), get("/a", "x-api-key", annsKey), "keys=ann x-dubbomesh-caller: ann -x-api-key"},
		{"optional", one(optional), get("/a"), ""},
		{"optional and wrong", one(optional), get("/a", "x-api-key", "x"), "unknown"},
		{"dry run", one(dry), get("/a", "x-api-key", "x"), ""},
		{"dry run, known", one(dry), get("/a", "x-api-key", annsKey), "keys=ann"},
		{"in place of a signature", one(both), get("/a", "x-api-key", annsKey), "keys=ann x-dubbomesh-caller: ann -x-api-key"},
		{"beside a bad signature", one(both), get("/a", "x-api-key", annsKey, config.DefaultSignatureHeader, "x"), "malformed"},
		{"a name that was made up", one(optional), get("/a", config.CallerHeader, "ann"), ""},
		{"a consumer that nobody knows", config.Callers{Policies: []config.CallerPolicy{optional}, Attachment: true}, consumer.with(config.CallerAttachment, "ann"),
			"x-dubbo-attachment-x-dubbomesh-caller: "},
		{"preflight", one(r.keys()), request{fields: [][2]string{{":method", "OPTIONS"}, {":path", "/a"}, {"origin", "x"}, {"access-control-request-method", "GET"}}}, ""},
		{"no preflight", one(r.keys()), request{fields: [][2]string{{":method", "OPTIONS"}, {":path", "/a"}, {"origin", "x"}}}, "missing"},
		{"two policies", config.Callers{Policies: []config.CallerPolicy{{Name: "first", APIKey: &config.CallerKey{Keys: r.files("shop"), Query: "key"}}, r.keys()}},
			get("/a?key="+shopsKey, "x-api-key", annsKey), "first=shop keys=ann x-dubbomesh-caller: shop :path: /a -x-api-key"},
		{"one of two", config.Callers{Policies: []config.CallerPolicy{{Name: "first", APIKey: &config.CallerKey{Keys: r.files("shop"), Query: "other"}}, r.keys()}},
			get("/a", "x-api-key", annsKey), "missing"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := judge(new(Check), r.load(c.cfg), c.q, noon); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	for _, line := range r.logged {
		if strings.Contains(line, "0123456789") {
			t.Errorf("there is a key in the log: %s", line)
		}
	}
}

func TestSignature(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.signatures()}})
	ok := "signed=shop x-dubbomesh-caller: shop -x-dubbomesh-signature"
	at := func(seconds int64) config.Signed { return config.Signed{Time: fmt.Sprint(noon.Unix() + seconds)} }
	post := request{fields: [][2]string{{":method", "POST"}, {":path", "/a?b=c"}, {":authority", "h"}, {"x-tenant", "gold"}}, body: `{"amount": 10}`}
	changed := func(q request, name, value string) request {
		q = q.with()
		for i := range q.fields {
			if q.fields[i][0] == name {
				q.fields[i][1] = value
			}
		}
		return q
	}
	tampered := post.signed(t, shopsKey, config.Signed{Nonce: "t"})
	tampered.body = `{"amount": 99}`
	call := request{fields: [][2]string{
		{":method", "POST"}, {":path", "/a.B/c"}, {":authority", "a.B"}, {"content-type", config.DubboContentType}, {config.ArgumentsHeader, "3"},
	}, body: "123"}
	consumed := call.signed(t, shopsKey, config.Signed{Verb: config.ConsumerVerb})
	consumed.body += "and attachments, the signature among them"
	short := changed(consumed, config.ArgumentsHeader, "99")
	attached := request{fields: slices.Clone(consumed.fields), body: consumed.body}
	attached = changed(attached, config.ArgumentsHeader, "3")
	attached.fields[len(attached.fields)-1][0] = config.AttachmentPrefix + config.DefaultSignatureHeader
	for _, c := range []struct {
		what string
		q    request
		want string
	}{
		{"a request", get("/a").signed(t, shopsKey, at(0)), ok},
		{"the same again", get("/a").signed(t, shopsKey, at(0)), "replayed"},
		{"with a nonce", get("/a").signed(t, shopsKey, config.Signed{Nonce: "1"}), ok},
		{"with another", get("/a").signed(t, shopsKey, config.Signed{Nonce: "2"}), ok},
		{"with a body", post.signed(t, shopsKey, at(0)), ok},
		{"another body", tampered, "mismatch"},
		{"another verb", changed(get("/v").signed(t, shopsKey, at(0)), ":method", "DELETE"), "mismatch"},
		{"another path", changed(get("/p").signed(t, shopsKey, at(0)), ":path", "/q"), "mismatch"},
		{"another query", changed(get("/p?a=1").signed(t, shopsKey, at(0)), ":path", "/p?a=2"), "mismatch"},
		{"another host", changed(get("/h").signed(t, shopsKey, at(0)), ":authority", "evil"), "mismatch"},
		{"another tenant", changed(post.signed(t, shopsKey, at(0)), "x-tenant", "lead"), "mismatch"},
		{"one tenant more", post.signed(t, shopsKey, at(0)).with("x-tenant", "lead"), "mismatch"},
		{"another key", get("/k").signed(t, bobsKey, at(0)), "mismatch"},
		{"of bob", get("/k").signed(t, bobsKey, config.Signed{Caller: "bob"}), "signed=bob x-dubbomesh-caller: bob -x-dubbomesh-signature"},
		{"of nobody", get("/k").signed(t, bobsKey, config.Signed{Caller: "eve"}), "unknown"},
		{"old", get("/o").signed(t, shopsKey, at(-301)), "expired"},
		{"not so old", get("/o").signed(t, shopsKey, at(-300)), ok},
		{"of the future", get("/o").signed(t, shopsKey, at(301)), "expired"},
		{"another time", changed(get("/o").signed(t, shopsKey, at(7)), config.DefaultSignatureHeader,
			strings.Replace(get("/o").signed(t, shopsKey, at(7)).value(config.DefaultSignatureHeader), "007", "008", 1)), "mismatch"},
		{"none", get("/a"), "missing"},
		{"rubbish", get("/a", config.DefaultSignatureHeader, "rubbish"), "malformed"},
		{"two", get("/2", config.DefaultSignatureHeader, "x").signed(t, shopsKey, at(0)), "malformed"},
		{"of a Dubbo consumer", consumed, ok},
		{"of one, as attachment and again", attached, "replayed"},
		{"arguments that end elsewhere", changed(consumed, config.ArgumentsHeader, "2"), "mismatch"},
		{"arguments beyond the body", short, "malformed"},
		{"no arguments", changed(consumed, config.ArgumentsHeader, "x"), "malformed"},
		{"a call as a request", changed(call.signed(t, shopsKey, config.Signed{Verb: config.ConsumerVerb, Nonce: "r"}), "content-type", "text/plain"), "mismatch"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := judge(new(Check), set, c.q, noon); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Two policies may ask for one and the same signature; dry runs refuse nobody, whatever the body's size.
func TestPoliciesTogether(t *testing.T) {
	r := newRig(t)
	first, second, dry := r.signatures(), r.signatures(), r.signatures()
	second.Name, dry.Name, dry.DryRun = "second", "dry", true
	set := r.load(config.Callers{Policies: []config.CallerPolicy{first, second, dry}})
	q := get("/").signed(t, shopsKey, config.Signed{})
	c := new(Check)
	if got, want := judge(c, set, q, noon), "signed=shop second=shop dry=shop x-dubbomesh-caller: shop -x-dubbomesh-signature -x-dubbomesh-signature"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := judge(c, set, q, noon); got != "replayed" {
		t.Errorf("again: %s", got)
	}
	large := func(s *Set) (string, bool) {
		q := get("/large").signed(t, shopsKey, config.Signed{})
		c.Begin(s)
		for _, f := range q.fields {
			c.Header([]byte(f[0]), []byte(f[1]))
		}
		if v := c.Decide(noon); !v.Wait {
			t.Fatal("it does not wait")
		}
		v, refused := c.TooLarge(noon)
		return verdictText(v), refused
	}
	if _, refused := large(set); !refused {
		t.Error("a body that cannot be checked goes on")
	}
	if text, refused := large(r.load(config.Callers{Policies: []config.CallerPolicy{dry}})); refused || text != "" {
		t.Errorf("a dry run refuses: %s", text)
	}
	got := map[string]uint64{}
	r.keeper.Flush(func(policy, outcome string, tried bool, n uint64) {
		got[fmt.Sprint(policy, " ", outcome, " ", tried)] += n
	}, func(uint64) { t.Error("files failed") })
	want := map[string]uint64{
		"signed verified false": 1, "second verified false": 1, "dry verified true": 1, "signed replayed false": 1,
		"signed too_large false": 1, "second too_large false": 1, "dry too_large true": 2,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// Keys change while requests come; what is wrong with a file is told once and touches its caller alone.
func TestRotation(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.keys()}})
	const next = "ann-next-0123456789"
	steps := []struct {
		what              string
		do                func()
		old, after, other string
		log               string
	}{
		{"before", func() {}, "ann", "unknown", "bob", ""},
		{"both", func() { r.write("ann", annsKey, "", " "+next+"\r") }, "ann", "ann", "bob", ""},
		{"the new one", func() { r.write("ann", next) }, "unknown", "ann", "bob", ""},
		{"too short", func() { r.write("ann", "short") }, "unknown", "unknown", "bob", "line 1 has 5 bytes"},
		{"still", func() {}, "unknown", "unknown", "bob", ""},
		{"empty", func() { r.write("ann") }, "unknown", "unknown", "bob", "no key in it"},
		{"gone", func() { _ = os.Remove(r.file("ann")) }, "unknown", "unknown", "bob", "no such file"},
		{"a folder", func() { _ = os.Mkdir(r.file("ann"), 0o700) }, "unknown", "unknown", "bob", "no regular file"},
		{"back", func() { _ = os.Remove(r.file("ann")); r.write("ann", annsKey) }, "ann", "unknown", "bob", "used again"},
	}
	name := func(key string) string {
		got := judge(new(Check), set, get("/", "x-api-key", key), noon)
		if who, found := strings.CutPrefix(got, "keys="); found {
			got, _, _ = strings.Cut(who, " ")
		}
		return got
	}
	for _, s := range steps {
		r.logged = nil
		s.do()
		r.keeper.Refresh()
		if old, after, other := name(annsKey), name(next), name(bobsKey); old != s.old || after != s.after || other != s.other {
			t.Errorf("%s: %s %s %s, want %s %s %s", s.what, old, after, other, s.old, s.after, s.other)
		}
		if log := strings.Join(r.logged, "\n"); s.log == "" && log != "" || !strings.Contains(log, s.log) || len(r.logged) > 1 {
			t.Errorf("%s: logged %q, want %q", s.what, log, s.log)
		}
	}
	r.keeper.Release(set)
	if n := len(r.keeper.files) + len(r.keeper.sets); n != 0 {
		t.Errorf("%d files and sets are left", n)
	}
}

// A file that is written in place at the moment it is read is read again.
func TestRacyFile(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.keys()}})
	if err := os.WriteFile(r.file("ann"), []byte(strings.ToUpper(annsKey)+"\n"), 0o600); err != nil { // the same size, perhaps the same time
		t.Fatal(err)
	}
	r.keeper.Refresh()
	if got := judge(new(Check), set, get("/", "x-api-key", strings.ToUpper(annsKey)), noon); !strings.HasPrefix(got, "keys=ann") {
		t.Error(got)
	}
}

func TestSeen(t *testing.T) {
	s := newSeen(4)
	s.widen(10)
	m := func(n byte) mark { return mark{0, n} }
	for _, c := range []struct {
		what        string
		m           mark
		second, now int64
		want        Outcome
	}{
		{"first", m(1), 100, 100, Verified},
		{"again", m(1), 100, 100, Replayed},
		{"second", m(2), 101, 101, Verified},
		{"third", m(3), 101, 102, Verified},
		{"fourth", m(4), 103, 103, Verified},
		{"fifth, for which the first goes", m(5), 104, 104, Verified},
		{"the first again", m(1), 100, 104, Expired},
		{"one of the same second", m(6), 100, 104, Expired},
		{"later ones are known", m(3), 101, 104, Replayed},
		{"after a while", m(7), 130, 130, Verified},
		{"and then", m(3), 101, 130, Expired},
		{"room again", m(8), 131, 131, Verified},
		{"room again", m(9), 131, 131, Verified},
	} {
		if got := s.first(c.m, c.second, c.now); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if n := s.shards[0].n; n != 3 {
		t.Errorf("%d are remembered, want 3", n)
	}
}

// Of many requests with one signature at the same time one is let in.
func TestConcurrently(t *testing.T) {
	r := newRig(t)
	set := r.load(config.Callers{Policies: []config.CallerPolicy{r.signatures()}})
	const threads, rounds = 8, 50
	var in [rounds]int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range threads {
		all.Go(func() {
			c := new(Check)
			for i := range rounds {
				q := get("/").signed(t, shopsKey, config.Signed{Nonce: fmt.Sprint(i)})
				if strings.HasPrefix(judge(c, set, q, noon), "signed=shop") {
					mu.Lock()
					in[i]++
					mu.Unlock()
				}
				r.keeper.Refresh()
			}
		})
	}
	all.Wait()
	for i, n := range in {
		if n != 1 {
			t.Errorf("signature %d was let in %d times", i, n)
		}
	}
}
