package registry

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// dubboProtocols are the Dubbo protocols that the mesh can reach.
var dubboProtocols = map[string]model.Protocol{"dubbo": model.ProtocolDubbo, "tri": model.ProtocolTriple}

// parseDubbo reads a key of Dubbo's etcd registry, as Dubbo 2.7 for Java (EtcdRegistry) and dubbo-go 3 (registry/etcdv3)
// write it; key is what follows "<root>/". The value says nothing: the registration is the key
// <interface>/providers/<encoded URL>. Beside the providers stand configurators, routers and consumers. Both
// implementations also write the bare folders as keys of their own, and keep metadata, mappings and configuration under
// the same root; what is none of ours is ignored.
func parseDubbo(key string, _ []byte) (record, error) {
	if notice, ok := configCenterRule(key); ok {
		return record{notices: []string{notice}}, nil
	}
	parts := strings.Split(key, "/")
	if len(parts) < 3 || parts[2] == "" {
		return record{}, nil
	}
	switch parts[1] {
	case "providers", "configurators", "routers":
	default:
		return record{}, nil
	}
	service, err := segment(parts[0], "interface")
	if err != nil {
		return record{}, err
	}
	u, err := parseDubboURL(strings.Join(parts[2:], "/"))
	if err != nil {
		return record{}, err
	}
	switch parts[1] {
	case "providers":
		return parseProvider(service, u)
	case "configurators":
		return parseConfigurator(service, u)
	default:
		return parseRouter(service, u)
	}
}

// parseProvider reads the URL of a provider.
func parseProvider(service string, u dubboURL) (record, error) {
	protocol, ok := dubboProtocols[u.protocol]
	if !ok {
		return record{}, fmt.Errorf("protocol %s cannot be reached through the mesh; it reaches dubbo and tri", quote(u.protocol))
	}
	for name, only := range map[string]string{"category": "providers", "side": "provider", "interface": service} {
		if v := u.get(name, only); v != only {
			return record{}, fmt.Errorf("%s is %s; a provider of %s says %s or nothing", name, quote(v), quote(service), quote(only))
		}
	}
	in := model.Instance{Protocol: protocol, Group: u.get("group", ""), Version: u.get("version", ""), Status: model.StatusUp}
	var errs [5]error
	var disabled bool
	in.Address, errs[0] = u.address()
	in.Port, errs[1] = parsePort(u.port)
	in.Weight, errs[2] = parseWeight(u.get("weight", strconv.Itoa(model.DefaultWeight)))
	in.WarmUp, errs[3] = u.warmUp()
	disabled, errs[4] = u.disabled()
	if err := firstLine(errors.Join(errs[:]...)); err != nil {
		return record{}, err
	}
	if disabled {
		in.Status = model.StatusDraining
	}
	if in.Version == "0.0.0" {
		in.Version = "" // Dubbo's way of saying that there is none
	}
	in.Labels = u.labels()
	rec := record{service: service, instance: &in, says: given{
		weight:   u.get("weight", "") != "",
		disabled: u.get("disabled", "") != "" || u.get("enabled", "") != "",
	}}
	if u.path != "" && u.path != service {
		rec.notices = append(rec.notices, fmt.Sprintf("path %s differs from the interface and is not honoured: calls name %s", quote(u.path), quote(service)))
	}
	return rec, nil
}

// parseRouter reports a routing rule: none is honoured.
func parseRouter(service string, u dubboURL) (record, error) {
	if u.get("enabled", "true") == "false" {
		return record{}, nil
	}
	return record{notices: []string{fmt.Sprintf("%s rule for %s is not honoured; write a Route policy instead", u.protocol, quote(service))}}, nil
}

// configCenterRule recognises the governance rules that Dubbo 2.7 and later keep at <root>/config/<group>/<rule>.
func configCenterRule(key string) (notice string, ok bool) {
	rest, ok := strings.CutPrefix(key, "config/")
	if !ok {
		return "", false
	}
	for _, kind := range []string{".configurators", ".condition-router", ".tag-router", ".app-router", ".script-router"} {
		if strings.HasSuffix(rest, kind) {
			return fmt.Sprintf("Dubbo configuration-centre rule %s is not honoured; write a Route or Traffic policy instead", quote(rest)), true
		}
	}
	return "", false
}

// dubboURL is protocol://user:password@host:port/path?name=value&….
type dubboURL struct {
	protocol, host, port, path string
	params                     map[string]string
}

