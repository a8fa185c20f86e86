package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/store/rulestore"
)

// policyGauge tells at each scrape how many live versions this process cannot load, by neighbourhood.
type policyGauge struct {
	watch  *rulestore.Watch
	failed *prometheus.Desc
}

func newPolicyGauge(w *rulestore.Watch) policyGauge {
	return policyGauge{w, prometheus.NewDesc("onedoor_policy_load_failed", "Live versions of policies and directories that this process cannot load.", []string{"neighbourhood"}, nil)}
}

// Describe implements prometheus.Collector.
func (g policyGauge) Describe(to chan<- *prometheus.Desc) { to <- g.failed }

// Collect implements prometheus.Collector.
func (g policyGauge) Collect(to chan<- prometheus.Metric) {
	for slug, n := range g.watch.Count() {
		to <- prometheus.MustNewConstMetric(g.failed, prometheus.GaugeValue, float64(n), slug)
	}
}
