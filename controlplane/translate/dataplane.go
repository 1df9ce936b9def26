package translate

import (
	"cmp"
	"strings"

	golangfilterv3 "github.com/envoyproxy/go-control-plane/contrib/envoy/extensions/filters/http/golang/v3alpha"
	golangbridgev3 "github.com/envoyproxy/go-control-plane/contrib/envoy/extensions/upstreams/http/tcp/golang/v3alpha"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	modulev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/dynamic_modules/v3"
	modulefilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_modules/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	bridgev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/dynamic_modules/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// The hosts of the Go filter in Envoy.
const (
	// DynamicModule is the dataplane in which the Go filter runs as one of Envoy's dynamic modules, in a stock Envoy.
	DynamicModule = "dynamic-module"
	// ContribGolang is the one in which it runs in the Go filters of Envoy's contrib images. They have no network filter and
	// no way to hand schemas over: Dubbo consumers, types from metadata and REST operations need DynamicModule.
	ContribGolang = "contrib-golang"
)

// Dataplanes lists them.
var Dataplanes = []string{DynamicModule, ContribGolang}

// contrib reports whether Envoy runs the Go filter in its contrib Go filters.
func (o Options) contrib() bool { return o.Dataplane == ContribGolang }

// bridgeUpstream is what speaks Dubbo on the pooled connections of a cluster.
func bridgeUpstream(opt Options) *corev3.TypedExtensionConfig {
	settings := pack(wrapperspb.String(string(opt.Bridge.Text())))
	if opt.contrib() {
		return &corev3.TypedExtensionConfig{
			Name: "envoy.upstreams.http.tcp.golang",
			TypedConfig: pack(&golangbridgev3.Config{
				LibraryId: config.ContribLibraryID, LibraryPath: contribLibrary(opt), PluginName: config.BridgeName, PluginConfig: settings,
			}),
		}
	}
	return &corev3.TypedExtensionConfig{
		Name:        "envoy.upstreams.http.dynamic_modules",
		TypedConfig: pack(&bridgev3.Config{DynamicModuleConfig: module(opt), BridgeName: config.BridgeName, BridgeConfig: settings}),
	}
}

// httpFilter is an HTTP filter of ours, switched off but on routes that switch it on.
func httpFilter(name, inner string, opt Options) *hcmv3.HttpFilter {
	settings := pack(wrapperspb.String(string(opt.Bridge.Text())))
	var filter proto.Message = &modulefilterv3.DynamicModuleFilter{DynamicModuleConfig: module(opt), FilterName: inner, FilterConfig: settings}
	if opt.contrib() {
		filter = &golangfilterv3.Config{
			LibraryId: config.ContribLibraryID, LibraryPath: contribLibrary(opt), PluginName: inner, PluginConfig: settings,
		}
	}
	return &hcmv3.HttpFilter{Name: name, Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(filter)}}
}

// moduleFilter is the configuration of a filter of the module's, by the name that the module knows it by.
func moduleFilter(name string, text []byte) *modulefilterv3.DynamicModuleFilterPerRoute {
	return &modulefilterv3.DynamicModuleFilterPerRoute{
		DynamicModuleConfig: moduleByName(),
		FilterName:          name,
		FilterConfig:        pack(wrapperspb.String(string(text))),
	}
}

func contribLibrary(opt Options) string {
	return strings.ToValidUTF8(cmp.Or(opt.Module, config.ContribLibrary), "�")
}

// module is where Envoy finds the shared object, for each hook of it alike: they must share one Go runtime.
func module(opt Options) *modulev3.DynamicModuleConfig {
	if opt.Module == "" {
		return moduleByName()
	}
	m := &modulev3.DynamicModuleConfig{DoNotClose: true}
	m.Module = &corev3.AsyncDataSource{Specifier: &corev3.AsyncDataSource_Local{
		Local: &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: strings.ToValidUTF8(opt.Module, "�")}},
	}}
	return m
}

// moduleByName is how a route names the shared object, which a route cannot name by its path. It is loaded by then, since
// the listener of the route has hooks of it, and bears this name.
func moduleByName() *modulev3.DynamicModuleConfig {
	return &modulev3.DynamicModuleConfig{Name: config.Module, DoNotClose: true} // a Go runtime cannot be unloaded
}
