package explain

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// NoHost is a host that no service has, for requests that are found by path alone.
const NoHost = "gateway.invalid"

// UnknownService is the error of a question about a service that there is none of.
type UnknownService struct {
	Name    string
	Nearest string // "" when none is near
}

// Error names the service that was probably meant.
func (e UnknownService) Error() string {
	text := fmt.Sprintf("there is no service %q; ", e.Name)
	if e.Nearest != "" {
		return text + fmt.Sprintf("did you mean %q? ", e.Nearest) + "`dubbomesh services` lists what there is"
	}
	return text + "`dubbomesh services` lists what there is"
}

// token is what an HTTP method consists of.
var token = regexp.MustCompile("^[!#$%&'*+.^_|~0-9A-Za-z`-]*$")

// addressed gives the request what it lacks to reach the service that is asked about: at the gateway, the paths of an HTTP
// service stand below its name. A request under a host, and one to what is called by methods, is taken as it is: there a
// path is that of a call, or of an operation of a Mapping policy.
func (q Question) addressed() (Question, error) {
	if !token.MatchString(q.Request.Verb) {
		return q, fmt.Errorf("%q is no HTTP method; name one such as GET or POST", q.Request.Verb)
	}
	host := q.Request.Host
	q.Request.Host = cmp.Or(host, NoHost)
	if q.Service == "" {
		return q, nil
	}
	all := translate.Services(q.Snapshot)
	at := slices.IndexFunc(all, func(s model.Service) bool { return s.Name == q.Service })
	if at < 0 {
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.Name
		}
		return q, UnknownService{q.Service, nearest.Word(q.Service, names)}
	}
	prefix := translate.PathPrefix(q.Service)
	rest, below := strings.CutPrefix(q.Request.Path, prefix)
	if below = below && (rest == "" || rest[0] == '/' || rest[0] == '?'); !below && host == "" && !called(all[at]) {
		q.Request.Path = prefix + q.Request.Path
	}
	return q, nil
}

// called reports whether a service is called by methods: /{service}/{method}.
func called(s model.Service) bool {
	return slices.ContainsFunc(s.Instances, func(in model.Instance) bool {
		return in.Protocol == model.ProtocolDubbo || in.Protocol == model.ProtocolTriple || in.Protocol == model.ProtocolGRPC
	})
}

// missed says that the request does not reach the service that is asked about; "" when it does.
func (q Question) missed(routes []Route) string {
	if q.Service == "" || slices.ContainsFunc(routes, func(r Route) bool { return r.Service == q.Service }) {
		return ""
	}
	return fmt.Sprintf("this request does not reach %s, which --service names; it is called as %s/… by path, and by the hosts of its own and of its policies", q.Service, translate.PathPrefix(q.Service))
}

// unknownMethods tells of methods that are called and that the service does not have, where anybody describes it.
func (q Question) unknownMethods(routes []Route) (notes []string) {
	for _, r := range routes {
		var known []string
		for _, d := range q.Snapshot.DefinitionsOf(r.Service) {
			for _, m := range d.Methods {
				known = append(known, m.Name)
			}
		}
		for _, m := range q.Snapshot.Policies.Mappings {
			for _, one := range m.Methods {
				if m.Service == r.Service && len(known) > 0 {
					known = append(known, one.Name)
				}
			}
		}
		if r.Method == "" || strings.HasPrefix(r.Method, "$") || len(known) == 0 || slices.Contains(known, r.Method) {
			continue // those with a $ are Dubbo's own
		}
		note := fmt.Sprintf("%s has no method %s that anybody describes", r.Service, r.Method)
		if near := nearest.Word(r.Method, known); near != "" {
			note += fmt.Sprintf("; did you mean %q?", near)
		}
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return notes
}
