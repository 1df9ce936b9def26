package config

// SchemaConfig is the per_route_config_name under which a schema travels, as a google.protobuf.StringValue of its text, on
// routes that no request takes.
const SchemaConfig = "schema"
