// Package settings is what an operator may set: one structure, filled from flags, DUBBOMESH_* variables and a YAML
// file, in this order of precedence, over built-in defaults. It says what is wrong and what to write instead; it
// starts nothing and knows none of the packages that are configured.
package settings

import (
	"log/slog"
	"time"
)

// Config is the whole configuration. It is a plain value: whoever loaded it owns it.
type Config struct {
	Etcd       Etcd
	Sources    Sources
	Protection Protection
	XDS        XDS
	API        API
	Gateway    Gateway
	Dataplane  Dataplane
	Route      Route
	Log        Log
}

// Etcd says where the registry lives and how to get in.
type Etcd struct {
	Endpoints    []string      // host:port or URL, any one of them is enough
	Prefix       string        // what the mesh owns in etcd, without a slash at the end
	DialTimeout  time.Duration // how long one attempt to connect may take
	Username     string
	Password     Secret
	PasswordFile string // read at each start instead of Password
	TLS          TLS
}

// TLS names PEM files. All empty means no TLS.
type TLS struct {
	CA   string // authorities the server must be signed by; the system's when empty
	Cert string // client certificate, together with Key
	Key  string
}

// Sources are registrations that come from elsewhere than the mesh's own prefix.
type Sources struct {
	Dubbo    []string // roots of Dubbo's own etcd registries
	Metadata []string // roots of Dubbo's metadata reports
	Weights  []WeightSource
	Files    []string // YAML files with services and their instances
}

// WeightSource is a prefix under which <service>/<ip:port> holds an integer weight.
type WeightSource struct {
	Prefix   string
	Protocol string // what the instances speak
}

// Protection bounds how long vanished instances are kept when most of a service vanished at once.
type Protection struct {
	Enabled bool
	Percent int           // of a service's instances that must vanish together, 1..100
	Window  time.Duration // what counts as together
	Hold    time.Duration // how long a vanished instance is kept
}

// XDS is the server that Envoys have their configuration from.
type XDS struct {
	Listen string        // host:port
	Linger time.Duration // for which they keep clusters that are removed
}

// API is the HTTP server of the control plane. Client commands call the same address.
type API struct {
	Listen string // host:port
	Pprof  bool   // serve /debug/pprof/ as well
}

// Gateway says where the listeners are that are pushed to gateway Envoys.
type Gateway struct {
	Address   string // the IP to bind
	Port      int    // HTTP and Dubbo, 1..65535
	DubboPort int    // a second one for both, where Dubbo is looked for; 0 for none
}

// Dataplane says how Envoy runs the Go filter, and how large a message it takes.
type Dataplane struct {
	Kind             string // the host of the Go filter in Envoy
	Module           string // absolute path of libdubbo.so on the Envoy's machine; found by name when empty
	MaxRequestBytes  int    // largest HTTP request body that becomes a Dubbo call
	MaxResponseBytes int    // largest Dubbo response
}

// Route holds the mesh-wide defaults of a request's way.
type Route struct {
	Timeout        time.Duration // for the whole request, retries included; 0 for none
	ConnectTimeout time.Duration // for one attempt to connect to an instance
	Retries        int           // attempts after the first one, when a retry is safe
}

// Log is the process's own log, on standard error.
type Log struct {
	Level  slog.Level
	Format string // text or json
}

// Secret is a value that no log, table or error may show.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }
