package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Validate reports every value that cannot work, with its key and what to write instead.
func (c Config) Validate() error {
	return errors.Join(
		c.Etcd.validate(),
		c.Sources.validate(),
		c.Protection.validate(),
		listen("xds.listen", c.XDS.Listen),
		c.XDS.validate(),
		listen("api.listen", c.API.Listen),
		c.Gateway.validate(),
		c.Dataplane.validate(),
		c.Route.validate(),
		c.Log.validate(),
	)
}

func (e Etcd) validate() error {
	var errs []error
	if len(e.Endpoints) == 0 {
		errs = append(errs, errors.New("etcd.endpoints is empty: write at least one, such as 127.0.0.1:2379"))
	}
	for i, endpoint := range e.Endpoints {
		if err := checkEndpoint(endpoint); err != nil {
			errs = append(errs, fmt.Errorf("etcd.endpoints[%d]: %q %w: write host:port or http(s)://host:port, such as 127.0.0.1:2379", i, endpoint, err))
		}
	}
	errs = append(errs, prefix("etcd.prefix", e.Prefix))
	if e.DialTimeout <= 0 {
		errs = append(errs, fmt.Errorf("etcd.dialTimeout is %v: write a positive duration, such as 5s", e.DialTimeout))
	}
	if (e.TLS.Cert == "") != (e.TLS.Key == "") {
		errs = append(errs, errors.New("etcd.tls.cert and etcd.tls.key belong together: write both or none"))
	}
	if e.Username == "" && e.Password != "" {
		errs = append(errs, errors.New("etcd.password is set without etcd.username: write both or none"))
	}
	return errors.Join(errs...)
}

func checkEndpoint(endpoint string) error {
	host := endpoint
	if strings.Contains(endpoint, "://") {
		u, err := url.Parse(endpoint)
		if err != nil {
			return errors.New("is no URL")
		}
		if u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("has scheme %q", u.Scheme)
		}
		host = u.Host
	}
	return hostPort(host)
}

func (s Sources) validate() error {
	var errs []error
	for i, root := range s.Dubbo {
		errs = append(errs, prefix(fmt.Sprintf("sources.dubbo[%d]", i), root))
	}
	for i, root := range s.Metadata {
		errs = append(errs, prefix(fmt.Sprintf("sources.metadata[%d]", i), root))
	}
	for i, w := range s.Weights {
		errs = append(errs, prefix(fmt.Sprintf("sources.weights[%d].prefix", i), w.Prefix))
		if !slices.Contains(model.Protocols, model.Protocol(w.Protocol)) {
			errs = append(errs, fmt.Errorf("sources.weights[%d].protocol is %q: write one of %v", i, w.Protocol, model.Protocols))
		}
	}
	for i, file := range s.Files {
		if file == "" {
			errs = append(errs, fmt.Errorf("sources.files[%d] is empty: write the path of a YAML file", i))
		}
	}
	return errors.Join(errs...)
}

func (p Protection) validate() error {
	var errs []error
	if p.Percent < 1 || p.Percent > 100 {
		errs = append(errs, fmt.Errorf("protection.percent is %d: write 1 to 100, or set protection.enabled to false", p.Percent))
	}
	if p.Window <= 0 {
		errs = append(errs, fmt.Errorf("protection.window is %v: write a positive duration, such as 15s", p.Window))
	}
	if p.Hold <= 0 {
		errs = append(errs, fmt.Errorf("protection.hold is %v: write a positive duration, or set protection.enabled to false", p.Hold))
	}
	return errors.Join(errs...)
}

func (x XDS) validate() error {
	if x.Linger < 0 || x.Linger > time.Hour {
		return fmt.Errorf("xds.linger is %v: write 0s to 1h", x.Linger)
	}
	return nil
}

func (g Gateway) validate() error {
	var errs []error
	if _, err := netip.ParseAddr(g.Address); err != nil {
		errs = append(errs, fmt.Errorf("gateway.address is %q: write an IP address, such as 0.0.0.0 or 127.0.0.1", g.Address))
	}
	if g.Port < 1 || g.Port > 65535 {
		errs = append(errs, fmt.Errorf("gateway.port is %d: write a port from 1 to 65535", g.Port))
	}
	if g.DubboPort < 0 || g.DubboPort > 65535 || g.DubboPort == g.Port {
		errs = append(errs, fmt.Errorf("gateway.dubboPort is %d: write a port from 1 to 65535 beside gateway.port, which takes Dubbo too, or 0 for none", g.DubboPort))
	}
	return errors.Join(errs...)
}

func (d Dataplane) validate() error {
	var errs []error
	if d.Kind != "dynamic-module" && d.Kind != "contrib-golang" {
		errs = append(errs, fmt.Errorf("dataplane.kind is %q: write dynamic-module, or contrib-golang for Envoy's contrib images", d.Kind))
	}
	if d.Module != "" && !filepath.IsAbs(d.Module) {
		errs = append(errs, fmt.Errorf("dataplane.module is %q: write an absolute path, or nothing to find the module by name", d.Module))
	}
	for key, n := range map[string]int{"dataplane.maxRequestBytes": d.MaxRequestBytes, "dataplane.maxResponseBytes": d.MaxResponseBytes} {
		if n < config.MinMaxBytes || n > config.MaxMaxBytes {
			errs = append(errs, fmt.Errorf("%s is %d: write %d to %d", key, n, config.MinMaxBytes, config.MaxMaxBytes))
		}
	}
	return errors.Join(errs...)
}

func (r Route) validate() error {
	var errs []error
	if r.Timeout < 0 {
		errs = append(errs, fmt.Errorf("route.timeout is %v: write a positive duration such as 10s, or 0s for none", r.Timeout))
	}
	if r.ConnectTimeout <= 0 {
		errs = append(errs, fmt.Errorf("route.connectTimeout is %v: write a positive duration, such as 1s", r.ConnectTimeout))
	}
	if r.Retries < 0 || r.Retries > 10 {
		errs = append(errs, fmt.Errorf("route.retries is %d: write 0 to 10", r.Retries))
	}
	return errors.Join(errs...)
}

func (l Log) validate() error {
	if l.Format != "text" && l.Format != "json" {
		return fmt.Errorf("log.format is %q: write text or json", l.Format)
	}
	return nil
}

// prefix checks a place in etcd: absolute, clean, and below the root, which belongs to everybody.
func prefix(key, value string) error {
	if !strings.HasPrefix(value, "/") || value == "/" || path.Clean(value) != value {
		return fmt.Errorf("%s is %q: write an absolute path without a slash at the end, such as /dubbomesh", key, value)
	}
	return nil
}

func listen(key, value string) error {
	if err := hostPort(value); err != nil {
		s := table[slices.IndexFunc(table, func(s setting) bool { return s.key == key })]
		return fmt.Errorf("%s (--%s): %q %w: write host:port, such as %v", key, s.flag, value, err, s.value)
	}
	return nil
}

func hostPort(value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return errors.New("is no host:port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("has port %q", port)
	}
	return nil
}
