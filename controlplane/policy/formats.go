package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"

	"github.com/dubbomesh/dubbomesh/controlplane/bounds"
	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// format is what a text must look like.
type format struct {
	what    string // for documentation
	example string
	pattern string // for JSON Schema; "" when no expression says it
	check   func(string) error
}

// formats are those that `check` tags name.
var formats = checked(map[string]format{
	"name":      {"letters, digits, dots, dashes, underscores", "hello", `^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$`, nil},
	"service":   {"a service's name", "com.example.Hello", `^\S{1,512}$`, checkService},
	"header":    {"a header's name", "x-user", `^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+$`, nil},
	"caller":    {"letters, digits and . _ - / : @", "shop", `^[A-Za-z0-9._/:@-]{1,128}$`, nil},
	"token":     {"letters, digits and !#$%&'*+-.^_|~", "user", `^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+$`, nil},
	"verb":      {"an HTTP method", "GET", `^[A-Z]{1,32}$`, nil},
	"hosts":     {"a host name, or *. and one", "api.example.com", `^(\*|(\*\.)?` + hostName + `)$`, checkHosts},
	"host":      {"a host name, with a port or without", "api.example.com", `^` + hostName + `(:[0-9]{1,5})?$`, checkHost},
	"path":      {"a path", "/orders", `^/[^?#\s]*$`, nil},
	"target":    {"a path, with a query or without", "/health?full=1", `^/[^#\s]*$`, nil},
	"template":  {"a path with names in braces", "/users/{id}", `^/[^?#\s]*$`, checkTemplate},
	"regex":     {"an expression (RE2)", "v[0-9]+", "", checkRegex},
	"cidr":      {"an IP address or network", "10.0.0.0/8", "", checkCIDR},
	"ip":        {"an IP address", "0.0.0.0", "", checkIP},
	"file":      {"an absolute path on the proxy's machine", "/etc/dubbomesh/tls.crt", `^/[^\x00-\x1f]*$`, nil},
	"url":       {"an http or https URL", "https://id.example.com/keys", `^https?://[^\s]+$`, checkURL},
	"hostPort":  {"host:port", "collector:4317", "", checkHostPort},
	"jwks":      {"a JSON Web Key Set", `{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`, "", checkJWKS},
	"keyFile":   {"an absolute path on the proxy's machine, never the key", "/etc/dubbomesh/keys/web", `^/[^\x00-\x1f]*$`, nil},
	"tlsKey":    {"an absolute path on the proxy's machine, never the key", "/etc/dubbomesh/tls.key", `^/[^\x00-\x1f]*$`, nil},
	"javaName":  {"a Java name", "sayHi", `^[A-Za-z_$\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*$`, nil},
	"javaPath":  {"Java names with dots between them", "data.list", `^[A-Za-z_$\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*(\.[A-Za-z_$\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*)*$`, nil},
	"javaClass": {"a Java class", "com.example.User", `^[A-Za-z_$\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*(\.[A-Za-z_$\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*)*$`, nil},
	"javaType":  {"a Java type", "java.util.List<com.example.User>", "", checkJavaType},
	"argument":  {"the index of an argument, and what is below it", "0.user.id", `^[0-9]{1,3}(\.[^.\s]+)*$`, checkArgument},
	"logField":  {"the name of a field", "path", `^[^\x00-\x1f]{1,128}$`, nil},
	"tag":       {"the name of a tag", "team", `^[A-Za-z_][A-Za-z0-9_.-]{0,127}$`, nil},
	"tagValue":  {"text, or header:<name>", "header:x-tenant", `^(header:[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+|[^\x00-\x1f]{1,256})$`, checkTagValue},
	"logFormat": {"text with Envoy's %COMMANDS%", "%RESPONSE_CODE%", "", checkLogFormat},
	"limitKey":  {"caller, method, path, sourceIp, header:<name> or attachment:<key>", "header:x-user", `^(caller|method|path|sourceIp|(header|attachment):[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+)$`, nil},
})

// hostName is a name or an address, in brackets where that has colons.
const hostName = `([A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9a-fA-F:.]+\])`

var (
	hostsFit = regexp.MustCompile(`^(\*|(?:\*\.)?` + hostName + `)$`)
	hostFits = regexp.MustCompile(`^` + hostName + `(?::([0-9]{1,5}))?$`)
)

// checkHosts takes what hosts of requests are compared with, which is done without their ports.
func checkHosts(text string) error {
	if hostsFit.MatchString(text) {
		return nil
	}
	if at := strings.LastIndexByte(text, ':'); at > 0 && hostsFit.MatchString(text[:at]) && strings.Trim(text[at:], ":0123456789") == "" {
		return fmt.Errorf("a host counts whatever the port, so that %s would fit nothing; write %s", document.Quote(text), text[:at])
	}
	return fmt.Errorf("must be a host name, or *. and one, such as api.example.com, found %s", document.Quote(text))
}

