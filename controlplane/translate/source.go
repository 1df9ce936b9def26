package translate

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	statev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	connectionstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What a connection is told to be, by itself and by the Envoy that takes it: its caller's address, and the zone and labels
// of the Envoy, which are those of node.locality.zone and node.metadata.labels in its bootstrap. So one configuration
// serves every Envoy, and each finds out what is meant for it.
const (
	SourceAddress = "dubbomesh.source.address"
	SourceZone    = "dubbomesh.source.zone"
	SourceLabel   = "dubbomesh.source.label." // and the label's name
)

// errSource is told where there are but headers to look at.
var errSource = errors.New("source: ip, labels and zone cannot be looked at here; write a Route with a rule for them, which has this field too")

// plainLabel is what the name of a label consists of that an Envoy can be asked for.
var plainLabel = regexp.MustCompile(`^[0-9A-Za-z._/-]{1,253}$`)

// sourceConditions adds to a match where a request comes from, but for who calls, which is a header.
func sourceConditions(match *routev3.RouteMatch, s *model.SourceMatch) error {
	if s == nil {
		return nil
	}
	if len(s.IP) > 0 {
		ranges, err := addresses(s.IP)
		if err != nil {
			return err
		}
		match.FilterState = append(match.FilterState, &matcherv3.FilterStateMatcher{Key: SourceAddress, Matcher: &matcherv3.FilterStateMatcher_AddressMatch{
			AddressMatch: &matcherv3.AddressMatcher{Ranges: ranges},
		}})
	}
	text := func(key string, m *matcherv3.StringMatcher) {
		match.FilterState = append(match.FilterState, &matcherv3.FilterStateMatcher{Key: key, Matcher: &matcherv3.FilterStateMatcher_StringMatch{StringMatch: m}})
	}
	if len(s.Zone) > 0 {
		text(SourceZone, oneOf(s.Zone))
	}
	for _, name := range Names(s.Labels) {
		if !plainLabel.MatchString(name) {
			return fmt.Errorf("source: label %q cannot be asked of an Envoy; name one of letters, digits, dots, dashes, slashes and underscores", name)
		}
		text(SourceLabel+name, exactly(s.Labels[name]))
	}
	return nil
}

func oneOf(texts []string) *matcherv3.StringMatcher {
	if len(texts) == 1 {
		return exactly(texts[0])
	}
	return regexMatcher(model.StringMatch{In: texts}.Pattern())
}

// addresses are IP addresses and networks as Envoy has them.
func addresses(list []string) (out []*xdscorev3.CidrRange, err error) {
	for _, text := range list {
		p, err := network(text)
		if err != nil {
			return nil, fmt.Errorf("source: ip: %w", err)
		}
		out = append(out, &xdscorev3.CidrRange{AddressPrefix: p.Addr().String(), PrefixLen: wrapperspb.UInt32(uint32(p.Bits()))})
	}
	return out, nil
}

// network reads an IP network, or an address as the network of that one.
func network(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// sourceKeys lists what routes ask of where a request comes from.
func sourceKeys(routes ...[]*routev3.Route) (out []string) {
	for _, list := range routes {
		for _, r := range list {
			for _, m := range r.GetMatch().GetFilterState() {
				out = append(out, m.GetKey())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tellSource tells each connection, once, what routes may ask of it. A label that nobody asks for is not looked up.
func tellSource(services []ServiceResources) *listenerv3.Filter {
	var labels []string
	for _, s := range services {
		for _, key := range s.sourceKeys {
			if name, is := strings.CutPrefix(key, SourceLabel); is {
				labels = append(labels, name)
			}
		}
	}
	slices.Sort(labels)
	values := []*statev3.FilterStateValue{
		connectionState(SourceAddress, "envoy.network.ip", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
		connectionState(SourceZone, "envoy.string", "%CEL(xds.node.locality.zone)%"),
	}
	for _, name := range slices.Compact(labels) {
		values = append(values, connectionState(SourceLabel+name, "envoy.string", "%CEL(xds.node.metadata['labels']['"+name+"'])%"))
	}
	return &listenerv3.Filter{Name: "source", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(&connectionstatev3.Config{OnNewConnection: values})}}
}

// behindProxies reports services with rules about addresses at a port where the caller's is not that of the connection.
func behindProxies(e edge, services []ServiceResources) (problems []model.Problem) {
	if model.Or(e.gateway.TrustedHops, 0) == 0 {
		return nil
	}
	own, _ := e.rules()
	for _, s := range append(slices.Clip(services), ServiceResources{Name: "the gateway", sourceKeys: sourceKeys(own)}) {
		if slices.Contains(s.sourceKeys, SourceAddress) {
			problems = append(problems, model.Problem{Key: sourceOf(e.gateway), Reason: fmt.Sprintf(
				"%s: rules of %s with source.ip look at the address of the connection, which with trustedHops is that of the proxy in front; write an Access policy with from: {ip: …}, which knows the caller's, or match x-forwarded-for",
				model.PolicyID(e.gateway), s.Name)})
		}
	}
	return problems
}

func connectionState(key, factory, format string) *statev3.FilterStateValue {
	return &statev3.FilterStateValue{
		Key: &statev3.FilterStateValue_ObjectKey{ObjectKey: key}, FactoryKey: factory, SkipIfEmpty: true,
		Value: &statev3.FilterStateValue_FormatString{FormatString: &corev3.SubstitutionFormatString{
			Format: &corev3.SubstitutionFormatString_TextFormatSource{TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: format}}},
		}},
	}
}

// operationRoutes are the routes of operations.
func operationRoutes(all []operation) (out [][]*routev3.Route) {
	for _, op := range all {
		out = append(out, op.routes)
	}
	return out
}
