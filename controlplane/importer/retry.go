package importer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// retryOn are Istio's conditions, which are Envoy's, in our words.
var retryOn = map[string]string{
	"5xx": model.RetryOn5xx, "gateway-error": model.RetryOnGatewayError, "reset": model.RetryOnReset, "connect-failure": model.RetryOnConnectFailure,
	"refused-stream": model.RetryOnRefused, "retriable-4xx": model.RetryOn4xx, "unavailable": model.RetryOnOverload,
}

// retryDefault is what Istio tries again where retries say nothing of it, but for "cancelled", which is a status of gRPC:
// istio.io/api, networking/v1alpha3, HTTPRetry.retry_on. What may have run already is not tried again.
func retryDefault() []string {
	return []string{model.RetryOnConnectFailure, model.RetryOnRefused, model.RetryOnOverload}
}

// unsaidRetry is what Istio does where nothing is said of retries.
func unsaidRetry() *model.Retry {
	attempts := uint32(2)
	return &model.Retry{Attempts: &attempts, On: retryDefault()}
}

// retry reads what is tried again; nil when nothing is said.
func retry(r *object) *model.Retry {
	if r == nil {
		return nil
	}
	out := model.Retry{Attempts: r.number("attempts"), PerTryTimeout: r.duration("perTryTimeout")}
	if base := r.duration("backoff"); base != nil {
		out.Backoff = &model.Backoff{Base: base}
	}
	out.SameInstance = r.text("retryIgnorePreviousHosts") == "false"
	if r.text("retryRemoteLocalities") == "true" {
		r.lose("retryRemoteLocalities", "an attempt goes to whichever zone the policy of zones says, as the first one does")
	}
	unknown := r.retryConditions(&out)
	none := uint32(0)
	switch {
	case model.Or(out.Attempts, 0) == 0:
		if !r.has("attempts") && len(r.fields) > 0 {
			r.left("without attempts nothing is tried again, in Istio either")
		}
		return &model.Retry{Attempts: &none}
	case len(out.On)+len(out.Statuses) == 0 && unknown:
		return &model.Retry{Attempts: &none} // rather than on what nobody has asked for
	case len(out.On)+len(out.Statuses) == 0:
		out.On = retryDefault()
	}
	return &out
}

// retryConditions reads what is tried again, and reports what of it is not known.
func (o *object) retryConditions(out *model.Retry) bool {
	var unknown []string
	for word := range strings.SplitSeq(o.text("retryOn"), ",") {
		word = strings.TrimSpace(word)
		switch status, err := strconv.ParseUint(word, 10, 32); {
		case word == "" || word == "retriable-status-codes": // which are listed beside it
		case retryOn[word] != "":
			if !slices.Contains(out.On, retryOn[word]) {
				out.On = append(out.On, retryOn[word])
			}
		case err == nil:
			out.Statuses = append(out.Statuses, uint32(status))
		default:
			unknown = append(unknown, word)
		}
	}
	if len(unknown) > 0 {
		o.lose("retryOn", strings.Join(unknown, ", ")+" cannot be asked for")
	}
	return len(unknown) > 0
}
