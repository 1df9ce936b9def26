package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// CallersFilter is the filter_name of the HTTP filter that finds out who calls, by an API key or a signature, and refuses
// whom it does not know. It stands in every chain of HTTP filters, switched off but on routes that bring a Callers with
// them, as a google.protobuf.StringValue of its text; without one it lets pass. In the listener it is configured as the
// bridge is, by ParseBridge: MaxRequestBytes bounds the bodies of signed requests, which are held until they are checked.
const CallersFilter = "callers"

// Where the filter leaves what it found out.
const (
	// CallerHeader names the caller on requests to services. What callers themselves write there is taken away.
	CallerHeader = "x-dubbomesh-caller"
	// CallerAttachment is CallerHeader for Dubbo providers.
	CallerAttachment = AttachmentPrefix + CallerHeader
	// CallerMetadata is the namespace of Envoy's dynamic metadata that has the caller's name by the policy that asked for it.
	CallerMetadata = "dubbomesh.callers"
)

// What callers use where a policy names nothing else.
const (
	DefaultKeyHeader       = "x-api-key"
	DefaultSignatureHeader = "x-dubbomesh-signature"
	DefaultWindowSeconds   = 300
)

// The bounds of a Callers.
const (
	maxCallerPolicies = 64
	maxCallers        = 1000 // of a policy: an API key is compared with the keys of all of them
	maxCallerName     = 128
	maxSignedHeaders  = 32
	maxWindowSeconds  = 3600
)

// Callers says how the callers of a route make themselves known. Each of its policies asks for something of its own.
type Callers struct {
	Policies []CallerPolicy `json:"policies"`
	// Attachment says that Dubbo providers are told who calls.
	Attachment bool `json:"attachment,omitzero"`
	// Reroute has the route chosen once more when a caller is known, because some routes of the service are for certain callers.
	Reroute bool `json:"reroute,omitzero"`
	// MaxRequestBytes bounds the bodies of signed requests further than the filter does; 0 for no further.
	MaxRequestBytes int `json:"maxRequestBytes,omitzero"`
}

// CallerPolicy asks for an API key or, where it has both, for either that or a signature.
type CallerPolicy struct {
	Name   string      `json:"name"`
	APIKey *CallerKey  `json:"apiKey,omitzero"`
	HMAC   *CallerHMAC `json:"hmac,omitzero"`
	DryRun bool        `json:"dryRun,omitzero"` // refuse nobody, and count whom it would
}

// CallerKey says where callers put their API key.
type CallerKey struct {
	Keys     map[string]string `json:"keys"`              // caller → file on Envoy's machine, a key on each line
	Header   string            `json:"header"`            // in lower case; "" for none
	Query    string            `json:"query,omitzero"`    // parameter of the query; "" for none
	Optional bool              `json:"optional,omitzero"` // let pass who shows none
}

// CallerHMAC says how callers sign.
type CallerHMAC struct {
	Keys          map[string]string `json:"keys"`                   // caller → file on Envoy's machine, a key on each line
	Header        string            `json:"header"`                 // in lower case; see Signature
	WindowSeconds int               `json:"windowSeconds"`          // by which the time of a request may differ
	SignedHeaders []string          `json:"signedHeaders,omitzero"` // in lower case and in order; "host" is the host asked for
	Optional      bool              `json:"optional,omitzero"`      // let pass who shows none
}

// ParseCallers reads a Callers in JSON and checks it. Unknown fields are errors.
func ParseCallers(text []byte) (Callers, error) {
	var c Callers
	if err := json.Unmarshal(text, &c, json.RejectUnknownMembers(true)); err != nil {
		return Callers{}, fmt.Errorf("callers: %w", err)
	}
	return c, c.Check()
}

// Text returns the configuration as ParseCallers reads it. Equal configurations give equal bytes.
func (c Callers) Text() []byte {
	return marshal(c)
}

