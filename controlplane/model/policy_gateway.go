package model

// Gateway opens ports at the edge.
type Gateway struct {
	PolicyMeta
	// Listeners are the ports.
	Listeners []Listener `json:"listeners" check:"required,nonEmpty"`
	// Expose lists the services that can be called from outside; all when empty.
	Expose []Exposure `json:"expose,omitempty" check:"nonEmpty"`
	// Rules are tried before those of the services: redirects and direct responses.
	Rules []EdgeRule `json:"rules,omitempty" check:"nonEmpty"`
	// CORS of everything that is exposed.
	CORS *CORS `json:"cors,omitempty"`
	// TrustedHops is how many proxies in front may name the caller in x-forwarded-for; 0 by default.
	TrustedHops *uint32 `json:"trustedHops,omitempty" check:"max=10"`
}

// Kind implements Policy.
func (Gateway) Kind() Kind { return KindGateway }

// Listener is a port at the edge.
type Listener struct {
	// Name shows in statistics; the port by default.
	Name string `json:"name,omitempty" check:"format=name"`
	// Address that is bound; 0.0.0.0 by default.
	Address string `json:"address,omitempty" check:"format=ip"`
	// Port that is bound.
	Port *uint32 `json:"port" check:"required,min=1,max=65535"`
	// Protocol is http, dubbo or auto, which tells them apart by the first bytes; auto by default.
	Protocol string `json:"protocol,omitempty" check:"oneOf=auto|http|dubbo"`
	// Hosts that are answered; all when empty.
	Hosts []string `json:"hosts,omitempty" check:"single,nonEmpty,format=hosts"`
	// TLS of the port.
	TLS *ListenerTLS `json:"tls,omitempty"`
	// RedirectToTLS sends every HTTP request to https, at this port.
	RedirectToTLS *uint32 `json:"redirectToTls,omitempty" check:"min=1,max=65535"`
}

// ListenerTLS is TLS at the edge. Files are those of the proxy's machine, and renewed by moving new ones over them.
type ListenerTLS struct {
	// Certificate is a PEM file.
	Certificate string `json:"certificate" check:"required,format=file"`
	// Key is a PEM file.
	Key string `json:"key" check:"required,secret,format=tlsKey"`
	// ClientCA is a PEM file: callers must show a certificate that it signed.
	ClientCA string `json:"clientCa,omitempty" check:"format=file"`
	// MinVersion is 1.2 or 1.3; 1.2 by default.
	MinVersion string `json:"minVersion,omitempty" check:"oneOf=1.2|1.3"`
}

// Exposure is a service that can be called from outside.
type Exposure struct {
	// Service that is exposed.
	Service string `json:"service" check:"required,short,format=service"`
	// Hosts under which it is exposed; all of the listener when empty.
	Hosts []string `json:"hosts,omitempty" check:"single,nonEmpty,format=hosts"`
	// Prefix of the paths that go to it, beside its own; it is cut off.
	Prefix string `json:"prefix,omitempty" check:"format=path"`
}

// EdgeRule answers requests at the edge. Exactly one of Redirect and Respond is set.
type EdgeRule struct {
	// Name shows in statistics and explanations.
	Name string `json:"name,omitempty" check:"format=name"`
	// Match says for which requests: those that fit one of the list.
	Match []RequestMatch `json:"match" check:"required,single,nonEmpty"`
	// Redirect sends the caller elsewhere.
	Redirect *Redirect `json:"redirect,omitempty"`
	// Respond answers at once.
	Respond *Response `json:"respond,omitempty"`
}
