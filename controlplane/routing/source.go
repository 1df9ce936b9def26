package routing

import (
	"fmt"
	"net/netip"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Source is where a request comes from and which Envoy it comes to. What is not known of it fits nothing.
type Source struct {
	Address netip.Addr
	Zone    string            // of the Envoy
	Labels  map[string]string // of the Envoy
}

// misfitSource says why a request does not come from where a match asks for; "" when it does.
func misfitSource(m *matcherv3.FilterStateMatcher, s Source) (string, error) {
	text, what := "", ""
	switch label, is := strings.CutPrefix(m.GetKey(), translate.SourceLabel); {
	case m.GetKey() == translate.SourceAddress && m.GetAddressMatch() != nil:
		return misfitAddress(m.GetAddressMatch(), s.Address)
	case m.GetKey() == translate.SourceZone && m.GetStringMatch() != nil:
		text, what = s.Zone, "zone"
	case is && m.GetStringMatch() != nil:
		text, what = s.Labels[label], "label "+label
	default:
		return "", fmt.Errorf("it asks for %s, which is not known here", m.GetKey())
	}
	if text == "" {
		return "the " + what + " of the proxy is not told", nil
	}
	fits, err := fitsText(m.GetStringMatch(), text)
	if err != nil {
		return "", fmt.Errorf("%s of the proxy: %w", what, err)
	}
	if !fits {
		return "the " + what + " of the proxy does not fit", nil
	}
	return "", nil
}

func misfitAddress(m *matcherv3.AddressMatcher, a netip.Addr) (string, error) {
	if !a.IsValid() {
		return "the address of the caller is not told", nil
	}
	for _, r := range m.GetRanges() {
		base, err := netip.ParseAddr(r.GetAddressPrefix())
		if err != nil {
			return "", fmt.Errorf("address of the caller: %w", err)
		}
		if netip.PrefixFrom(base, int(r.GetPrefixLen().GetValue())).Contains(a.Unmap()) {
			return "", nil
		}
	}
	return "the address of the caller does not fit", nil
}

// argument is the value of an argument, by the header that the filter would write it into.
func (r Request) argument(header string) (string, bool) {
	for path, text := range r.Arguments {
		if config.ArgumentHeader(path) == header {
			return string(config.AppendArgument(nil, text)), true
		}
	}
	return "", false
}