// Check reports all that the filter could not hold to.
func (c Callers) Check() error {
	var errs []error
	if len(c.Policies) == 0 || len(c.Policies) > maxCallerPolicies {
		errs = append(errs, fmt.Errorf("callers: %d policies; write 1 to %d", len(c.Policies), maxCallerPolicies))
	}
	if c.MaxRequestBytes < 0 {
		errs = append(errs, fmt.Errorf("callers: maxRequestBytes is %d; write 0 or more", c.MaxRequestBytes))
	}
	seen := map[string]bool{}
	for _, p := range c.Policies {
		if seen[p.Name] {
			errs = append(errs, fmt.Errorf("callers: policy %s is there twice", p.Name))
		}
		seen[p.Name] = true
		if err := p.Check(); err != nil {
			errs = append(errs, fmt.Errorf("callers: policy %s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Check reports all of a policy that the filter could not hold to.
func (p CallerPolicy) Check() error {
	var errs []error
	if p.Name == "" {
		errs = append(errs, errors.New("it has no name"))
	}
	if p.APIKey == nil && p.HMAC == nil {
		errs = append(errs, errors.New("it asks for nothing; write apiKey or hmac"))
	}
	if k := p.APIKey; k != nil {
		errs = append(errs, checkKeys("apiKey", k.Keys))
		if k.Header == "" && k.Query == "" {
			errs = append(errs, errors.New("apiKey: there is no place for the key; write header or query"))
		}
		if k.Header != "" {
			errs = append(errs, in("apiKey.header", CheckCredentialHeader(k.Header)))
		}
	}
	if h := p.HMAC; h != nil {
		errs = append(errs, checkKeys("hmac", h.Keys), in("hmac.header", CheckCredentialHeader(h.Header)))
		if h.WindowSeconds < 1 || h.WindowSeconds > maxWindowSeconds {
			errs = append(errs, fmt.Errorf("hmac.window is %d seconds; write 1s to 1h", h.WindowSeconds))
		}
		if len(h.SignedHeaders) > maxSignedHeaders {
			errs = append(errs, fmt.Errorf("hmac.signedHeaders: %d of them; write at most %d", len(h.SignedHeaders), maxSignedHeaders))
		}
		for _, name := range h.SignedHeaders {
			if !headerName(name) || name == h.Header {
				errs = append(errs, fmt.Errorf("hmac.signedHeaders: %q cannot be signed; write names of other headers in lower case", name))
			}
		}
	}
	if p.APIKey != nil && p.HMAC != nil && p.APIKey.Header == p.HMAC.Header {
		errs = append(errs, fmt.Errorf("key and signature cannot both be in %s; change one of the two", p.HMAC.Header))
	}
	return errors.Join(errs...)
}

func checkKeys(field string, keys map[string]string) error {
	if len(keys) == 0 || len(keys) > maxCallers {
		return fmt.Errorf("%s.keys: %d callers; write 1 to %d", field, len(keys), maxCallers)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if !CallerName(name) {
			errs = append(errs, fmt.Errorf("%s.keys: %q is no name of a caller; write letters, digits and . _ - / : @, at most %d", field, name, maxCallerName))
		}
		if file := keys[name]; !strings.HasPrefix(file, "/") || strings.ContainsRune(file, 0) {
			errs = append(errs, fmt.Errorf("%s.keys[%s]: %q is no absolute path on the proxy's machine", field, name, file))
		}
	}
	return errors.Join(errs...)
}

func in(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

// CheckCredentialHeader reports a header, in lower case, that no key or signature can be in: one that has a meaning of its
// own, or whose name is none.
func CheckCredentialHeader(name string) error {
	switch {
	case !headerName(name):
		return fmt.Errorf("%q is no header's name", name)
	case strings.HasPrefix(name, AttachmentPrefix):
		return fmt.Errorf("%s is an attachment's; write %s, and Dubbo consumers set the attachment of this name", name, strings.TrimPrefix(name, AttachmentPrefix))
	case name == CallerHeader, name == "host", name == "content-length", name == "content-type", name == "transfer-encoding":
		return fmt.Errorf("%s has a meaning of its own; write another one", name)
	}
	return nil
}

// CallerName reports whether a text can name a caller: it stands in headers and in lists with commas.
func CallerName(name string) bool {
	if name == "" || len(name) > maxCallerName {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-/:@", r)
	})
}

func headerName(name string) bool {
	if name == "" || len(name) > maxCallerName {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
