package explain

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Access is a policy that says who may call, and what it says of the request.
type Access struct {
	Policy  string       `json:"policy"`
	InForce bool         `json:"inForce"`
	Action  string       `json:"action"`           // allow or deny
	DryRun  bool         `json:"dryRun,omitempty"` // what it refuses is only counted
	Asks    []string     `json:"asks,omitempty"`   // what callers have to show: a token, a signature, a key
	Rules   []AccessRule `json:"rules,omitempty"`  // without any the policy fits every request
	Fits    Answer       `json:"fits"`             // that one of its rules fits
}

// AccessRule is a rule of such a policy.
type AccessRule struct {
	Place string `json:"place"` // rules[0] (name)
	Fits  Answer `json:"fits"`
	From  string `json:"from,omitempty"` // who has to call, as the policy has it
}

// Answer is yes, no, or that it depends on what is not known of the request.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Depends Answer = "depends"
)

// both is yes when both are, and no when one is.
func both(a, b Answer) Answer {
	switch {
	case a == No || b == No:
		return No
	case a == Depends || b == Depends:
		return Depends
	}
	return Yes
}

// either is no when both are, and yes when one is.
func either(a, b Answer) Answer {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == Depends || b == Depends:
		return Depends
	}
	return No
}

func (a Answer) not(turned bool) Answer {
	switch {
	case !turned || a == Depends:
		return a
	case a == Yes:
		return No
	}
	return Yes
}

// access tells of the policies of a service what they say of the request, and what comes of all of them.
func (q Question) access(policies []model.Access, method string) (out []Access, sum string) {
	denied, allowed, allows := No, No, false
	var by []string
	for _, a := range policies {
		one := Access{Policy: model.PolicyID(a), InForce: effective(a), Action: "allow", DryRun: a.DryRun, Asks: asks(a), Fits: No}
		if a.Action != "" {
			one.Action = a.Action
		}
		for i, r := range a.Rules {
			rule := AccessRule{Place: fmt.Sprintf("rules[%d]", i), Fits: both(q.calls(r.To, method), q.comesFrom(r.From))}
			if r.Name != "" {
				rule.Place += " (" + r.Name + ")"
			}
			if len(r.From) > 0 {
				rule.From = plainText(r.From)
			}
			one.Rules, one.Fits = append(one.Rules, rule), either(one.Fits, rule.Fits)
		}
		if len(a.Rules) == 0 {
			one.Fits = Yes
		}
		out = append(out, one)
		switch {
		case a.DryRun || !one.InForce:
		case one.Action == "deny":
			denied = either(denied, one.Fits)
			if one.Fits != No {
				by = append(by, one.Policy)
			}
		case len(a.Rules) > 0 || len(one.Asks) == 0: // one that only asks for something allows nobody
			allows, allowed = true, either(allowed, one.Fits)
		}
	}
	return out, verdict(denied, allowed, allows, by)
}

func verdict(denied, allowed Answer, allows bool, by []string) string {
	switch {
	case denied == Yes:
		return "refused by " + strings.Join(by, ", ")
	case allows && allowed == No:
		return "refused: no rule that allows fits"
	case denied == Depends && allows && allowed == Depends:
		return "depends on who calls: allowed by one rule, and not refused by " + strings.Join(by, ", ")
	case denied == Depends:
		return "allowed, unless " + strings.Join(by, ", ") + " fits who calls"
	case allows && allowed == Depends:
		return "depends on who calls"
	case !allows:
		return "anybody may call"
	}
	return "allowed"
}

// asks is what callers have to show.
func asks(a model.Access) (out []string) {
	for _, j := range a.JWT {
		text := "a token of " + j.Name
		if j.Optional {
			text += ", if there is one"
		}
		out = append(out, text)
	}
	if a.HMAC != nil {
		out = append(out, "a signature")
	}
	if a.APIKey != nil {
		out = append(out, "an API key")
	}
	return out
}

// comesFrom says whether the caller is one of those; anybody when there is none.
func (q Question) comesFrom(all []model.Caller) Answer {
	if len(all) == 0 {
		return Yes
	}
	out := No
	for _, c := range all {
		fits := Depends // what a caller shows is not known
		if known := len(c.IP) > 0 && q.Request.Source.Address.IsValid(); known {
			in := slices.ContainsFunc(c.IP, func(text string) bool { return within(text, q.Request.Source.Address) })
			alone := len(c.Identity)+len(c.Service)+len(c.Caller)+len(c.Claims) == 0
			switch {
			case !in:
				fits = No
			case alone:
				fits = Yes
			}
		}
		out = either(out, fits.not(c.Not))
	}
	return out
}

func within(network string, address netip.Addr) bool {
	if p, err := netip.ParsePrefix(network); err == nil {
		return p.Contains(address)
	}
	one, err := netip.ParseAddr(network)
	return err == nil && one == address
}

// plainText is a value as a policy has it, in JSON.
func plainText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
