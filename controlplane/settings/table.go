package settings

import (
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Group names settings that a command takes together.
type Group int

// The groups of settings.
const (
	EtcdGroup         Group = iota // how to reach etcd
	APIGroup                       // where the control plane's API is
	ControlPlaneGroup              // what only a control plane needs
	LogGroup                       // the process's own log
)

// setting is one key, with everything that can be said of it in one place.
type setting struct {
	key   string // path in the YAML file
	flag  string // "" when a flag makes no sense: a secret, a list of structures
	group Group
	value any // default, and the type
	usage string
}

// table lists every key there is. A key that is not here is an error wherever it appears.
var table = []setting{
	{"etcd.endpoints", "etcd", EtcdGroup, []string{"127.0.0.1:2379"}, "etcd endpoints, host:port or URL"},
	{"etcd.prefix", "etcd-prefix", EtcdGroup, "/dubbomesh", "what the mesh owns in etcd"},
	{"etcd.dialTimeout", "etcd-dial-timeout", EtcdGroup, 5 * time.Second, "how long one attempt to reach etcd may take; commands give up after a second where all endpoints refuse connections"},
	{"etcd.username", "etcd-username", EtcdGroup, "", "etcd user"},
	{"etcd.password", "", EtcdGroup, "", "etcd password"},
	{"etcd.passwordFile", "etcd-password-file", EtcdGroup, "", "file with the etcd password"},
	{"etcd.tls.ca", "etcd-ca", EtcdGroup, "", "PEM file with the authorities that sign etcd's certificate"},
	{"etcd.tls.cert", "etcd-cert", EtcdGroup, "", "PEM file with the client certificate for etcd"},
	{"etcd.tls.key", "etcd-key", EtcdGroup, "", "PEM file with the key of --etcd-cert"},
	{"sources.dubbo", "source-dubbo", ControlPlaneGroup, []string{"/dubbo"}, "roots of Dubbo's own etcd registries, empty for none"},
	{"sources.metadata", "source-metadata", ControlPlaneGroup, []string{"/dubbo/metadata"}, "roots of Dubbo's metadata reports in etcd, empty for none"},
	{"sources.weights", "", ControlPlaneGroup, nil, "list of {prefix, protocol}: <prefix>/<service>/<ip:port> holds a weight"},
	{"sources.files", "source-file", ControlPlaneGroup, []string{}, "YAML files with services and instances"},
	{"protection.enabled", "protection", ControlPlaneGroup, true, "keep instances for a while when most of a service vanishes at once"},
	{"protection.percent", "protection-percent", ControlPlaneGroup, 50, "percentage of a service's instances that must vanish together"},
	{"protection.window", "protection-window", ControlPlaneGroup, 15 * time.Second, "what counts as vanishing together"},
	{"protection.hold", "protection-hold", ControlPlaneGroup, time.Minute, "how long vanished instances are kept, and policies that etcd lost"},
	{"xds.listen", "xds", ControlPlaneGroup, "127.0.0.1:18000", "address of the xDS server"},
	{"xds.linger", "xds-linger", ControlPlaneGroup, 30 * time.Second, "how long Envoys keep a removed cluster for requests that are held on their way to it; 0s for not at all"},
	{"api.listen", "api", APIGroup, "127.0.0.1:18001", "address of the control plane's API"},
	{"api.pprof", "pprof", ControlPlaneGroup, false, "serve /debug/pprof/ on the API address"},
	{"gateway.address", "gateway-address", ControlPlaneGroup, "0.0.0.0", "IP that gateway Envoys bind"},
	{"gateway.port", "gateway-port", ControlPlaneGroup, 8080, "port of gateway Envoys, for HTTP and Dubbo"},
	{"gateway.dubboPort", "gateway-dubbo-port", ControlPlaneGroup, 20880, "second port of gateway Envoys, where Dubbo is looked for; 0 for none"},
	{"dataplane.kind", "dataplane", ControlPlaneGroup, "dynamic-module", "how Envoy runs the Go filter: dynamic-module, or contrib-golang in Envoy's contrib images"},
	{"dataplane.module", "module", ControlPlaneGroup, "", "absolute path of the shared object on the Envoys' machines, found by name when empty"},
	{"dataplane.maxRequestBytes", "max-request-bytes", ControlPlaneGroup, config.DefaultMaxBytes, "largest HTTP request body that becomes a Dubbo call"},
	{"dataplane.maxResponseBytes", "max-response-bytes", ControlPlaneGroup, config.DefaultMaxBytes, "largest Dubbo response"},
	{"route.timeout", "route-timeout", ControlPlaneGroup, 10 * time.Second, "timeout of a request, retries included; 0s for none"},
	{"route.connectTimeout", "route-connect-timeout", ControlPlaneGroup, time.Second, "timeout of one attempt to connect to an instance"},
	{"route.retries", "route-retries", ControlPlaneGroup, 2, "further attempts, at other instances, when the connection failed or ended before an answer, or when the call never began; it may run twice"},
	{"log.level", "log-level", LogGroup, "info", "debug, info, warn or error"},
	{"log.format", "log-format", LogGroup, "text", "text or json"},
}

// Flags adds the flags of the given groups to fs. The flags' defaults are those of the settings.
func Flags(fs *pflag.FlagSet, groups ...Group) {
	for _, group := range groups {
		for _, s := range table {
			if s.group != group || s.flag == "" {
				continue
			}
			switch v := s.value.(type) {
			case string:
				fs.String(s.flag, v, s.usage)
			case []string:
				fs.StringSlice(s.flag, v, s.usage)
			case int:
				fs.Int(s.flag, v, s.usage)
			case bool:
				fs.Bool(s.flag, v, s.usage)
			case time.Duration:
				fs.Duration(s.flag, v, s.usage)
			}
		}
	}
}

const envPrefix = "DUBBOMESH_"

// ConfigVariable names the YAML file when no flag does.
const ConfigVariable = envPrefix + "CONFIG"

// env returns the variable of a key: etcd.dialTimeout is DUBBOMESH_ETCD_DIAL_TIMEOUT.
func env(key string) string {
	var b strings.Builder
	b.WriteString(envPrefix)
	for _, r := range key {
		switch {
		case r == '.':
			b.WriteByte('_')
		case unicode.IsUpper(r):
			b.WriteByte('_')
			b.WriteRune(r)
		default:
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}
