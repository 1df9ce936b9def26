package config

// Names under which the Go filter is loaded and configured in an Envoy with the contrib Go filter SDK. The bridge's
// plugin_name (envoy.upstreams.http.tcp.golang) is BridgeName, the HTTP filter's (envoy.filters.http.golang) FormFilter.
// The plugin_config of both is a google.protobuf.StringValue of Bridge.Text.
//
// What that Envoy cannot do, so that it must not be asked to:
//   - retry on what a response says (5xx, gateway-error, retriable-status-codes, retriable-headers): its bridge sends headers
//     and body as two calls and does not look whether the first one took the request away. Retries on connect-failure,
//     refused-stream and reset are safe;
//   - survive a bridge configuration that its plugin refuses, or a library that is missing: it aborts. The plugin refuses none.
const (
	ContribLibraryID = "dubbo"               // library_id of both
	ContribLibrary   = "libdubbo-contrib.so" // the file that library_path names, which has to be absolute or in the loader's path
)
