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
	kept     prometheus.Gauge
	lost     prometheus.Counter
}

// newMetrics creates the metrics and registers them unless reg is nil.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		policies: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "policies", Help: "Policies by kind and verdict."}, []string{"kind", "verdict"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "rejected_total", Help: "Versions of policies that were rejected, by kind."}, []string{"kind"}),
		resyncs:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "resyncs_total", Help: "Times the policies had to be listed again."}),
		unsaved:  prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "unsaved", Help: "Verdicts that are not written to etcd yet."}),
		kept:     prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "protected", Help: "Policies that are in force although etcd lost them."}),
		lost:     prometheus.NewCounter(prometheus.CounterOpts{Namespace: "dubbomesh", Subsystem: "policy", Name: "lost_total", Help: "Policies that etcd lost with its data."}),
	}
	if reg != nil {
		reg.MustRegister(m.policies, m.rejected, m.resyncs, m.unsaved, m.kept, m.lost)
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

// observe counts the policies.
func (m *metrics) observe(entries []*entry) {
	type series struct{ kind, verdict string }
	counts := map[series]int{}
	for _, kind := range model.Kinds {
		counts[series{string(kind), string(Accepted)}] = 0
		counts[series{string(kind), string(Rejected)}] = 0
	}
	kept := 0
	for _, e := range entries {
		if e.isKept() {
			kept++
		}
		counts[series{label(e.status.Kind), string(e.status.Verdict)}]++
	}
	m.kept.Set(float64(kept))
	if _, unknown := counts[series{"unknown", string(Rejected)}]; !unknown {
		counts[series{"unknown", string(Rejected)}] = 0
	}
	for s, n := range counts {
		m.policies.WithLabelValues(s.kind, s.verdict).Set(float64(n))
	}
}
