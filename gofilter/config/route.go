package config

// How routes speak to the filter.
const (
	// SchemaConfig is the per_route_config_name under which a schema travels, as a google.protobuf.StringValue of its text,
	// on routes that no request takes.
	SchemaConfig = "schema"
	// RouteMetadata is the namespace in a route's metadata in which a route from Dubbo to an HTTP service holds the text
	// SchemaHeader: the ID of the schema that describes the service. The request has no such header there, since routes
	// change headers after the last filter; a route without it is one of whose service nothing is known.
	RouteMetadata = "dubbo"
)
