package xds

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	connected prometheus.Gauge
	pushes    *prometheus.CounterVec
	nacks     *prometheus.CounterVec
	overdue   prometheus.Counter
	latency   *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		connected: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dubbomesh_xds_connected_proxies", Help: "Proxies with an open stream.",
		}),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dubbomesh_xds_pushes_total", Help: "Responses sent to proxies, by type of resource.",
		}, []string{"type"}),
		nacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dubbomesh_xds_nacks_total", Help: "Responses that a proxy refused in part or as a whole, by type of resource.",
		}, []string{"type"}),
		overdue: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dubbomesh_xds_overdue_total",
			Help: "Changes sent out of order because a proxy did not answer in time to what had to go first.",
		}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "dubbomesh_xds_push_seconds",
			Help:    "Time from sending a response to the proxy's answer, by type of resource.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}, []string{"type"}),
	}
	for k := range kinds {
		m.pushes.WithLabelValues(k.String())
		m.nacks.WithLabelValues(k.String())
	}
	reg.MustRegister(m.connected, m.pushes, m.nacks, m.overdue, m.latency)
	return m
}
