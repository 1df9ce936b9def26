package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// connectionHeaders say how a message is carried over its connection. They are for Envoy alone to set: a request with another length
// than it has hangs until its timeout.
var connectionHeaders = []string{
	"connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}

// meaningfulHeaders have a meaning of their own, so that no lane can be carried in them.
var meaningfulHeaders = []string{
	"accept", "accept-encoding", "authorization", "baggage", "content-encoding", "content-type", "cookie", "date", "expect", "origin", "range", "referer",
	"traceparent", "tracestate", "user-agent", "x-request-id", config.GroupHeader, config.VersionHeader,
}

// ownedPrefixes begin the names of headers that Envoy and the mesh write themselves.
var ownedPrefixes = []string{"x-envoy-", "x-dubbomesh-", "x-forwarded-", config.AttachmentPrefix}

// headerChange notes headers that cannot be changed.
func (d *decoder) headerChange(path string, h model.HeaderChange) {
	d.ownHeaders(below(path, "set"), h.Set)
	d.ownHeaders(below(path, "add"), h.Add)
	for i, name := range h.Remove {
		at := indexed(below(path, "remove"), i)
		switch strings.ToLower(name) {
		case "host":
			d.wrong(at, "a request has a host; write rewrite: {host: …} for another one")
		case "content-length", "transfer-encoding":
			d.wrong(at, "it says how long the message is, which Envoy has to know; leave it out")
		}
	}
}

// ownHeaders notes those among headers by name that are for Envoy alone to set.
func (d *decoder) ownHeaders(path string, headers map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		d.ownHeader(path+"["+name+"]", name)
	}
}

func (d *decoder) ownHeader(path, name string) {
	switch lower := strings.ToLower(name); {
	case lower == "host":
		d.wrong(path, "the host is no header that can be changed; write rewrite: {host: …}")
	case slices.Contains(connectionHeaders, lower):
		d.wrong(path, "it says how a message is carried over its connection, which only Envoy knows; leave it out")
	}
}

// carrier notes headers that cannot carry a lane beside what they are there for.
func (d *decoder) carrier(path string, c model.LaneCarrier) {
	name := strings.ToLower(c.Header)
	owned := slices.ContainsFunc(ownedPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	if owned || slices.Contains(connectionHeaders, name) || slices.Contains(meaningfulHeaders, name) {
		d.wrong(below(path, "header"), "%s has a meaning of its own, and no room for the name of a lane; write another one, such as %s", name, model.DefaultLaneHeader)
	}
}

// token notes headers that tokens cannot be taken from, and those that cannot be made of what they say.
func (d *decoder) token(path string, j model.JWTProvider) {
	if name := strings.ToLower(j.Header); slices.Contains(connectionHeaders, name) {
		d.wrong(below(path, "header"), "%s has a meaning of its own; write another one", name)
	}
	d.ownHeaders(below(path, "claimHeaders"), j.ClaimHeaders)
}

// origins checks what Envoy takes one by one: a list of what fits, of which none can be turned round.
func (d *decoder) origins(path string, c model.CORS) {
	for i, o := range c.AllowOrigins {
		at := indexed(path+".allowOrigins", i)
		for _, s := range []set{{"not", o.Not}, {"present", o.Present != nil}, {"range", o.Range != nil}} {
			if s.is {
				d.wrong(below(at, s.name), "origins are allowed by what they are; name them, by exact, prefix, suffix, in or regex")
			}
		}
	}
}
