package config

// Schema describes one service: its methods, the classes they use, and how HTTP is mapped to it. The control plane makes
// it of Dubbo's metadata and of Mapping policies. It reaches the filter as a per-route configuration that no request is
// routed to, which Envoy loads before the routes that name it and drops when the last request that used them is done;
// the filter keeps it under its ID.
type Schema struct {
	Service    string           `json:"service"`
	Methods    []Method         `json:"methods,omitempty"`
	Classes    map[string]Class `json:"classes,omitempty"` // by Java name
	Operations []Operation      `json:"operations,omitempty"`
	Exceptions []Exception      `json:"exceptions,omitempty"` // for every method
	Results    Results          `json:"results,omitzero"`
}

// Method is one overload of a method.
type Method struct {
	Name       string      `json:"name"`
	Parameters []Parameter `json:"parameters,omitempty"`
	Returns    string      `json:"returns,omitempty"` // Java type with its generic arguments; "" when not known
	OneWay     bool        `json:"oneWay,omitempty"`  // answered with 202 before the provider has answered
	Invoke     string      `json:"invoke,omitempty"`  // "typed" or "generic" calls; by the types when empty
}

// Parameter is a parameter of a method, or a field of a class.
type Parameter struct {
	Name string `json:"name,omitempty"` // "" when not known; by it GET requests have the parameter in their query
	Type string `json:"type"`           // Java type with its generic arguments: java.util.List<com.example.User>, long[]
}

// Class is a Java class whose shape is known.
type Class struct {
	Enum   []string          `json:"enum,omitempty"`   // the names of its constants; non-empty for enums
	Fields []Parameter       `json:"fields,omitempty"` // inherited ones included; T and the like are type variables
	Naming map[string]string `json:"naming,omitempty"` // Java field → JSON name, where they differ
}

// Field finds a field by its Java name or by its JSON name.
func (c Class) Field(name string) (Parameter, bool) {
	for _, f := range c.Fields {
		if f.Name == name || name != "" && c.Naming[f.Name] == name {
			return f, true
		}
	}
	return Parameter{}, false
}

// JSONName is what a field of that Java name is called in JSON.
func (c Class) JSONName(field string) string {
	if name, ok := c.Naming[field]; ok {
		return name
	}
	return field
}

// Operation maps one HTTP request to a method.
type Operation struct {
	Verb       string      `json:"verb"`                 // GET, POST, …
	Path       string      `json:"path"`                 // template: /users/{id}/orders
	Method     string      `json:"method"`               // of the service
	Parameters []Binding   `json:"parameters,omitempty"` // in the method's order
	Status     int         `json:"status,omitempty"`     // of a success; 200 when 0
	Unwrap     string      `json:"unwrap,omitempty"`     // the field of the result that is the response's body, with dots between levels; "" for the whole
	Exceptions []Exception `json:"exceptions,omitempty"` // before those of the schema
}

// Where a parameter is taken from.
const (
	FromPath   = "path"
	FromQuery  = "query"
	FromHeader = "header"
	FromCookie = "cookie"
	FromField  = "field" // a field of the JSON body
	FromBody   = "body"  // the whole JSON body
)

// Binding says where a parameter comes from.
type Binding struct {
	From     string `json:"from"`
	Name     string `json:"name,omitempty"`     // in the path template, query, header, cookie or body
	Type     string `json:"type"`               // Java type
	Default  string `json:"default,omitempty"`  // JSON text used when it is absent; "" for null
	Required bool   `json:"required,omitempty"` // as every primitive without a default is
}

// Exception maps an exception class to a response.
type Exception struct {
	Class  string `json:"class"`          // Java name
	Status int    `json:"status"`         // 200 to 599
	Body   string `json:"body,omitempty"` // JSON text instead of the problem; "" for the problem
}

// Results says how results are written.
type Results struct {
	Longs string `json:"longs,omitempty"` // "string" writes those beyond 2^53 as strings; number by default
	Nulls string `json:"nulls,omitempty"` // "drop" leaves null members out; kept by default
	Class bool   `json:"class,omitempty"` // write "class" members
}
