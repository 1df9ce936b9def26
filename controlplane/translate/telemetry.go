package translate

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// telemetry is what every port tells of its requests.
type telemetry struct {
	logs    []*accesslogv3.AccessLog
	tracing *hcmv3.HttpConnectionManager_Tracing
}
