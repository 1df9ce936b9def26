package policy

import (
	"cmp"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func (d *decoder) access(a model.Access) {
	says := len(a.Rules) > 0 || len(a.JWT) > 0 || a.HMAC != nil || a.APIKey != nil
	switch {
	case !says && a.Action == "deny":
		d.warn("action", "without rules every request is refused")
	case !says:
		d.wrong("", "nothing is said; write rules, jwt, hmac or apiKey")
	}
	seen := map[string]bool{}
	for i, p := range a.JWT {
		if seen[p.Name] {
			d.wrong(indexed("jwt", i)+".name", "%s was there already; give the provider another name", p.Name)
		}
		seen[p.Name] = true
	}
	d.credentials(a)
	for i, r := range a.Rules {
		d.accessRule(indexed("rules", i), r)
		d.callers(indexed("rules", i), r, a)
	}
}

// credentials checks where keys and signatures are.
func (d *decoder) credentials(a model.Access) {
	key, signature := "", ""
	if k := a.APIKey; k != nil {
		d.credentialHeader("apiKey.header", k.Header)
		if key = k.Header; key == "" && k.Query == "" {
			key = config.DefaultKeyHeader
		}
	}
	if h := a.HMAC; h != nil {
		d.credentialHeader("hmac.header", h.Header)
		signature = cmp.Or(h.Header, config.DefaultSignatureHeader)
		for i, name := range h.SignedHeaders {
			if strings.EqualFold(name, signature) {
				d.wrong(indexed("hmac.signedHeaders", i), "the signature is in it, and cannot sign itself; leave it out")
			}
		}
	}
	if key != "" && strings.EqualFold(key, signature) {
		d.wrong("apiKey.header", "the signature is in %s too; write another one", signature)
	}
}

func (d *decoder) credentialHeader(path, name string) {
	if name == "" {
		return
	}
	if err := config.CheckCredentialHeader(strings.ToLower(name)); err != nil {
		d.wrong(path, "%v", err)
	}
}

// callers notes names that none of the policy's own keys is for: nobody is called so.
func (d *decoder) callers(path string, r model.AccessRule, a model.Access) {
	if a.APIKey == nil && a.HMAC == nil {
		return // names of another policy
	}
	for i, c := range r.From {
		for j, name := range c.Caller {
			if !hasKey(a, name) {
				d.warn(indexed(indexed(path+".from", i)+".caller", j), "no key of the policy is for %s, so that nobody fits", name)
			}
		}
	}
}

func hasKey(a model.Access, caller string) bool {
	shows, signs := false, false
	if a.APIKey != nil {
		_, shows = a.APIKey.Keys[caller]
	}
	if a.HMAC != nil {
		_, signs = a.HMAC.Keys[caller]
	}
	return shows || signs
}

func (d *decoder) accessRule(path string, r model.AccessRule) {
	for i, c := range r.From {
		from := indexed(path+".from", i)
		if len(c.Identity)+len(c.Service) > 0 {
			d.warn(from, "identity and service are what the caller's certificate says, which is asked for at ports of a Gateway with tls.clientCa alone; elsewhere nobody fits")
		}
	}
	for i, m := range r.To {
		to := indexed(path+".to", i)
		for _, s := range []set{
			{"query", len(m.Query) > 0}, {"cookies", len(m.Cookies) > 0}, {"percent", m.Percent != nil}, {"arguments", len(m.Arguments) > 0},
		} {
			if s.is {
				d.wrong(below(to, s.name), "who may call cannot depend on it; name paths, methods, headers or attachments")
			}
		}
		if s := m.Source; s != nil && len(s.IP)+len(s.Labels)+len(s.Zone) > 0 {
			d.wrong(to+".source", "ip, labels and zone are not looked at here; write from: {ip: …}")
		}
	}
}
