package registry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// DefaultPrefix is where the native keys stand when the configuration does not say.
const DefaultPrefix = "/dubbomesh"

// Config says what is read from where.
type Config struct {
	Prefix     string          // native keys, DefaultPrefix when empty
	Dubbo      []string        // roots of Dubbo registries, such as "/dubbo"; none switches the source off
	Metadata   []string        // roots of Dubbo metadata reports, such as "/dubbo/metadata"; none switches the source off
	Weights    []WeightsSource // prefixes in which a key with a weight is a registration
	Files      []string        // YAML files, read again when they change
	Protection Protection      // the zero value means DefaultProtection
}

// WeightsSource is a prefix with keys <prefix>/<service>/<ip:port> whose values are integer weights.
type WeightsSource struct {
	Prefix   string
	Protocol model.Protocol // what the instances speak, dubbo when empty
}

// Validate says which settings cannot be used, and why.
func (c Config) Validate() error {
	_, err := c.complete()
	return err
}

// complete fills in defaults and checks the rest.
func (c Config) complete() (Config, error) {
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	var errs []error
	clean := func(what, prefix string) string {
		trimmed := strings.TrimRight(prefix, "/")
		if !strings.HasPrefix(trimmed, "/") {
			errs = append(errs, fmt.Errorf("%s %q: write a prefix that begins with a slash and names something, such as %q", what, prefix, DefaultPrefix))
		}
		return trimmed
	}
	c.Prefix = clean("registry prefix", c.Prefix)
	roots := func(what string, given []string) []string {
		out := make([]string, len(given))
		for i, root := range given {
			out[i] = clean(what, root)
		}
		return out
	}
	c.Dubbo = roots("dubbo registry root", c.Dubbo)
	c.Metadata = roots("dubbo metadata root", c.Metadata)
	weights := make([]WeightsSource, len(c.Weights))
	for i, w := range c.Weights {
		w.Prefix = clean("weights prefix", w.Prefix)
		if w.Protocol == "" {
			w.Protocol = model.ProtocolDubbo
		}
		if !slices.Contains(model.Protocols, w.Protocol) {
			errs = append(errs, fmt.Errorf("weights prefix %q: protocol %q is unknown; write one of %s", w.Prefix, w.Protocol, strings.Join(protocolWords(), ", ")))
		}
		weights[i] = w
	}
	c.Weights = weights
	var err error
	if c.Protection, err = c.Protection.complete(); err != nil {
		errs = append(errs, err)
	}
	return c, errors.Join(errs...)
}

// Protection keeps the instances of a service that vanish together: leases that expire because etcd, a network or a
// whole rack is in trouble look like instances that are gone, but usually still answer. When the serving instances of a
// service fall below Share of the most it had within Window, or to none, those that vanished within Window are kept for
// Hold. An instance comes under its registration again as soon as that is back; all are let go when as many others serve
// as before. An instance that was draining or had weight 0 left on purpose and never counts.
type Protection struct {
	Share  float64       // above 0 and at most 1; negative switches protection off
	Window time.Duration // how far back instances are counted
	Hold   time.Duration // how long a vanished instance is kept
}

// DefaultProtection keeps a service that loses more than half of its instances within 15 s for a minute.
var DefaultProtection = Protection{Share: 0.5, Window: 15 * time.Second, Hold: time.Minute}

// complete fills in the default of each field that is zero and checks the rest.
func (p Protection) complete() (Protection, error) {
	p.Share = cmp.Or(p.Share, DefaultProtection.Share)
	p.Window = cmp.Or(p.Window, DefaultProtection.Window)
	p.Hold = cmp.Or(p.Hold, DefaultProtection.Hold)
	var errs []error
	if p.Share > 1 {
		errs = append(errs, fmt.Errorf("protection share %v: write a number above 0 and at most 1", p.Share))
	}
	if p.Window < 0 || p.Hold < 0 {
		errs = append(errs, fmt.Errorf("protection window %s, hold %s: write durations above zero", p.Window, p.Hold))
	}
	return p, errors.Join(errs...)
}
