package model

// Mesh has the defaults of the whole mesh. Several are merged in the order of their names, the first has the say.
type Mesh struct {
	PolicyMeta
	// Traffic is how services are called for which no Traffic policy says otherwise.
	Traffic *TrafficSettings `json:"traffic,omitempty"`
	// TLS between proxies.
	TLS *MeshTLS `json:"tls,omitempty"`
	// Lane says how lanes are passed on.
	Lane *LaneCarrier `json:"lane,omitempty"`
	// Telemetry for services for which no Telemetry policy says otherwise.
	Telemetry *TelemetrySettings `json:"telemetry,omitempty"`
}

// Kind implements Policy.
func (Mesh) Kind() Kind { return KindMesh }

// MeshTLS is mutual TLS between proxies.
type MeshTLS struct {
	// Mode is strict (only mTLS is taken), permissive (plain text too) or off.
	Mode string `json:"mode" check:"required,short,oneOf=strict|permissive|off"`
}

// LaneCarrier says how the lane of a request is passed on.
type LaneCarrier struct {
	// Header over HTTP; x-lane by default.
	Header string `json:"header,omitempty" check:"short,format=header"`
	// Attachment over Dubbo; the header's name by default.
	Attachment string `json:"attachment,omitempty" check:"format=token"`
	// Baggage member of W3C baggage from which it is taken too.
	Baggage string `json:"baggage,omitempty" check:"format=token"`
}
