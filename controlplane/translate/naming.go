package translate

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of the gateway's own resources.
const (
	GatewayListener      = "gateway-http"
	GatewayDubboListener = "gateway-dubbo"
	GatewayRoutes        = "gateway-http"
)

// maxName bounds the names that come from the registry: they end up in paths, headers and statistics.
const maxName = 512

// ClusterName is how a variant of a service is called in Envoy: protocol|service|group|version, for example
// "dubbo|com.example.Hello||1.0". In each part "|" is written %7C and "%" is written %25, so that the name reads back
// to one variant only.
func ClusterName(protocol, service, group, version string) string {
	return strings.Join([]string{escape(protocol), escape(service), escape(group), escape(version)}, "|")
}

var escaper = strings.NewReplacer("%", "%25", "|", "%7C")

func escape(s string) string { return escaper.Replace(s) }

// pathPrefix is the path under which the gateway serves a service, without a slash at the end. Everything that a
// client has to escape in a path segment is escaped in it.
func pathPrefix(service string) string { return "/" + url.PathEscape(service) }

// domain returns the host name that a service is reached under, or "" if its name cannot be one. Host names do not
// know case; Envoy would refuse all routes because of one wildcard in the wrong place. An IP address and localhost are
// what a client calls the gateway itself by: a service of that name would take every other service's requests.
func domain(service string) string {
	if len(service) > 253 || strings.EqualFold(service, "localhost") || strings.EqualFold(service, schemaDomain) || isAddress(service) {
		return ""
	}
	for _, c := range service {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return ""
		}
	}
	return strings.ToLower(service)
}

// isAddress reports whether a name is an IP address, also in the short and hexadecimal forms that some clients take.
func isAddress(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last != "" && (last[0] >= '0' && last[0] <= '9') && strings.Trim(last, "0123456789abcdefABCDEFxX") == ""
}

// badName says why a service, group or version cannot be carried by Envoy, or "".
func badName(s string) string {
	switch {
	case len(s) > maxName:
		return "it is longer than 512 bytes; choose a shorter one"
	case !utf8.ValidString(s):
		return "it is not UTF-8; write it in UTF-8"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "it has a control character; leave it out"
	}
	return ""
}
