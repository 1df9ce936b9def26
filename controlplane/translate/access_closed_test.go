package translate

import (
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

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
