package translate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Who may call outlives policies that Envoy would refuse, at last as a refusal of everybody.
func TestLesserPolicies(t *testing.T) {
	meta := model.PolicyMeta{Name: "a"}
	access := []model.Access{{PolicyMeta: meta, Rules: []model.AccessRule{{From: []model.Caller{{Caller: []string{"ann"}}}}}}}
	refusal := []model.Access{{PolicyMeta: meta, Action: actionDeny}}
	p := model.ServicePolicies{Access: access, Routes: []model.Route{{}}, From: map[string]string{}}
	for _, want := range []model.ServicePolicies{{Access: access}, {Access: refusal}, {}} {
		p, _ = lesser(p)
		if d := cmp.Diff(want, p); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
}

// A rule that cannot be expressed never lets anybody in.
func TestRulesThatCannotBeExpressed(t *testing.T) {
	u := newUnit(Input{Service: model.Service{Name: "web"}}, DefaultOptions())
	large := model.StringMatch{Regex: "(?:[a-z]{1000}){1000}"}
	for _, action := range []string{"", actionDeny} {
		p := model.Access{PolicyMeta: model.PolicyMeta{Name: "p"}, Action: action, Rules: []model.AccessRule{
			{From: []model.Caller{{Caller: []string{"ann"}}}}, {To: []model.RequestMatch{{Headers: map[string]model.StringMatch{"x": large}}}},
		}}
		rules, err := u.policyRules(p, way{calls: true})
		if err == nil || len(rules) != 2 {
			t.Fatalf("%q: %d rules, %v", action, len(rules), err)
		}
		who, what := rules["p/0"].Principals[0], rules["p/1"].Permissions[0]
		if deny := action == actionDeny; who.GetAny() != deny || what.GetAny() != deny || (who.GetNotId().GetAny() || what.GetNotRule().GetAny()) == deny {
			t.Errorf("%q: %v %v", action, who, what)
		}
	}
}
