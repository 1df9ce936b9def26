package openapi

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const problemType = "application/problem+json"

// same compares two schemas.
func same(a, b *node) bool { return reflect.DeepEqual(a, b) }

// problemResponse is every failure, as docs/http-contract.md has it.
func problemResponse() response {
	return response{
		Description: "A failure (RFC 9457): what is wrong with the request, an exception of the service, or why no answer came.",
		Content:     map[string]media{problemType: {Schema: &node{Ref: schemaRef + problemName}}},
	}
}

func problemSchema() *node {
	return &node{
		Title: problemName, Type: "object", Required: []string{"title", "status"},
		Properties: map[string]*node{
			"type":    {Type: "string", Format: "uri"},
			"title":   of("string"),
			"status":  ranged(400, 599),
			"detail":  of("string"),
			"class":   {Type: "string", Description: "Of an exception: its Java class."},
			"message": {Type: []string{"string", "null"}, Description: "Of an exception."},
			"fields":  {Type: "object", Description: "Of an exception: its own fields."},
			"dubbo": {Type: "object", Description: "Of an answer from a provider.", Properties: map[string]*node{
				"status": {Type: "integer", Description: "Dubbo's status."},
			}},
		},
	}
}

// exceptions adds the responses to exceptions that have a status of their own; lists that come first win. Every other
// failure is a problem.
func (b *builder) exceptions(out map[string]response, lists ...[]config.Exception) {
	out["default"] = response{Ref: "#/components/responses/" + problemName}
	classes := map[string][]string{}
	seen := map[string]bool{}
	for _, list := range lists {
		for _, e := range list {
			if seen[e.Class] {
				continue
			}
			seen[e.Class] = true
			code := strconv.Itoa(e.Status)
			classes[code] = append(classes[code], e.Class)
			r := out[code]
			if r.Content == nil {
				r.Content = map[string]media{}
			}
			if e.Body == "" {
				r.Content[problemType] = media{Schema: &node{Ref: schemaRef + problemName}}
			} else {
				r.Content[jsonType] = media{Schema: &node{}, Example: json.RawMessage(e.Body)}
			}
			r.Description = "Thrown: " + strings.Join(classes[code], ", ") + "."
			out[code] = r
		}
	}
}
