package translate

import (
	"fmt"

	xdstype "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// limitHeader tells which of a route's limits has refused, where that makes a difference: those with a body.
const limitHeader = "x-dubbomesh-limit"

// namedLimit has the refusals of the limit at an index bear its name.
func namedLimit(index int, l model.RateLimit) []*corev3.HeaderValueOption {
	if l.Body == "" {
		return nil
	}
	return []*corev3.HeaderValueOption{overwrite(limitHeader, itoa(index))}
}

// refusals are the answers of limits that have a body: Envoy's own have none. Their status stays.
func refusals(u *unit, s routeSettings) (found []*xdstype.Matcher_MatcherList_FieldMatcher) {
	for i, l := range s.limits() {
		if l.Body == "" {
			continue
		}
		if u.opt.contrib() {
			u.report(s, "rateLimit", fmt.Errorf("body: %w", errNeedsModule))
			return nil
		}
		answer := fixedAnswer(model.Fallback{Status: new(uint32(429)), Body: l.Body}, false)
		answer.StatusCode = nil
		found = append(found, &xdstype.Matcher_MatcherList_FieldMatcher{
			Predicate: &xdstype.Matcher_MatcherList_Predicate{MatchType: &xdstype.Matcher_MatcherList_Predicate_AndMatcher{
				AndMatcher: &xdstype.Matcher_MatcherList_Predicate_PredicateList{Predicate: []*xdstype.Matcher_MatcherList_Predicate{
					toldBy(config.DetailsRateLimited),
					equals(&matcherv3.HttpResponseHeaderMatchInput{HeaderName: limitHeader}, itoa(i)),
				}},
			}},
			OnMatch: &xdstype.Matcher_OnMatch{OnMatch: &xdstype.Matcher_OnMatch_Action{Action: matching("refusal", answer)}},
		})
	}
	return found
}
