package translate_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policy"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

const bootstrap = `
node: {id: gateway-1, cluster: gateway, locality: {zone: east-1}, metadata: {labels: {team: pay}}}
dynamic_resources:
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    grpc_services: [{envoy_grpc: {cluster_name: control-plane}}]
  cds_config: {ads: {}, resource_api_version: V3}
  lds_config: {ads: {}, resource_api_version: V3}
static_resources:
  clusters:
  - name: control-plane
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: control-plane
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
layered_runtime:
  layers:
  - {name: static, static_layer: {re2.max_program_size.error_level: 1000, tracing.opentelemetry.min_flush_spans: 1}}
`

// serve runs an xDS server and returns its port.
func serve(t *testing.T) (*xds.Server, int) {
	t.Helper()
	server := xds.New(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return server, l.Addr().(*net.TCPAddr).Port
}

// A real Envoy takes what every case becomes, one after the other, and refuses nothing.
func TestEnvoyTakesEveryCase(t *testing.T) {
	server, port := serve(t)
	files, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil {
		t.Fatal(err)
	}
	started := false
	for _, file := range files {
		snap, opt := translate.ReadCase(t, file)
		if opt.Dataplane != translate.DynamicModule || opt.Module != "" {
			continue // what this Envoy cannot load
		}
		opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
		server.Publish(here(translate.Translate(snap, opt)))
		if !started {
			testenvoy.Start(t, testenvoy.Options{Bootstrap: fmt.Sprintf(bootstrap, port)})
			started = true
		}
		t.Run(filepath.Base(file), func(t *testing.T) { accepted(t, server) })
	}
	opt := translate.DefaultOptions()
	opt.GatewayAddress, opt.GatewayPort, opt.GatewayDubboPort = "127.0.0.1", 0, 0
	server.Publish(here(translate.Translate(translate.Governed(examples(t)), opt)))
	t.Run("examples", func(t *testing.T) { accepted(t, server) })
}

// here gives listeners ports of this machine, without TLS, whose files are another's.
func here(r translate.Resources) translate.Resources {
	for name, l := range r.Listeners {
		l = proto.CloneOf(l)
		l.GetAddress().GetSocketAddress().Address = "127.0.0.1"
		l.GetAddress().GetSocketAddress().PortSpecifier = &corev3.SocketAddress_PortValue{}
		for _, chain := range l.GetFilterChains() {
			chain.TransportSocket = nil
		}
		r.Listeners[name] = l
	}
	return r
}

// examples are the policies of the examples folder.
func examples(t *testing.T) (list []model.Policy) {
	t.Helper()
	files, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range policy.Parse(file, text) {
			if t, ok := p.Policy.(model.Telemetry); ok && t.AccessLog != nil {
				log := *t.AccessLog
				log.Path = "" // which is another machine's
				t.AccessLog = &log
				p.Policy = t
			}
			if p.Err() == nil {
				list = append(list, p.Policy)
			}
		}
	}
	return list
}

// accepted waits until the one proxy has answered for everything that was published.
func accepted(t *testing.T, server *xds.Server) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		proxies := server.Proxies()
		if len(proxies) == 1 {
			for _, typ := range proxies[0].Types {
				if len(typ.Refused) > 0 {
					t.Fatalf("%s %v refused: %s", typ.Name, typ.Refused, typ.LastNACK)
				}
			}
			if proxies[0].InSync && len(proxies[0].Types) >= 4 {
				return
			}
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not in sync: %+v", proxies)
		}
	}
}
