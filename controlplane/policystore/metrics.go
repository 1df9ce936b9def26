package policystore

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// metrics are what the store counts.
type metrics struct {
	policies *prometheus.GaugeVec
	rejected *prometheus.CounterVec
	resyncs  prometheus.Counter
	unsaved  prometheus.Gauge
}

// newMetrics creates the metrics and registers them unless reg is nil.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		policies: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "policies", Help: "Policies by kind and verdict."}, []string{"kind", "verdict"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "rejected_total", Help: "Versions of policies that were rejected, by kind."}, []string{"kind"}),
		resyncs:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "resyncs_total", Help: "Times the policies had to be listed again."}),
		unsaved:  prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "unsaved", Help: "Verdicts that are not written to etcd yet."}),
	}
	if reg != nil {
		reg.MustRegister(m.policies, m.rejected, m.resyncs, m.unsaved)
	}
	return m
}

// label keeps the number of series bounded: anybody can write any kind into a key.
func label(kind model.Kind) string {
	if slices.Contains(model.Kinds, kind) {
		return string(kind)
	}
	return "unknown"
}

func (m *metrics) observe(items []Item) {
	m.policies.Reset()
	for _, kind := range model.Kinds {
		m.policies.WithLabelValues(string(kind), string(Accepted)).Set(0)
		m.policies.WithLabelValues(string(kind), string(Rejected)).Set(0)
	}
	for _, i := range items {
		m.policies.WithLabelValues(label(i.Status.Kind), string(i.Status.Verdict)).Inc()
	}
}
