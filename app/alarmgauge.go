package app

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/alarms"
)

// alarmWait bounds what a scrape of the metrics waits for the database.
const alarmWait = 2 * time.Second

// alarmGauge tells at each scrape how many alarms stand open, of all neighbourhoods. It reads them anew, so that every
// node says the same whichever raised them; while the database is away it repeats what it saw last.
type alarmGauge struct {
	alarms         *alarms.Service
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	open           *prometheus.Desc

	mu   sync.Mutex
	last map[alarms.Kind]int
}

func newAlarmGauge(s *alarms.Service, neighbourhoods func(context.Context) ([]uuid.UUID, error)) *alarmGauge {
	return &alarmGauge{
		alarms: s, neighbourhoods: neighbourhoods,
		open: prometheus.NewDesc("onedoor_alarms", "Alarms that stand open, by kind.", []string{"kind"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *alarmGauge) Describe(to chan<- *prometheus.Desc) { to <- g.open }

// Collect implements prometheus.Collector.
func (g *alarmGauge) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if counts, err := g.count(); err == nil {
		g.last = counts
	}
	for kind, n := range g.last {
		to <- prometheus.MustNewConstMetric(g.open, prometheus.GaugeValue, float64(n), string(kind))
	}
}

func (g *alarmGauge) count() (map[alarms.Kind]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), alarmWait) // a collector is given no context
	defer cancel()
	list, err := g.neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	return g.alarms.Count(ctx, list)
}
