package registry

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// tags is a tag router: which instances have which tag, beside those that say so themselves. A request with the tag
// goes to them, one without goes to the others. (Dubbo 2.7.23's TagRouter is the reference.)
type tags struct {
	names     []string
	addresses map[string][]string // of those that the rule gives instances to
}

// tagStep keeps the instances that have the tag of a request, or the others for one without.
type tagStep struct {
	rule   *tags // nil for none: what instances say of themselves counts
	force  bool  // the rule's
	tag    string
	known  bool // false: the request has a tag, but one that nobody knows
	forced bool // the request wants its tag or nothing
}

func (s tagStep) id() string {
	var rule []byte
	if s.rule != nil {
		rule, _ = json.Marshal([]any{s.rule.names, s.rule.addresses, s.force}) // of texts, which have a form
	}
	return "tag " + strconv.Quote(s.tag) + " " + strconv.FormatBool(s.known) + " " + strconv.FormatBool(s.forced) + string(rule)
}

func (s tagStep) leave(_, _ string, all []candidate) []candidate {
	if s.tag == "" && s.known {
		return s.untagged(all)
	}
	var left []candidate
	addresses := []string(nil)
	if s.rule != nil {
		addresses = s.rule.addresses[s.tag]
	}
	switch {
	case !s.known:
	case len(addresses) > 0:
		left = keep(all, func(c candidate) bool { return listed(addresses, c) })
		if s.force {
			return left
		}
	default:
		left = keep(all, func(c candidate) bool { return c.tag() == s.tag })
	}
	if len(left) > 0 || s.forced {
		return left
	}
	every := s.rule.all()
	return keep(all, func(c candidate) bool { return c.tag() == "" && !listed(every, c) })
}

// untagged are the instances for requests without a tag: those that have none. Where there is a rule, a tag that it does
// not name is none.
func (s tagStep) untagged(all []candidate) []candidate {
	every := s.rule.all()
	return keep(all, func(c candidate) bool {
		tag := c.tag()
		return !listed(every, c) && (tag == "" || s.rule != nil && !slices.Contains(s.rule.names, tag))
	})
}

// all are the addresses of all tags.
func (t *tags) all() (out []string) {
	if t != nil {
		for _, name := range t.names {
			out = append(out, t.addresses[name]...)
		}
	}
	return out
}

func keep(all []candidate, which func(candidate) bool) (left []candidate) {
	for _, c := range all {
		if which(c) {
			left = append(left, c)
		}
	}
	return left
}

// listed reports whether an instance is among addresses: ip:port, ip, 10.0.0.0/8, 10.0.*.*:port, 10.0.0.1-9.
func listed(addresses []string, c candidate) bool {
	return slices.ContainsFunc(addresses, func(a string) bool { return atAddress(a, c.in.Address, c.in.Port) })
}

func atAddress(address, host string, port uint32) bool {
	if address == "*" {
		return true
	}
	if net, err := netip.ParsePrefix(address); err == nil {
		ip, err := netip.ParseAddr(host)
		return err == nil && net.Contains(ip)
	}
	if _, err := netip.ParseAddr(address); err == nil {
		return address == host
	}
	want, wantPort := splitAuthority(address)
	if wantPort != "" && wantPort != strconv.FormatUint(uint64(port), 10) {
		return false
	}
	if want == host || want == "0.0.0.0" {
		return true
	}
	mask, parts := strings.Split(want, "."), strings.Split(host, ".")
	if len(mask) != 4 || len(parts) != 4 {
		return false
	}
	for i, m := range mask {
		if !segmentFits(m, parts[i]) {
			return false
		}
	}
	return true
}

// segmentFits compares one of the four numbers of an address: a number, an asterisk, or a range.
func segmentFits(mask, number string) bool {
	from, to, isRange := strings.Cut(mask, "-")
	if !isRange {
		return mask == "*" || mask == number
	}
	low, err1 := strconv.ParseUint(from, 10, 8)
	high, err2 := strconv.ParseUint(to, 10, 8)
	n, err3 := strconv.ParseUint(number, 10, 8)
	return err1 == nil && err2 == nil && err3 == nil && low <= n && n <= high
}
