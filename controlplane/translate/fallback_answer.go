package translate

import (
	"slices"
	"strings"

	xdscore "github.com/cncf/xds/go/xds/core/v3"
	xdstype "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/custom_response/local_response_policy/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// fixedAnswer is what the caller gets. A Dubbo consumer gets a result, unless the status says that it is to be an exception:
// of that the filter in front makes one, as it does of every answer that no provider gave.
func fixedAnswer(f model.Fallback, consumer bool) *localv3.LocalResponsePolicy {
	status := model.Or(f.Status, 200)
	p := &localv3.LocalResponsePolicy{StatusCode: wrapperspb.UInt32(status)}
	headers := headersOf(f)
	switch {
	case consumer && status < 400:
		headers["content-type"], headers[config.StatusHeader] = config.DubboContentType, "20"
		p.Body = &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: dubboResult(f.Body)}}
	case strings.Contains(f.Body, "%"):
		p.BodyFormat = &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
			TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: filled(f.Body)}},
		}}
	case f.Body != "":
		p.Body = &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: f.Body}}
	}
	for _, name := range sortedKeys(headers) {
		p.ResponseHeadersToAdd = append(p.ResponseHeadersToAdd, overwrite(name, filled(headers[name])))
	}
	return p
}

// dubboResult is the body of a Dubbo answer: an empty list and the truth values are what they are, everything else is null,
// since of what class an object is to be is not known.
func dubboResult(body string) []byte {
	const value, null = 0x91, 0x92 // the kinds of results, in Hessian
	switch strings.TrimSpace(body) {
	case "[]":
		return []byte{value, 0x78}
	case "true":
		return []byte{value, 'T'}
	case "false":
		return []byte{value, 'F'}
	}
	return []byte{null}
}

// filledIn is what a body or a header may have Envoy fill in.
var filledIn = []string{"RESPONSE_CODE", "RESPONSE_CODE_DETAILS", "RESPONSE_FLAGS", "START_TIME", "DURATION", "PROTOCOL"}

// filled keeps of a text's percent signs those that stand around what Envoy can fill in: it refuses all others.
func filled(text string) string {
	var out strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "%")
		out.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "%")
		if closed && slices.Contains(filledIn, name) {
			out.WriteString("%" + name + "%")
			text = after
			continue
		}
		out.WriteString("%%")
		text = rest
	}
	return out.String()
}

func matching(name string, m proto.Message) *xdscore.TypedExtensionConfig {
	return &xdscore.TypedExtensionConfig{Name: name, TypedConfig: pack(m)}
}

func statusIs(status string) *xdstype.Matcher_MatcherList_Predicate {
	return equals(&matcherv3.HttpResponseStatusCodeMatchInput{}, status)
}

func statusClassIs(class string) *xdstype.Matcher_MatcherList_Predicate {
	return equals(&matcherv3.HttpResponseStatusCodeClassMatchInput{}, class)
}

func equals(input proto.Message, value string) *xdstype.Matcher_MatcherList_Predicate {
	return single(&xdstype.Matcher_MatcherList_Predicate_SinglePredicate{
		Input: matching("status", input),
		Matcher: &xdstype.Matcher_MatcherList_Predicate_SinglePredicate_ValueMatch{ValueMatch: &xdstype.StringMatcher{
			MatchPattern: &xdstype.StringMatcher_Exact{Exact: value},
		}},
	})
}

// toldBy fits answers of which Envoy says one of these.
func toldBy(details []string) *xdstype.Matcher_MatcherList_Predicate {
	return single(&xdstype.Matcher_MatcherList_Predicate_SinglePredicate{
		Input: matching("attributes", &xdstype.HttpAttributesCelMatchInput{}),
		Matcher: &xdstype.Matcher_MatcherList_Predicate_SinglePredicate_CustomMatch{CustomMatch: matching("envoy.matching.matchers.cel_matcher",
			&xdstype.CelMatcher{ExprMatch: detailsAre(details)})},
	})
}

func single(p *xdstype.Matcher_MatcherList_Predicate_SinglePredicate) *xdstype.Matcher_MatcherList_Predicate {
	return &xdstype.Matcher_MatcherList_Predicate{MatchType: &xdstype.Matcher_MatcherList_Predicate_SinglePredicate_{SinglePredicate: p}}
}
