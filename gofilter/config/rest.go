package config

// RestFilter is the filter_name of the HTTP filter that turns calls of Dubbo consumers into requests for HTTP services.
// It stands in every chain of HTTP filters that such calls come through, switched off but on routes from Dubbo to an
// HTTP service, and is configured as the bridge is, by ParseBridge: MaxRequestBytes bounds the call's arguments,
// MaxResponseBytes the HTTP service's answer.
const RestFilter = "rest"
