package api

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
	"github.com/dubbomesh/dubbomesh/controlplane/openapi"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Described is a group and version of a service of which there is an OpenAPI document.
type Described struct {
	Service string `json:"service"`
	Group   string `json:"group,omitempty"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url"` // of the document, on this server

	schema config.Schema
}

func (s server) openapis(w http.ResponseWriter, _ *http.Request) {
	snap := s.snapshot()
	list := []Described{}
	for _, service := range knownServices(snap) {
		list = append(list, described(snap, service)...)
	}
	s.write(w, list)
}

// openapi serves the document of one variant: the one that group and version name, or the only one that fits what is named,
// as with calls.
func (s server) openapi(w http.ResponseWriter, r *http.Request) {
	snap, service := s.snapshot(), r.PathValue("service")
	all := described(snap, service)
	if len(all) == 0 {
		s.fail(w, http.StatusNotFound, undescribed(snap, service))
		return
	}
	found, ok := choose(all, r.URL.Query())
	if !ok {
		s.fail(w, http.StatusNotFound, fmt.Sprintf("%s is not known in this group and version; ask for one of %s", service, strings.Join(urls(all), ", ")))
		return
	}
	asYAML, err := wantsYAML(r)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err.Error())
		return
	}
	text, err := openapi.Document(found.schema, openapi.Options{Server: gatewayURL(s.gateway, r.Host), Group: found.Group, Version: found.Version})
	if err == nil && asYAML {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		s.log.Error("the API cannot describe a service", "service", service, "error", err)
		s.fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("content-type", "application/json")
	if asYAML {
		w.Header().Set("content-type", "application/yaml")
	}
	w.Header().Set("vary", "accept")
	_, _ = w.Write(text)
}

// snapshot is what is registered, with the policies that are in force.
func (s server) snapshot() model.Snapshot {
	snap := s.mesh.State().Snapshot
	if s.policies != nil {
		snap.Policies = s.policies().Policies().Above(snap.Policies)
	}
	return snap
}

// described lists what is known of a service, by group and version.
func described(snap model.Snapshot, service string) []Described {
	svc, ok := snap.Service(service)
	if !ok {
		svc.Name = service // defined before it is registered
	}
	in := translate.InputOf(snap, svc)
	var out []Described
	for _, variant := range variants(in) {
		schema, ok := translate.Schema(in, variant.Group, variant.Version)
		if !ok {
			continue
		}
		query := url.Values{}
		for name, value := range map[string]string{"group": variant.Group, "version": variant.Version} {
			if value != "" {
				query.Set(name, value)
			}
		}
		where := url.URL{Path: "/openapi/" + service, RawPath: "/openapi/" + url.PathEscape(service), RawQuery: query.Encode()}
		out = append(out, Described{Service: service, Group: variant.Group, Version: variant.Version, URL: where.String(), schema: schema})
	}
	return out
}

// variants lists the groups and versions in which a service is registered or defined. A definition for every variant is
// one itself only where no variant is registered.
func variants(in translate.Input) []Described {
	var out []Described
	for _, i := range in.Service.Instances {
		out = append(out, Described{Group: i.Group, Version: i.Version})
	}
	for _, d := range in.Definitions {
		if general := d.ByHand() && d.Group == "" && d.Version == ""; !general || len(in.Service.Instances) == 0 {
			out = append(out, Described{Group: d.Group, Version: d.Version})
		}
	}
	compare := func(a, b Described) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version))
	}
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b Described) bool { return compare(a, b) == 0 })
}

// choose finds the variant that a query names exactly, or the only one that fits what it names.
func choose(all []Described, query url.Values) (Described, bool) {
	var fitting []Described
	for _, d := range all {
		if d.Group == query.Get("group") && d.Version == query.Get("version") {
			return d, true
		}
		if (!query.Has("group") || d.Group == query.Get("group")) && (!query.Has("version") || d.Version == query.Get("version")) {
			fitting = append(fitting, d)
		}
	}
	if len(fitting) != 1 {
		return Described{}, false
	}
	return fitting[0], true
}

func urls(all []Described) []string {
	out := make([]string, len(all))
	for i, d := range all {
		out[i] = d.URL
	}
	return out
}

// undescribed says why there is no document, and what to do.
func undescribed(snap model.Snapshot, service string) string {
	if _, registered := snap.Service(service); registered {
		return fmt.Sprintf("nothing is known of the shape of %s; providers with a Dubbo metadata report tell it, and so does a definition that is written to %s/definitions/%s", service, registry.DefaultPrefix, url.PathEscape(service))
	}
	return fmt.Sprintf("there is no service %q; %s", service, seeOthers(service, knownServices(snap), "/openapi"))
}

// seeOthers names the service that was probably meant, and where all are.
func seeOthers(service string, known []string, where string) string {
	if near := nearest.Word(service, known); near != "" {
		return fmt.Sprintf("did you mean %q? %s lists them", near, where)
	}
	return where + " lists them"
}

// knownServices lists the services that are registered or defined, sorted.
func knownServices(snap model.Snapshot) []string {
	names := definedServices(snap)
	for _, s := range snap.Services {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// wantsYAML looks at ?format= and then at Accept; JSON is the default.
func wantsYAML(r *http.Request) (bool, error) {
	switch format := r.URL.Query().Get("format"); format {
	case "yaml":
		return true, nil
	case "json":
		return false, nil
	case "":
	default:
		return false, fmt.Errorf("format is %q: write json or yaml", format)
	}
	accept := r.Header.Get("accept")
	return strings.Contains(accept, "yaml") && !strings.Contains(accept, "json"), nil
}

// gatewayURL is where a gateway is reached: at the address that it binds or, if that is every one, at the host at which the
// control plane was reached.
func gatewayURL(gateway, reached string) string {
	host, port, err := net.SplitHostPort(gateway)
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = (&url.URL{Host: reached}).Hostname()
	}
	return "http://" + net.JoinHostPort(host, port)
}
