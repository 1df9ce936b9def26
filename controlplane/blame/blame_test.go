package blame

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const retries = "kind: Traffic\nname: hello\nservice: web\ntimeout: 2s\nretry: {attempts: 2, perTryTimeout: 1s, backoff: {base: 25ms, max: 250ms}}\n"

func TestRank(t *testing.T) {
	route := "service: web\nrules:\n  - match: {path: /big}\n    respond: {status: 200, body: " + strings.Repeat("x", 5000) + "}\n"
	for name, c := range map[string]struct {
		words   string
		changes []Change
		want    []string
	}{
		"one change":         {"no such thing", []Change{{ID: "Traffic/hello", Revision: 3, After: "timeout: 2s\n"}}, []string{"Traffic/hello timeout 1:10"}},
		"only what changed":  {"no such thing", []Change{{ID: "Traffic/hello", Revision: 3, Before: retries, After: strings.Replace(retries, "1s", "2s", 1)}}, []string{"Traffic/hello retry.perTryTimeout 5:37"}},
		"the newest first":   {"no such thing", []Change{{ID: "Traffic/a", Revision: 3, After: "timeout: 2s\n"}, {ID: "Traffic/b", Revision: 4, After: "timeout: 2s\n"}}, []string{"Traffic/b timeout 1:10", "Traffic/a timeout 1:10"}},
		"a path in the text": {"RouteActionValidationError.RetryPolicy: embedded message failed validation | caused by RetryPolicyValidationError.RetryBackOff: BaseInterval: value must be greater than 0", []Change{{ID: "Traffic/hello", Revision: 3, After: retries}}, []string{"Traffic/hello retry.backoff.base 5:57"}},
		"the text's words":   {"response body size is 5000 bytes; maximum is 4096", []Change{{ID: "Traffic/hello", Revision: 9, After: retries}, {ID: "Route/big", Revision: 3, After: route}}, []string{"Route/big rules[0].respond.body 4:34", "Traffic/hello  0:0"}},
		"a quoted value": {"Failed to load certificate chain from /etc/tls/nope.pem", []Change{
			{ID: "Traffic/hello", Revision: 9, After: retries},
			{ID: "Gateway/edge", Revision: 3, After: "listeners: [{port: 1, tls: {certificate: /etc/tls/nope.pem, key: /etc/tls/key.pem}}]\n"},
		}, []string{"Gateway/edge listeners[0].tls.certificate 1:42", "Traffic/hello  0:0"}},
		"a deletion": {"no such cluster", []Change{{ID: "Traffic/hello", Before: retries}}, []string{"Traffic/hello  0:0"}},
		"no change":  {"no such cluster", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range Rank(c.words, c.changes) {
				got = append(got, fmt.Sprintf("%s %s %d:%d", s.ID, s.Leaf.Field, s.Leaf.Line, s.Leaf.Column))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
