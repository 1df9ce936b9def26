package registry

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the registry counts.
type metrics struct {
	services, instances, definitions, problems, protected, revision, synced prometheus.Gauge
	rejected, resyncs                                                       *prometheus.CounterVec
}

// newMetrics creates the metrics and registers them unless reg is nil.
func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "registry", Name: name, Help: help})
	}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "registry", Name: name, Help: help}, []string{"source"})
	}
	m := &metrics{
		services:    gauge("services", "Services that have at least one instance."),
		instances:   gauge("instances", "Instances of all services, those kept by protection included."),
		definitions: gauge("definitions", "Shapes of services: reported by providers, or written by hand."),
		problems:    gauge("problems", "Keys or file entries that cannot be used as they are."),
		protected:   gauge("protected_instances", "Instances that are kept although their registration vanished."),
		revision:    gauge("revision", "Newest etcd revision that was taken in."),
		synced:      gauge("synced", "1 when every source was read completely at least once."),
		rejected:    counter("rejected_total", "Values that could not be used, by source; the same reason for the same key counts once."),
		resyncs:     counter("resyncs_total", "Times a source had to be listed again, by source."),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.services, m.instances, m.definitions, m.problems, m.protected, m.revision, m.synced, m.rejected, m.resyncs} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// observe sets the gauges.
func (m *metrics) observe(s *State) {
	instances, protected := 0, 0
	for _, service := range s.Snapshot.Services {
		instances += len(service.Instances)
	}
	for _, p := range s.Protected {
		protected += len(p.Held)
	}
	m.services.Set(float64(len(s.Snapshot.Services)))
	m.instances.Set(float64(instances))
	m.definitions.Set(float64(len(s.Snapshot.Definitions)))
	m.problems.Set(float64(len(s.Problems)))
	m.protected.Set(float64(protected))
	m.revision.Set(float64(s.Revision))
	m.synced.Set(0)
	if s.Synced {
		m.synced.Set(1)
	}
}
