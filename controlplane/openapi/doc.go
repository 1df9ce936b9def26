// Package openapi describes a service as an OpenAPI 3.1 document: what can be called through a gateway over HTTP, with
// the JSON that it takes and gives. It is pure, and knows schemas only, wherever they come from; it must not know
// registrations, policies or Envoy.
//
// # Paths
//
// Each method is POST /{interface}/{method} with its arguments as JSON, overloads together. Each operation of a mapping is
// the request that it maps. GET on a method is left out: nothing says which methods only read. See docs/http-contract.md.
//
// # JSON schemas
//
// Classes whose shape is known become components; a class inside another has a dot in its component's name, because
// OpenAPI allows no dollar sign, and its Java name as the title. A class of which nothing is known takes any JSON. A type
// that can be null says so, because Java has it so and a provider may send it.
package openapi
