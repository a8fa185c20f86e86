package app

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/clinical"
	"onedoor/app/directory"
	"onedoor/tenants"
)

// deliveryGauge tells at each scrape how each organisation's deliveries do. It reads them anew, so that every node says the
// same; while the database is away it repeats what it saw last. Organisations are told apart by their ODS codes, which are
// public; nothing tells whom a delivery is about.
type deliveryGauge struct {
	watch     clinical.Watch
	directory *directory.Service
	now       func() time.Time

	waiting, oldest, unconfirmed, overdue, uncertain, attention, filed, perMinute, held *prometheus.Desc
	differences, difference, twice, checked, sinceChecked                               *prometheus.Desc

	mu   sync.Mutex
	last []deliveryReading
}

// deliveryReading is one organisation's, with its labels.
type deliveryReading struct {
	neighbourhood, ods string
	clinical.Health
}

func newDeliveryGauge(watch clinical.Watch, d *directory.Service, now func() time.Time) *deliveryGauge {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("onedoor_delivery_"+name, help, []string{"neighbourhood", "organisation"}, nil)
	}
	return &deliveryGauge{
		watch: watch, directory: d, now: now,
		waiting:      desc("backlog", "Outcomes that are to be sent to an organisation's clinical systems, or were sent and not heard of."),
		oldest:       desc("oldest_seconds", "How long the oldest of them has waited; 0 without any."),
		unconfirmed:  desc("unconfirmed_seconds", "How long the oldest outcome has been with the system without being said to be filed; 0 without any."),
		overdue:      desc("overdue", "Outcomes that were promised for a time that is over, and are not filed."),
		uncertain:    desc("uncertain_bookings", "Appointments of which the organisation's system has not said for an hour whether they were booked, moved or given back."),
		attention:    desc("attention", "Outcomes that were refused, and wait for a person."),
		filed:        desc("filed_total", "Outcomes that the organisation's systems took."),
		perMinute:    desc("per_minute", "Outcomes that the systems took each minute, over the last five to ten."),
		held:         desc("breakers_open", "Integrations to which nothing is sent for the moment, after failures in a row."),
		differences:  desc("differences", "Outcomes about which our ledger and a clinical system differ."),
		difference:   desc("difference_oldest_seconds", "How long the oldest difference has stood; 0 without any."),
		twice:        desc("written_twice", "Outcomes that a clinical system has more than once."),
		checked:      desc("checked_total", "How often an outcome was read back from a clinical system and compared."),
		sinceChecked: desc("checked_seconds", "How long ago something was read back last; absent before the first time."),
	}
}

func (g *deliveryGauge) all() []*prometheus.Desc {
	return []*prometheus.Desc{g.waiting, g.oldest, g.unconfirmed, g.overdue, g.uncertain, g.attention, g.filed, g.perMinute, g.held, g.differences, g.difference, g.twice, g.checked, g.sinceChecked}
}

// Describe implements prometheus.Collector.
func (g *deliveryGauge) Describe(to chan<- *prometheus.Desc) {
	for _, d := range g.all() {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g *deliveryGauge) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if readings, err := g.read(); err == nil {
		g.last = readings
	}
	now := g.now()
	age := func(since time.Time) float64 {
		if since.IsZero() {
			return 0
		}
		return max(0, now.Sub(since).Seconds())
	}
	for _, r := range g.last {
		tell := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64) {
			to <- prometheus.MustNewConstMetric(desc, kind, value, r.neighbourhood, r.ods)
		}
		held := 0
		for _, w := range r.Ways {
			if w.HeldUntil.After(now) {
				held++
			}
		}
		filed, perMinute := r.Filed()
		tell(g.waiting, prometheus.GaugeValue, float64(r.Waiting))
		tell(g.oldest, prometheus.GaugeValue, age(r.Oldest))
		tell(g.unconfirmed, prometheus.GaugeValue, age(r.OldestUnconfirmed))
		tell(g.overdue, prometheus.GaugeValue, float64(r.Late))
		tell(g.uncertain, prometheus.GaugeValue, float64(r.Uncertain))
		tell(g.attention, prometheus.GaugeValue, float64(r.Attention))
		tell(g.filed, prometheus.CounterValue, float64(filed))
		tell(g.perMinute, prometheus.GaugeValue, perMinute)
		tell(g.held, prometheus.GaugeValue, float64(held))
		tell(g.differences, prometheus.GaugeValue, float64(r.Differences))
		tell(g.difference, prometheus.GaugeValue, age(r.OldestDifference))
		tell(g.twice, prometheus.GaugeValue, float64(r.Twice))
		tell(g.checked, prometheus.CounterValue, float64(r.Checked))
		if !r.CheckedAt.IsZero() {
			tell(g.sinceChecked, prometheus.GaugeValue, age(r.CheckedAt))
		}
	}
}

func (g *deliveryGauge) read() ([]deliveryReading, error) {
	ctx, cancel := context.WithTimeout(context.Background(), alarmWait) // a collector is given no context
	defer cancel()
	list, err := g.directory.Neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	var readings []deliveryReading
	for _, n := range list {
		healths, err := g.watch.Health(ctx, tenants.JobOf(n.ID), g.now())
		if err != nil {
			return nil, err
		}
		if len(healths) == 0 {
			continue
		}
		named, err := g.named(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		for _, h := range healths {
			readings = append(readings, deliveryReading{n.Slug, named(h.OrganisationID), h})
		}
	}
	return readings, nil
}

// named gives an organisation's ODS code, or its id after it has left.
func (g *deliveryGauge) named(ctx context.Context, neighbourhood uuid.UUID) (func(uuid.UUID) string, error) {
	d, err := g.directory.Current(ctx, neighbourhood)
	if err != nil {
		return nil, err
	}
	return func(id uuid.UUID) string {
		if o, ok := d.Organisation(id); ok {
			return string(o.ODS)
		}
		return id.String()
	}, nil
}
