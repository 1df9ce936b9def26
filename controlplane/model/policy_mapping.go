package model

// Mapping says how HTTP is mapped to a Dubbo interface, its service. It completes and overrules the metadata that
// providers report.
type Mapping struct {
	PolicyMeta
	// Group of the interface; for every group when absent.
	Group *string `json:"group,omitempty"`
	// Version of the interface; for every version when absent.
	Version *string `json:"version,omitempty"`
	// Target is the HTTP service that serves the interface where nothing is registered under the interface's own name.
	Target string `json:"target,omitempty" check:"format=service"`
	// Methods of the interface. A method that is named here is known by what is said here alone.
	Methods []MappedMethod `json:"methods,omitempty" check:"nonEmpty"`
	// Operations are REST requests that call methods.
	Operations []MappedOperation `json:"operations,omitempty" check:"nonEmpty"`
	// Classes that parameters and results use, by Java name.
	Classes map[string]MappedClass `json:"classes,omitempty" check:"keys=javaClass"`
	// Exceptions become responses, for every method.
	Exceptions []MappedException `json:"exceptions,omitempty" check:"nonEmpty"`
	// Results says how results are written.
	Results *MappedResults `json:"results,omitempty"`
}

// Kind implements Policy.
func (Mapping) Kind() Kind { return KindMapping }

// MappedMethod is one overload of a method.
type MappedMethod struct {
	// Name of the method.
	Name string `json:"name" check:"required,format=javaName"`
	// Parameters in their order.
	Parameters []MappedParameter `json:"parameters,omitempty"`
	// Returns is the Java type of the result.
	Returns string `json:"returns,omitempty" check:"format=javaType"`
	// OneWay calls are answered before the provider has answered.
	OneWay bool `json:"oneWay,omitempty"`
}

// MappedParameter is a parameter of a method or a field of a class.
type MappedParameter struct {
	// Name of the parameter; needed for queries and REST.
	Name string `json:"name,omitempty" check:"format=javaName"`
	// Type is the Java type: long, java.util.List<com.example.User>.
	Type string `json:"type" check:"required,short,format=javaType"`
}

// MappedOperation is a REST request that calls a method.
type MappedOperation struct {
	// Verb is the HTTP method.
	Verb string `json:"verb" check:"required,format=verb"`
	// Path with names in braces: /users/{id}/orders.
	Path string `json:"path" check:"required,format=template"`
	// Method that is called.
	Method string `json:"method" check:"required,format=javaName"`
	// Parameters in the method's order. Without them those of the method in methods are taken: from the path where it names
	// them, else from the query with GET, HEAD and DELETE, else from the body: the whole for one, fields for several.
	Parameters []MappedBinding `json:"parameters,omitempty"`
	// Status of a success; 200 by default.
	Status *uint32 `json:"status,omitempty" check:"min=200,max=299"`
	// Unwrap is the field of the result that is the body, with dots between levels: data.list; the whole by default.
	Unwrap string `json:"unwrap,omitempty" check:"format=javaPath"`
	// Exceptions become responses, before those of the mapping.
	Exceptions []MappedException `json:"exceptions,omitempty" check:"nonEmpty"`
}

// MappedBinding says where a parameter comes from.
type MappedBinding struct {
	// From is path, query, header, cookie, field (of the JSON body) or body (the whole).
	From string `json:"from" check:"required,oneOf=path|query|header|cookie|field|body"`
	// Name there.
	Name string `json:"name,omitempty"`
	// Type is the Java type; by default that of the method's parameter in methods.
	Type string `json:"type,omitempty" check:"format=javaType"`
	// Default is used when it is absent: any YAML or JSON value.
	Default any `json:"default,omitempty"`
	// Required refuses requests without it.
	Required bool `json:"required,omitempty"`
}

// MappedClass is the shape of a Java class.
type MappedClass struct {
	// Enum lists the names of an enum's constants.
	Enum []string `json:"enum,omitempty" check:"nonEmpty"`
	// Fields in their order, inherited ones included.
	Fields []MappedParameter `json:"fields,omitempty" check:"nonEmpty"`
	// Naming says how fields are called in JSON: Java field → JSON name.
	Naming map[string]string `json:"naming,omitempty" check:"keys=javaName"`
}

// MappedException is a response for an exception.
type MappedException struct {
	// Class of the exception.
	Class string `json:"class" check:"required,format=javaClass"`
	// Status of the response.
	Status *uint32 `json:"status" check:"required,min=200,max=599"`
	// Body of the response, any YAML or JSON value; problem JSON by default.
	Body any `json:"body,omitempty"`
}

// MappedResults says how results are written.
type MappedResults struct {
	// Longs is number or string (those beyond 2^53); number by default.
	Longs string `json:"longs,omitempty" check:"oneOf=number|string"`
	// Nulls is keep or drop (null members are left out); keep by default.
	Nulls string `json:"nulls,omitempty" check:"oneOf=keep|drop"`
	// Class writes the class of each object.
	Class bool `json:"class,omitempty"`
}
