// Package plugin is the host of the core in Envoy's contrib Go filter SDK: an HTTP → TCP bridge and the HTTP filter that
// routes forms. It knows the SDK's interfaces but not its implementation, which exists only inside Envoy. What bytes
// mean is not decided here.
package plugin

import (
	"fmt"

	xdstype "github.com/cncf/xds/go/xds/type/v3"
	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// parse reads a plugin_config: a StringValue of JSON, as the control plane sends it, a TypedStruct, as it is written by
// hand in YAML, or nothing.
func parse(message *anypb.Any) (config.Bridge, error) {
	var text wrapperspb.StringValue
	var fields xdstype.TypedStruct
	switch {
	case message.GetTypeUrl() == "":
		return config.ParseBridge(nil)
	case message.MessageIs(&text):
		if err := message.UnmarshalTo(&text); err != nil {
			return config.Bridge{}, fmt.Errorf("plugin_config: %w", err)
		}
		return config.ParseBridge([]byte(text.GetValue()))
	case message.MessageIs(&fields):
		if err := message.UnmarshalTo(&fields); err != nil {
			return config.Bridge{}, fmt.Errorf("plugin_config: %w", err)
		}
		json, err := fields.GetValue().MarshalJSON()
		if err != nil {
			return config.Bridge{}, fmt.Errorf("plugin_config: %w", err)
		}
		return config.ParseBridge(json)
	}
	return config.Bridge{}, fmt.Errorf("plugin_config is a %q; write a google.protobuf.StringValue of JSON or an xds.type.v3.TypedStruct", message.GetTypeUrl())
}

// logError writes to Envoy's log.
func logError(message string) { api.LogError(message) }
