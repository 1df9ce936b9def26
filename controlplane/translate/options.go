package translate

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Options are the mesh-wide inputs of a translation beside the services. The zero value is not usable: start from
// DefaultOptions.
type Options struct {
	GatewayAddress   string        // IP the gateway's listeners bind
	GatewayPort      uint32        // 1..65535
	GatewayDubboPort uint32        // a second port, 1..65535; 0 for none
	Dataplane        string        // which host of the Go filter runs in Envoy; one of Dataplanes
	Module           string        // absolute path of the shared object on Envoy's machine; "" finds it by name in Envoy's search path
	Bridge           config.Bridge // message size limits of Dubbo calls
	RouteTimeout     time.Duration // whole request with its retries; 0 for none
	ConnectTimeout   time.Duration // one attempt to connect to an instance
	Retries          uint32        // attempts after the first one; 0 switches retries off
}

// DefaultOptions are what the mesh does when nobody says anything.
func DefaultOptions() Options {
	return Options{
		GatewayAddress:   "0.0.0.0",
		GatewayPort:      8080,
		GatewayDubboPort: 20880,
		Dataplane:        DynamicModule,
		RouteTimeout:     10 * time.Second,
		ConnectTimeout:   time.Second,
		Retries:          2, // as Dubbo's failover cluster
	}
}

// Validate reports every option that Envoy, or the Go filter in it, would refuse. Resources made with options that do
// not pass it may be rejected by Envoy.
func (o Options) Validate() error {
	var errs []error
	if _, err := netip.ParseAddr(o.GatewayAddress); err != nil {
		errs = append(errs, fmt.Errorf("gateway address %q is not an IP address; write one such as 0.0.0.0 or 127.0.0.1", o.GatewayAddress))
	}
	if o.GatewayPort < 1 || o.GatewayPort > 65535 {
		errs = append(errs, fmt.Errorf("gateway port %d; write a port from 1 to 65535", o.GatewayPort))
	}
	if o.GatewayDubboPort > 65535 || o.GatewayDubboPort != 0 && o.GatewayDubboPort == o.GatewayPort {
		errs = append(errs, fmt.Errorf("gateway Dubbo port %d; write a port from 1 to 65535 beside %d, which takes Dubbo too, or 0 for none", o.GatewayDubboPort, o.GatewayPort))
	}
	if !slices.Contains(Dataplanes, o.Dataplane) {
		errs = append(errs, fmt.Errorf("dataplane %q cannot be emitted for; write one of %q", o.Dataplane, Dataplanes))
	}
	if o.Module != "" && (!filepath.IsAbs(o.Module) || !utf8.ValidString(o.Module)) {
		errs = append(errs, fmt.Errorf("module %q; write the absolute path of the shared object on Envoy's machine, or nothing to find it in Envoy's search path", o.Module))
	}
	// Envoy caches a bridge configuration at its first use and never rejects it, so it has to be right here.
	if _, err := config.ParseBridge(o.Bridge.Text()); err != nil {
		errs = append(errs, err)
	}
	if o.RouteTimeout < 0 {
		errs = append(errs, fmt.Errorf("route timeout %s; write a positive duration, or 0s for none", o.RouteTimeout))
	}
	if o.ConnectTimeout <= 0 {
		errs = append(errs, fmt.Errorf("connect timeout %s; write a positive duration such as 1s", o.ConnectTimeout))
	}
	if o.Retries > maxRetries {
		errs = append(errs, fmt.Errorf("%d retries; write 0 to %d", o.Retries, maxRetries))
	}
	return errors.Join(errs...)
}

// maxRetries keeps one request from visiting a broken service for ever.
const maxRetries = 10

// bufferBytes is how much of one message Envoy may hold: the larger of the bridge's limits and a read on top of it, so
// that it is the bridge, not Envoy, that refuses what is too large.
func (o Options) bufferBytes() uint32 {
	b, err := config.ParseBridge(o.Bridge.Text())
	if err != nil {
		b = config.Bridge{MaxRequestBytes: config.DefaultMaxBytes, MaxResponseBytes: config.DefaultMaxBytes}
	}
	return uint32(max(b.MaxRequestBytes, b.MaxResponseBytes)) + 1<<20
}
