package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

type metrics struct {
	seconds    prometheus.Histogram
	translated prometheus.Counter
	problems   prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "dubbomesh_publish_seconds", Help: "Time to translate what changed and hand it to delivery.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
		}),
		translated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dubbomesh_translated_services_total", Help: "Services translated because they changed.",
		}),
		problems: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dubbomesh_translate_problems", Help: "Services and instances left out because Envoy would refuse them.",
		}),
	}
	reg.MustRegister(m.seconds, m.translated, m.problems)
	return m
}

func (m *metrics) observe(took time.Duration, translated int, r translate.Resources) {
	m.seconds.Observe(took.Seconds())
	m.translated.Add(float64(translated))
	m.problems.Set(float64(len(r.Problems)))
}
