package importer

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

func redirectOrRespond(h *object, out *model.Rule) {
	if r := h.child("redirect"); r != nil {
		out.Redirect = &model.Redirect{Path: r.text("uri"), Host: r.text("authority"), Scheme: r.text("scheme"), Port: r.number("port"), Status: r.number("redirectCode"), Prefix: r.text("prefixRewrite")}
		r.loseIf("derivePort", "a port is one that is written, or that of the scheme")
		if out.Redirect.Status == nil {
			moved := uint32(301) // what Istio does
			out.Redirect.Status = &moved
		}
	}
	if d := h.child("directResponse"); d != nil {
		out.Respond = &model.Response{Status: d.number("status")}
		if body := d.child("body"); body != nil {
			out.Respond.Body = body.text("string")
			body.loseIf("bytes", "a body is text; write it as string")
		}
	}
}

// retryOn are Istio's conditions, which are Envoy's, in our words.
var retryOn = map[string]string{
	"5xx": model.RetryOn5xx, "gateway-error": model.RetryOnGatewayError, "reset": model.RetryOnReset, "connect-failure": model.RetryOnConnectFailure,
	"refused-stream": model.RetryOnRefused, "retriable-4xx": model.RetryOn4xx, "unavailable": model.RetryOnOverload,
}

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
	var unknown []string
	for word := range strings.SplitSeq(r.text("retryOn"), ",") {
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
		r.lose("retryOn", strings.Join(unknown, ", ")+" cannot be asked for")
	}
	if reflect.DeepEqual(out, model.Retry{}) {
		return nil
	}
	return &out
}

func fault(f *object) []model.Fault {
	if f == nil {
		return nil
	}
	var out model.Fault
	if d := f.child("delay"); d != nil {
		if time := d.duration("fixedDelay"); time != nil {
			out.Delay = &model.FaultDelay{Time: time, Percent: d.share("percentage", "percent")}
		}
		d.loseIf("exponentialDelay", "requests are held for a fixed time")
	}
	if a := f.child("abort"); a != nil {
		if status := a.number("httpStatus"); status != nil {
			out.Abort = &model.FaultAbort{Status: status, Percent: a.share("percentage", "")}
		}
		a.loseIf("grpcStatus", "requests fail with an HTTP status")
		a.loseIf("http2Error", "requests fail with an HTTP status")
	}
	if out.Delay == nil && out.Abort == nil {
		return nil
	}
	return []model.Fault{out}
}

func (k *known) mirrors(h *object, out *part) {
	add := func(from, d *object, percent *model.Percent) {
		if d != nil {
			out.from[fmt.Sprintf("mirror[%d]", len(out.Mirror))] = from
			host := d.text("host")
			out.Mirror = append(out.Mirror, model.Mirror{Service: service(host), Labels: k.labels(d, host), Percent: percent})
			d.loseIf("port", "instances are registered with their ports")
		}
	}
	one := h.child("mirror")
	add(one, one, h.share("mirrorPercentage", "mirrorPercent"))
	for _, m := range h.children("mirrors") {
		add(m, m.child("destination"), m.share("percentage", ""))
	}
}

func cors(c *object) *model.CORS {
	if c == nil {
		return nil
	}
	out := &model.CORS{
		AllowMethods: c.texts("allowMethods"), AllowHeaders: c.texts("allowHeaders"), ExposeHeaders: c.texts("exposeHeaders"),
		MaxAge: c.duration("maxAge"), AllowCredentials: c.text("allowCredentials") == "true",
	}
	for _, o := range c.children("allowOrigins") {
		if m, ok := o.match(); ok {
			out.AllowOrigins = append(out.AllowOrigins, m)
		}
	}
	for _, origin := range c.texts("allowOrigin") {
		out.AllowOrigins = append(out.AllowOrigins, model.StringMatch{Exact: &origin})
	}
	if slices.Contains(out.AllowMethods, "*") {
		out.AllowMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	}
	c.loseIf("unmatchedPreflights", "a preflight request of another origin goes on to the service")
	return out
}

func headerEdits(h *object) *model.HeaderEdits {
	if h == nil {
		return nil
	}
	change := func(c *object) *model.HeaderChange {
		if c == nil {
			return nil
		}
		out := &model.HeaderChange{Set: c.labels("set"), Add: c.labels("add"), Remove: c.texts("remove")}
		if reflect.DeepEqual(*out, model.HeaderChange{}) {
			return nil
		}
		return out
	}
	out := &model.HeaderEdits{Request: change(h.child("request")), Response: change(h.child("response"))}
	if *out == (model.HeaderEdits{}) {
		return nil
	}
	return out
}