// checkHost takes one host that a request or its caller is sent to.
func checkHost(text string) error {
	found := hostFits.FindStringSubmatch(text)
	switch {
	case strings.HasPrefix(text, "*"):
		return fmt.Errorf("%s stands for many hosts; write one, such as api.example.com", document.Quote(text))
	case found == nil:
		return fmt.Errorf("must be a host name, with a port or without, such as api.example.com, found %s", document.Quote(text))
	}
	if port := found[len(found)-1]; port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%s has no port from 1 to 65535 behind the colon", document.Quote(text))
		}
	}
	return nil
}

// checkArgument is what the filter takes for the path of an argument.
func checkArgument(path string) error {
	_, _, err := config.SplitArgument(path)
	return err
}

// checked gives formats that have no check of their own the one by their pattern.
func checked(all map[string]format) map[string]format {
	for name, f := range all {
		if f.check != nil {
			continue
		}
		fits := regexp.MustCompile(f.pattern)
		f.check = func(text string) error {
			if !fits.MatchString(text) {
				return fmt.Errorf("must be %s, such as %s, found %s", f.what, f.example, document.Quote(text))
			}
			return nil
		}
		all[name] = f
	}
	return all
}

// checkTagValue takes the name of a header, or any line of text.
func checkTagValue(text string) error {
	header, named := strings.CutPrefix(text, "header:")
	switch {
	case named && (header == "" || strings.Trim(header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != ""):
		return fmt.Errorf("%s is no header's name; write header:x-tenant", document.Quote(header))
	case text == "" || len(text) > 256 || strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("a tag has a text of 1 to 256 bytes in one line, or header:<name>")
	}
	return nil
}

func checkService(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty; write a service's name, such as com.example.Hello")
	case len(text) > 512:
		return fmt.Errorf("has %d bytes; at most 512 are possible", len(text))
	case strings.ContainsFunc(text, func(c rune) bool {
		return c == unicode.ReplacementChar || unicode.IsSpace(c) || !unicode.IsPrint(c)
	}):
		return fmt.Errorf("%s has a blank or unprintable character", document.Quote(text))
	}
	return nil
}

// checkRegex takes what RE2 takes, within Envoy's bound of a program's size.
func checkRegex(text string) error {
	const most = 1024
	if len(text) > most {
		return fmt.Errorf("an expression of %d bytes; at most %d are possible", len(text), most)
	}
	if _, err := regexp.Compile(text); err != nil {
		var wrong *syntax.Error
		if errors.As(err, &wrong) {
			return fmt.Errorf("%s is no expression of RE2: %s at %s", document.Quote(text), wrong.Code, document.Quote(wrong.Expr))
		}
		return fmt.Errorf("%s is no expression of RE2: %w", document.Quote(text), err)
	}
	return bounds.Regex(text, bounds.MaxCondition)
}

func checkCIDR(text string) error {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("must be an IP address or network such as 10.0.0.0/8, found %s", document.Quote(text))
		}
		if p.Masked() != p {
			return fmt.Errorf("%s has bits beyond its length; write %s", text, p.Masked())
		}
		return nil
	}
	return checkIP(text)
}

func checkIP(text string) error {
	if ip, err := netip.ParseAddr(text); err != nil || ip.Zone() != "" {
		return fmt.Errorf("must be an IP address such as 10.0.0.5, found %s", document.Quote(text))
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if strings.Contains(text, "@") && (err != nil || u.User != nil) {
		return errors.New("must be a URL without user and password, such as https://id.example.com/keys")
	}
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("must be a URL such as https://id.example.com/keys, found %s", document.Quote(text))
	}
	return nil
}

func checkHostPort(text string) error {
	host, port, err := net.SplitHostPort(text)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || host == "" || number == 0 {
		return fmt.Errorf("must be host:port, such as collector:4317, found %s", document.Quote(text))
	}
	return nil
}

func checkJWKS(text string) error {
	if !json.Valid([]byte(text)) {
		return errors.New("is no JSON text; write {\"keys\": […]} with public keys")
	}
	_, err := bounds.KeySet(text)
	return err
}

func checkJavaType(text string) error {
	_, err := config.ParseJavaType(text)
	return err
}

func checkTemplate(text string) error {
	if n := len((&url.URL{Path: text}).EscapedPath()); n > bounds.MaxCondition {
		return fmt.Errorf("a path of %d bytes as it is asked for; at most %d are possible", n, bounds.MaxCondition)
	}
	_, err := config.ParseTemplate(text)
	return err
}

// example shows what could be written for a field.
func example(f field) string {
	switch t := indirect(f.typ); {
	case f.rule.format != "" && (t.String() == "string"):
		return f.name + ": " + formats[f.rule.format].example
	case len(f.rule.oneOf) > 0:
		return f.name + ": " + f.rule.oneOf[0]
	default:
		if q, ok := quantities[t]; ok {
			first, _, _ := strings.Cut(q.example, ",")
			first, _, _ = strings.Cut(first, " or")
			return f.name + ": " + first
		}
	}
	return f.name
}
