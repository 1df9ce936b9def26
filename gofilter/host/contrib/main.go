// Command contrib is libdubbo-contrib.so, the plugin that Envoy's contrib images load (-buildmode=c-shared): the same core
// as in libdubbo.so behind Envoy's contrib Go filter SDK. The SDK has the exports that Envoy calls; this names what
// they find. Package plugin is the host.
package main

import (
	"github.com/envoyproxy/envoy/contrib/golang/filters/http/source/go/pkg/http"
	"github.com/envoyproxy/envoy/contrib/golang/upstreams/http/tcp/source/go/pkg/upstreams/http/tcp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host/contrib/plugin"
)

// The SDK looks plugins up by name from the first configuration on, which may come before main would run: a shared
// object's main never does.
func init() {
	tcp.RegisterHttpTcpBridgeFactoryAndConfigParser(config.BridgeName, plugin.NewBridge, new(plugin.BridgeParser))
	http.RegisterHttpFilterFactoryAndConfigParser(config.FormFilter, plugin.NewForm, plugin.FormParser{})
}

func main() {}
