package config

// SchemaConfig is the filter_name under which a schema travels, as a google.protobuf.StringValue of its text, on
// routes that no request takes.
const SchemaConfig = "schema"
