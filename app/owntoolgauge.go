package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/directory"
	"onedoor/app/owntools"
)

// ownToolGauge tells at each scrape what organisations' own online tools have left unanswered. It reads it anew, so that every
// node says the same; while the database is away it repeats what it saw last. It tells of nobody who was sent on.
type ownToolGauge struct {
	tools     *owntools.Service
	directory *directory.Service
	now       func() time.Time

	waiting, silent, since *prometheus.Desc

	mu   sync.Mutex
	last []ownToolReading
}

// ownToolReading is one organisation's, with its labels.
type ownToolReading struct {
	neighbourhood, ods string
	owntools.Standing
}

func newOwnToolGauge(tools *owntools.Service, d *directory.Service, now func() time.Time) *ownToolGauge {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("onedoor_own_tool_"+name, help, []string{"neighbourhood", "organisation"}, nil)
	}
	return &ownToolGauge{
		tools: tools, directory: d, now: now,
		waiting: desc("waiting", "Open requests whose patients were sent on to the organisation's own online tool, which still has time to say that it has them."),
		silent:  desc("silent", "Open requests of which the organisation's own online tool did not say in time that it has them, and no person has said it since."),
		since:   desc("silent_seconds", "How long ago the first of these was to be answered; 0 without any."),
	}
}

// Describe implements prometheus.Collector.
func (g *ownToolGauge) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.waiting, g.silent, g.since} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g *ownToolGauge) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if readings, err := g.read(); err == nil {
		g.last = readings
	}
	for _, r := range g.last {
		tell := func(desc *prometheus.Desc, value float64) {
			to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, r.neighbourhood, r.ods)
		}
		since := 0.0
		if !r.Since.IsZero() {
			since = max(0, g.now().Sub(r.Since).Seconds())
		}
		tell(g.waiting, float64(r.Waiting))
		tell(g.silent, float64(r.Silent))
		tell(g.since, since)
	}
}

// read is every organisation's whose tool owes a word. One that owes none is not told of, and its series ends.
func (g *ownToolGauge) read() ([]ownToolReading, error) {
	ctx, cancel := context.WithTimeout(context.Background(), alarmWait) // a collector is given no context
	defer cancel()
	list, err := g.directory.Neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	var readings []ownToolReading
	for _, n := range list {
		standing, err := g.tools.Standing(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		if len(standing) == 0 {
			continue
		}
		d, err := g.directory.Current(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		for id, s := range standing {
			code := id.String()
			if o, ok := d.Organisation(id); ok {
				code = string(o.ODS)
			}
			readings = append(readings, ownToolReading{n.Slug, code, s})
		}
	}
	return readings, nil
}
