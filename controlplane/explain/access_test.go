package explain

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/routing"
)

func TestWhoMayCall(t *testing.T) {
	const inside = "kind: Access\nname: inside\nservice: s\nrules: [{name: private, from: {ip: 10.0.0.0/8}}]\n"
	const deletes = "kind: Access\nname: deletes\nservice: s\naction: deny\nrules: [{to: [{method: {prefix: delete}}, {verb: DELETE}]}]\n"
	const partners = "kind: Access\nname: partners\nservice: s\naction: deny\nrules: [{from: {service: partner}, to: {headers: {x-tenant: {in: [a, b]}}}}]\n"
	for name, c := range map[string]struct {
		policies, method, ip string
		headers              map[string]string
		want                 string
		fits                 []Answer
	}{
		"nobody says anything":    {"", "find", "", nil, "anybody may call", nil},
		"from where is not known": {inside, "find", "", nil, "depends on who calls", []Answer{Depends}},
		"from inside":             {inside, "find", "10.1.2.3", nil, "allowed", []Answer{Yes}},
		"from outside":            {inside, "find", "192.0.2.1", nil, "refused: no rule that allows fits", []Answer{No}},
		"a method is denied":      {deletes, "deleteAll", "", nil, "refused by Access/deletes", []Answer{Yes}},
		"another is not":          {deletes, "find", "", nil, "anybody may call", []Answer{No}},
		"deny goes first":         {deletes + "---\n" + inside, "deleteAll", "10.1.2.3", nil, "refused by Access/deletes", []Answer{Yes, Yes}},
		"dry run":                 {deletes + "dryRun: true\n", "deleteAll", "", nil, "anybody may call", []Answer{Yes}},
		"who calls is denied":     {partners, "find", "", map[string]string{"x-tenant": "a"}, "allowed, unless Access/partners fits who calls", []Answer{Depends}},
		"not of this tenant":      {partners, "find", "", map[string]string{"x-tenant": "c"}, "anybody may call", []Answer{No}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []model.Access
			for _, p := range policy.Parse("access", []byte(c.policies)) {
				if err := p.Err(); err != nil {
					t.Fatal(err)
				}
				list = append(list, p.Policy.(model.Access))
			}
			q := Question{Request: routing.Request{Verb: "POST", Path: "/s/" + c.method, Headers: c.headers}}
			if c.ip != "" {
				q.Request.Source.Address = netip.MustParseAddr(c.ip)
			}
			all, sum := q.access(list, c.method)
			var fits []Answer
			for _, a := range all {
				fits = append(fits, a.Fits)
			}
			if diff := cmp.Diff(c.fits, fits); sum != c.want || diff != "" {
				t.Errorf("%s, want %s\n%s", sum, c.want, diff)
			}
		})
	}
}

func TestRateLimitsThatApply(t *testing.T) {
	q := Question{Request: routing.Request{Verb: "GET", Path: "/find?page=7", Host: "a:80"}}
	page := func(low, high int64) []model.RequestMatch {
		return []model.RequestMatch{{Query: map[string]model.StringMatch{"page": {Range: &model.Range{Min: low, Max: high}}}}}
	}
	for want, limits := range map[Answer][]model.RateLimit{
		Yes: {{Match: page(8, 9)}, {Match: page(1, 7)}}, No: {{Match: page(8, 9)}}, Depends: {{Match: []model.RequestMatch{{Source: &model.SourceMatch{}}}}},
	} {
		if got := q.setting("rateLimit", said{"", limits}, "").Applies; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := q.setting("timeout", said{"", model.Duration(5)}, "").Applies; got != "" {
		t.Errorf("a timeout %s", got)
	}
}