// maxURL bounds a provider's URL, which lists every method of an interface.
const maxURL = 64 << 10

// parseDubboURL reads the last segment of a key, which is the whole URL, form-encoded once. Both Dubbo implementations
// leave the values inside as they are, so they are not decoded a second time.
func parseDubboURL(encoded string) (dubboURL, error) {
	if len(encoded) > maxURL {
		return dubboURL{}, fmt.Errorf("the URL has %d bytes; at most %d are read", len(encoded), maxURL)
	}
	text, err := url.QueryUnescape(encoded)
	if err != nil {
		return dubboURL{}, fmt.Errorf("the URL %s is not encoded well: %w", quote(encoded), err)
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }); i >= 0 {
		return dubboURL{}, fmt.Errorf("the URL %s has a control character at byte %d", quote(text), i+1)
	}
	protocol, rest, ok := strings.Cut(text, "://")
	if !ok || protocol == "" {
		return dubboURL{}, fmt.Errorf("%s is not a URL such as dubbo://10.0.0.5:20880/com.example.Hello?version=1.0.0", quote(text))
	}
	u := dubboURL{protocol: protocol, params: map[string]string{}}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	u.path = path
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	u.host, u.port = splitAuthority(authority)
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		if old, twice := u.params[name]; twice && old != value && slices.Contains(decisive, name) {
			return dubboURL{}, fmt.Errorf("%s is given twice, as %s and %s", name, quote(old), quote(value))
		}
		u.params[name] = value
	}
	return u, nil
}

// decisive are the parameters that may not be given two ways; of the others the last one counts.
var decisive = []string{"interface", "group", "version", "weight", "disabled", "enabled", "side", "category"}

// splitAuthority splits host and port. Java writes an IPv6 address in brackets, dubbo-go without: what follows the last
// colon is the port then, because a registration always has one.
func splitAuthority(authority string) (host, port string) {
	if inner, ok := strings.CutPrefix(authority, "["); ok {
		host, port, _ = strings.Cut(inner, "]")
		return host, strings.TrimPrefix(port, ":")
	}
	i := strings.LastIndexByte(authority, ':')
	if i < 0 {
		return authority, ""
	}
	return authority[:i], authority[i+1:]
}

// get returns a parameter; one that is absent or empty is the default.
func (u dubboURL) get(name, otherwise string) string {
	if v := u.params[name]; v != "" {
		return v
	}
	return otherwise
}

// flag returns a parameter that is true or false.
func (u dubboURL) flag(name string, otherwise bool) (bool, error) {
	switch v := u.get(name, strconv.FormatBool(otherwise)); strings.ToLower(v) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("%s must be true or false, found %s", name, quote(v))
	}
}

// address returns the host, which must be one that others can connect to.
func (u dubboURL) address() (string, error) {
	if u.host == "" {
		return "", errors.New("the URL has no host; let the provider advertise its IP address")
	}
	address, err := parseAddress(u.host)
	if err != nil {
		return "", fmt.Errorf("host: %w", err)
	}
	return address, nil
}

// disabled tells whether the provider is switched off: disabled counts when it is given, else enabled does.
func (u dubboURL) disabled() (bool, error) {
	if u.get("disabled", "") != "" {
		return u.flag("disabled", false)
	}
	enabled, err := u.flag("enabled", true)
	return !enabled, err
}

// warmUp returns the warm-up that the provider asks for: whole milliseconds from Java, whole seconds from dubbo-go,
// which compares it with its timestamp in seconds. What both assume when it is absent (ten minutes) is not ours.
func (u dubboURL) warmUp() (time.Duration, error) {
	text := u.get("warmup", "")
	if text == "" {
		return 0, nil
	}
	unit := time.Millisecond
	if strings.HasPrefix(u.get("release", ""), "dubbo-golang") {
		unit = time.Second
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > uint64(maxWarmUp/unit) {
		return 0, fmt.Errorf("warmup must be whole %ss up to 24h, found %s", unit, quote(text))
	}
	return time.Duration(n) * unit, nil
}

// labelParams are the parameters that are worth selecting instances by, and the labels they become.
var labelParams = map[string]string{"application": "application", "dubbo.tag": "dubbo.tag", "release": "release", "environment": "environment"}

// labels returns the labels that the URL implies; nil for none.
func (u dubboURL) labels() map[string]string {
	var labels map[string]string
	for param, label := range labelParams {
		if v := u.get(param, ""); v != "" {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[label] = v
		}
	}
	return labels
}
