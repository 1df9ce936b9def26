package model

// Access says who may call. A request that a deny rule fits is refused; where there are allow rules, one must fit.
type Access struct {
	PolicyMeta
	// Action is allow or deny; allow by default.
	Action string `json:"action,omitempty" check:"oneOf=allow|deny"`
	// Rules of which one must fit; without any, everything fits.
	Rules []AccessRule `json:"rules,omitempty" check:"nonEmpty"`
	// JWT says which tokens are taken.
	JWT []JWTProvider `json:"jwt,omitempty" check:"single,nonEmpty"`
	// HMAC says how callers sign requests.
	HMAC *HMAC `json:"hmac,omitempty" check:"secret"`
	// APIKey says where callers put their key.
	APIKey *APIKey `json:"apiKey,omitempty" check:"secret"`
	// DryRun counts and logs what would be refused, and refuses nothing.
	DryRun bool `json:"dryRun,omitempty"`
}

// Kind implements Policy.
func (Access) Kind() Kind { return KindAccess }

// AccessRule fits requests that come from one of From and go to one of To.
type AccessRule struct {
	// Name shows in statistics and logs.
	Name string `json:"name,omitempty" check:"format=name"`
	// From is who calls; anybody when empty.
	From []Caller `json:"from,omitempty" check:"single"`
	// To is what is called; anything when empty.
	To []RequestMatch `json:"to,omitempty" check:"single"`
}

// Caller says who fits: who fits every field that is set, and in each field one of its values.
type Caller struct {
	// Identity is the name in the caller's certificate: spiffe://…/orders.
	Identity []StringMatch `json:"identity,omitempty" check:"single,nonEmpty"`
	// Service is the caller's service, as its certificate says.
	Service []string `json:"service,omitempty" check:"single,nonEmpty"`
	// Caller is the name behind a signature or an API key that this policy asks for, or any policy if it asks for none.
	Caller []string `json:"caller,omitempty" check:"single,nonEmpty,format=caller"`
	// IP addresses or networks.
	IP []string `json:"ip,omitempty" check:"single,nonEmpty,format=cidr"`
	// Claims of the caller's token, by path: realm.roles.
	Claims map[string]StringMatch `json:"claims,omitempty" check:"nonEmpty"`
	// Not turns the outcome round.
	Not bool `json:"not,omitempty"`
}

// JWTProvider says which tokens are taken.
type JWTProvider struct {
	// Name of the provider.
	Name string `json:"name" check:"required,format=name"`
	// Issuer that the token names.
	Issuer string `json:"issuer,omitempty"`
	// Audiences of which the token must name one; a token of others is refused with 403, not 401.
	Audiences []string `json:"audiences,omitempty" check:"single,nonEmpty"`
	// JWKS is the key set itself, as JSON.
	JWKS string `json:"jwks,omitempty" check:"lines,secret,format=jwks"`
	// JWKSFile is a file on the proxy's machine.
	JWKSFile string `json:"jwksFile,omitempty" check:"format=file"`
	// JWKSURL is where the key set is fetched.
	JWKSURL string `json:"jwksUrl,omitempty" check:"format=url"`
	// JWKSService is the service behind the URL.
	JWKSService string `json:"jwksService,omitempty" check:"format=service"`
	// Header that carries the token; authorization with Bearer by default.
	Header string `json:"header,omitempty" check:"format=header"`
	// Query parameter that carries the token.
	Query string `json:"query,omitempty"`
	// Optional lets requests without a token through; a bad token is refused.
	Optional bool `json:"optional,omitempty"`
	// Forward passes the token on to the service.
	Forward bool `json:"forward,omitempty"`
	// ClaimHeaders pass claims on as headers: header → claim. A list or an object arrives as base64 of its JSON.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty" check:"keys=header"`
}

// HMAC says how callers sign requests. Keys are references to files on the proxy's machine, never keys.
type HMAC struct {
	// Keys by caller: the file with the key, or with several on a line each, read again when it changes.
	Keys map[string]string `json:"keys" check:"required,nonEmpty,keys=caller,format=keyFile"`
	// Header that carries the signature; x-dubbomesh-signature by default. Dubbo consumers set an attachment of this name.
	Header string `json:"header,omitempty" check:"format=header"`
	// Window by which the time of a request may differ; 5m by default. Within it a signature is taken once.
	Window *Duration `json:"window,omitempty" check:"min=1s,max=1h"`
	// SignedHeaders are part of what is signed, in this order, beside method, path, caller, time, nonce and body; host is the host asked for.
	SignedHeaders []string `json:"signedHeaders,omitempty" check:"single,format=header"`
	// Optional lets requests without a signature through; a bad one is refused.
	Optional bool `json:"optional,omitempty"`
}

// APIKey says where callers put their key. Keys are references to files on the proxy's machine, never keys.
type APIKey struct {
	// Keys by caller: the file with the key, or with several on a line each, read again when it changes.
	Keys map[string]string `json:"keys" check:"required,nonEmpty,keys=caller,format=keyFile"`
	// Header that carries the key; x-api-key by default. Dubbo consumers set an attachment of this name.
	Header string `json:"header,omitempty" check:"format=header"`
	// Query parameter that carries the key, in place of the header or beside it.
	Query string `json:"query,omitempty"`
	// Optional lets requests without a key through; a bad one is refused.
	Optional bool `json:"optional,omitempty"`
}
