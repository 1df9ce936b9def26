package callers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

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
