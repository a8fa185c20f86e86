package app

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/calls"
	"onedoor/app/messages"
)

// callGauge tells at each scrape how many calls go on and how the last day's ended, and how the last day's texts stand, of
// all neighbourhoods and without telling one from another. It counts anew, so that every node says the same; while the
// database is away it repeats what it saw last.
type callGauge struct {
	calls          *calls.Service
	outbox         *messages.Outbox // nil where texts cannot be sent
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	now            func() time.Time

	goingOn, ended, texts *prometheus.Desc

	mu   sync.Mutex
	last callCounts
}

type callCounts struct {
	goingOn int
	ended   map[calls.Ending]int
	texts   map[messages.State]int
}

func newCallGauge(c *calls.Service, o *messages.Outbox, neighbourhoods func(context.Context) ([]uuid.UUID, error), now func() time.Time) *callGauge {
	return &callGauge{
		calls: c, outbox: o, neighbourhoods: neighbourhoods, now: now,
		goingOn: prometheus.NewDesc("onedoor_calls_in_progress", "Telephone calls that go on now.", nil, nil),
		ended:   prometheus.NewDesc("onedoor_calls_ended_day", "Telephone calls that began in the last 24 hours and are over, by what came of them.", []string{"ending"}, nil),
		texts:   prometheus.NewDesc("onedoor_texts_day", "Texts queued in the last 24 hours, by how far they have come.", []string{"state"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *callGauge) Describe(to chan<- *prometheus.Desc) {
	to <- g.goingOn
	to <- g.ended
	to <- g.texts
}

// Collect implements prometheus.Collector.
func (g *callGauge) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if counts, err := g.count(); err == nil {
		g.last = counts
	}
	to <- prometheus.MustNewConstMetric(g.goingOn, prometheus.GaugeValue, float64(g.last.goingOn))
	for _, e := range calls.Endings() {
		to <- prometheus.MustNewConstMetric(g.ended, prometheus.GaugeValue, float64(g.last.ended[e]), string(e))
	}
	for _, s := range messages.States() {
		to <- prometheus.MustNewConstMetric(g.texts, prometheus.GaugeValue, float64(g.last.texts[s]), string(s))
	}
}

func (g *callGauge) count() (callCounts, error) {
	ctx, cancel := context.WithTimeout(context.Background(), alarmWait) // a collector is given no context
	defer cancel()
	c := callCounts{ended: map[calls.Ending]int{}, texts: map[messages.State]int{}}
	list, err := g.neighbourhoods(ctx)
	if err != nil {
		return c, err
	}
	since := g.now().Add(-24 * time.Hour)
	for _, neighbourhood := range list {
		state, err := g.calls.State(ctx, neighbourhood, since)
		if err != nil {
			return c, err
		}
		for e, n := range state.Endings {
			c.ended[e] += n
		}
		c.goingOn += state.GoingOn
		if g.outbox == nil {
			continue
		}
		counts, err := g.outbox.Counts(ctx, neighbourhood, since)
		if err != nil {
			return c, err
		}
		for _, n := range counts {
			c.texts[n.State] += n.N
		}
	}
	return c, nil
}
