package translate

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// restFilter is the name under which the filter is configured in the listener and switched on in a route.
const restFilter = "dubbo.rest"

// convert has a Dubbo call made an HTTP request of, and a Dubbo answer of the response. What describes the service stands
// in the route's metadata: the filter comes before the route's headers are set.
func convert(r *routev3.Route, schemaID string) {
	r.TypedPerFilterConfig = map[string]*anypb.Any{restFilter: pack(&routev3.FilterConfig{Config: &anypb.Any{}})}
	if schemaID == "" {
		return
	}
	r.Metadata = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{config.RouteMetadata: {
		Fields: map[string]*structpb.Value{config.SchemaHeader: structpb.NewStringValue(schemaID)},
	}}}
}
