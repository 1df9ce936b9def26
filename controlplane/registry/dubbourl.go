package registry

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
)

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
		return dubboURL{}, fmt.Errorf("the URL %s is not encoded well: %w", document.Quote(encoded), err)
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }); i >= 0 {
		return dubboURL{}, fmt.Errorf("the URL %s has a control character at byte %d", document.Quote(text), i+1)
	}
	protocol, rest, ok := strings.Cut(text, "://")
	if !ok || protocol == "" {
		return dubboURL{}, fmt.Errorf("%s is not a URL such as dubbo://10.0.0.5:20880/com.example.Hello?version=1.0.0", document.Quote(text))
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
			return dubboURL{}, fmt.Errorf("%s is given twice, as %s and %s", name, document.Quote(old), document.Quote(value))
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
		return false, fmt.Errorf("%s must be true or false, found %s", name, document.Quote(v))
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
		return 0, fmt.Errorf("warmup must be whole %ss up to 24h, found %s", unit, document.Quote(text))
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
