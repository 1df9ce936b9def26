package importer

import (
	"encoding/base64"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// answered takes off a rule that answers by itself what is said of requests that go on. Headers of its answer are the answer's.
func answered(h *object, out *part) {
	switch edits := out.Headers; {
	case edits == nil || edits.Response == nil:
	case out.Respond == nil:
		h.lose("headers", "a redirect is sent without further headers")
	default:
		out.Respond.Headers = maps.Clone(edits.Response.Add)
		if out.Respond.Headers == nil {
			out.Respond.Headers = map[string]string{}
		}
		maps.Copy(out.Respond.Headers, edits.Response.Set)
	}
	h.loseIf("corsPolicy", "it acts on answers of services alone")
	h.loseIf("fault", "it acts on requests that go to a service alone")
	for _, name := range []string{"timeout", "retries", "mirror", "mirrors", "rewrite"} {
		h.loseIf(name, "it does not act on a rule that answers by itself, in Istio either")
	}
	out.Rule = model.Rule{Name: out.Name, Match: out.Match, To: out.To, Redirect: out.Redirect, Respond: out.Respond}
}

func redirectOrRespond(h *object, out *model.Rule) {
	if r := h.child("redirect"); r != nil {
		out.Redirect = &model.Redirect{Path: r.text("uri"), Host: r.text("authority"), Scheme: r.text("scheme"), Port: r.number("port"), Status: r.number("redirectCode"), Prefix: r.text("prefixRewrite")}
		if derive := r.text("derivePort"); derive != "" && derive != "FROM_PROTOCOL_DEFAULT" {
			r.lose("derivePort", "a port is one that is written, or that of the scheme")
		}
		if out.Redirect.Status == nil {
			moved := uint32(301) // what Istio does
			out.Redirect.Status = &moved
		}
	}
	if d := h.child("directResponse"); d != nil {
		out.Respond = &model.Response{Status: d.number("status")}
		if body := d.child("body"); body != nil {
			out.Respond.Body = body.text("string")
			if plain, err := base64.StdEncoding.DecodeString(body.text("bytes")); err == nil && utf8.Valid(plain) && len(plain) > 0 {
				out.Respond.Body = string(plain)
			} else {
				body.loseIf("bytes", "a body is text; write it as string")
			}
		}
	}
}

func fault(f *object) []model.Fault {
	if f == nil {
		return nil
	}
	var out model.Fault
	if d := f.child("delay"); d != nil {
		time, percent := d.duration("fixedDelay"), d.share("percentage", "percent")
		switch {
		case time != nil && percent == nil:
			d.lose("fixedDelay", "without a percentage no request is held, in Istio either, so that it is left out")
		case time != nil:
			out.Delay = &model.FaultDelay{Time: time, Percent: percent}
		}
		d.loseIf("exponentialDelay", "requests are held for a fixed time")
	}
	if a := f.child("abort"); a != nil {
		status, percent := a.number("httpStatus"), a.share("percentage", "")
		switch {
		case status != nil && percent == nil:
			a.lose("httpStatus", "without a percentage no request fails, in Istio either, so that it is left out")
		case status != nil:
			out.Abort = &model.FaultAbort{Status: status, Percent: percent}
		}
		a.loseIf("grpcStatus", "requests fail with an HTTP status")
		a.loseIf("http2Error", "requests fail with an HTTP status")
	}
	if out.Delay == nil && out.Abort == nil {
		return nil
	}
	return []model.Fault{out}
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
	if c.has("allowOrigins") {
		c.loseIf("allowOrigin", "allowOrigins counts in its place")
	}
	if !c.used["allowOrigin"] {
		for _, origin := range c.texts("allowOrigin") {
			out.AllowOrigins = append(out.AllowOrigins, model.StringMatch{Exact: &origin})
		}
	}
	if slices.Contains(out.AllowMethods, "*") {
		out.AllowMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	}
	if c.text("unmatchedPreflights") == "IGNORE" {
		c.lose("unmatchedPreflights", "a preflight request of another origin goes on to the service")
	}
	return out
}
