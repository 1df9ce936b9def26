package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Options say what a schema does not.
type Options struct {
	Server         string // URL of the gateway; "" leaves it to the reader
	Group, Version string // of the variant that is described; "" for none
}

// Document returns the OpenAPI 3.1 document of a schema as JSON. Equal schemas give equal bytes. It fails only for a schema
// that config.Schema.Check refuses.
func Document(s config.Schema, opt Options) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	b := newBuilder(s, opt)
	b.methods()
	b.operations()
	doc := document{
		OpenAPI: "3.1.0",
		Info: info{
			Title: s.Service, Version: cmp.Or(opt.Version, "unversioned"),
			Description: b.summary(),
		},
		Tags:  []tag{{Name: tagMethods, Description: "Each method of the interface, called with its arguments."}},
		Paths: b.paths,
		Components: components{
			Schemas:   b.classes(),
			Responses: map[string]response{problemName: problemResponse()},
		},
	}
	if len(s.Operations) > 0 {
		doc.Tags = append([]tag{{Name: tagREST, Description: "Requests that a mapping turns into calls."}}, doc.Tags...)
	}
	if opt.Server != "" {
		doc.Servers = []server{{URL: opt.Server}}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("OpenAPI document of %s: %w", s.Service, err)
	}
	return out.Bytes(), nil
}

// summary says what the document is of.
func (b *builder) summary() string {
	text := "Dubbo service " + b.schema.Service
	if b.opt.Group != "" {
		text += ", group " + b.opt.Group
	}
	if b.opt.Version != "" {
		text += ", version " + b.opt.Version
	}
	return text + ", as it is called over HTTP through the gateway."
}

const (
	tagMethods = "methods"
	tagREST    = "rest"
)

// What follows is the part of OpenAPI 3.1 that is used, under its names there: https://spec.openapis.org/oas/v3.1.1.html
type (
	document struct {
		OpenAPI    string              `json:"openapi"`
		Info       info                `json:"info"`
		Servers    []server            `json:"servers,omitempty"`
		Tags       []tag               `json:"tags,omitempty"`
		Paths      map[string]pathItem `json:"paths"`
		Components components          `json:"components"`
	}
	info struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description,omitempty"`
	}
	server struct {
		URL string `json:"url"`
	}
	tag struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
	}
	pathItem  map[string]*operation // by verb in lower case
	operation struct {
		OperationID string              `json:"operationId"`
		Summary     string              `json:"summary,omitempty"`
		Description string              `json:"description,omitempty"`
		Tags        []string            `json:"tags,omitempty"`
		Parameters  []parameter         `json:"parameters,omitempty"`
		RequestBody *body               `json:"requestBody,omitempty"`
		Responses   map[string]response `json:"responses"`
	}
	parameter struct {
		Name        string `json:"name"`
		In          string `json:"in"`
		Description string `json:"description,omitempty"`
		Required    bool   `json:"required,omitempty"`
		Schema      *node  `json:"schema"`
	}
	body struct {
		Required bool             `json:"required,omitempty"`
		Content  map[string]media `json:"content"`
	}
	media struct {
		Schema  *node           `json:"schema,omitempty"`
		Example json.RawMessage `json:"example,omitempty"`
	}
	response struct {
		Ref         string           `json:"$ref,omitempty"`
		Description string           `json:"description,omitempty"`
		Content     map[string]media `json:"content,omitempty"`
	}
	components struct {
		Schemas   map[string]*node    `json:"schemas"`
		Responses map[string]response `json:"responses"`
	}
)

// node is a JSON Schema, of the 2020-12 dialect that OpenAPI 3.1 has.
type node struct {
	Ref                  string           `json:"$ref,omitempty"`
	Title                string           `json:"title,omitempty"`
	Description          string           `json:"description,omitempty"`
	Type                 any              `json:"type,omitempty"` // a name, or a list of names
	Format               string           `json:"format,omitempty"`
	ContentEncoding      string           `json:"contentEncoding,omitempty"`
	Enum                 []string         `json:"enum,omitempty"`
	Const                *string          `json:"const,omitempty"`
	Default              json.RawMessage  `json:"default,omitempty"`
	Minimum              *int             `json:"minimum,omitempty"`
	Maximum              *int             `json:"maximum,omitempty"`
	MinLength            *int             `json:"minLength,omitempty"`
	MaxLength            *int             `json:"maxLength,omitempty"`
	Items                *node            `json:"items,omitempty"`
	PrefixItems          []*node          `json:"prefixItems,omitempty"`
	MinItems             *int             `json:"minItems,omitempty"`
	MaxItems             *int             `json:"maxItems,omitempty"`
	Properties           map[string]*node `json:"properties,omitempty"`
	Required             []string         `json:"required,omitempty"`
	AdditionalProperties *node            `json:"additionalProperties,omitempty"`
	AnyOf                []*node          `json:"anyOf,omitempty"`
}
