package translate

import (
	"errors"
	"fmt"
	"slices"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Who may call is never decided in favour of callers by what cannot be expressed. A rule that allows then fits nobody, one
// that denies fits everybody or everything, and a policy that asks for what nobody can check refuses all requests.

// checkAccess closes the Access policies that ask callers for what cannot be checked, and reports what of the others cannot
// be expressed.
func (u *unit) checkAccess() {
	u.in.Policies.Access = slices.Clone(u.in.Policies.Access)
	for i, p := range u.in.Policies.Access {
		source := sourceOf(p)
		if err := errors.Join(u.checkTokens(p), u.checkCredentials(p)); err != nil {
			u.in.Policies.Access[i] = closed(p)
			u.leftOut(source, fmt.Sprintf("%s refuses all requests of %s%s: %v", model.PolicyID(p), u.in.Service.Name, dryly(p), err))
		}
	}
	for _, p := range u.in.Policies.Access {
		_, err := u.policyRules(p, way{calls: true})
		u.unclear(p, err)
	}
}

// unclear reports what of a policy's rules cannot be expressed.
func (u *unit) unclear(p model.Access, err error) {
	if err != nil {
		u.leftOut(sourceOf(p), fmt.Sprintf("%s on %s%s: %v", model.PolicyID(p), u.in.Service.Name, dryly(p), err))
	}
}

func dryly(p model.Access) string {
	if p.DryRun {
		return " (in its dry run)"
	}
	return ""
}

// closed is a policy that refuses all that the other covers.
func closed(p model.Access) model.Access {
	return model.Access{PolicyMeta: p.PolicyMeta, Action: actionDeny, DryRun: p.DryRun}
}

// unknownCallers stands for callers that a rule cannot tell: it allows none of them, or denies all of them.
func unknownCallers(deny bool) *rbacv3.Principal {
	if deny {
		return anybody()
	}
	return notPrincipal(anybody())
}

// unknownRequests stands for requests that a rule cannot tell.
func unknownRequests(deny bool) *rbacv3.Permission {
	if deny {
		return anything()
	}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: anything()}}
}
