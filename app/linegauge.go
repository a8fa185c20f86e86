package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/media"
)

// lineGauge tells at each scrape how the telephone line does. Nothing in it is of one caller.
type lineGauge struct {
	line  *line.Server
	pacer *media.Pacer

	active, most, ended, refused, transfers, messages, registered, packets *prometheus.Desc
}

func newLineGauge(s *line.Server, p *media.Pacer) *lineGauge {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("onedoor_voice_"+name, help, labels, nil)
	}
	return &lineGauge{
		line: s, pacer: p,
		active:     d("calls_active", "Telephone calls now, ringing ones included."),
		most:       d("calls_most", "Telephone calls that this process takes at once."),
		ended:      d("calls_total", "Telephone calls: answered, and among all of them those that ended in an unusual way.", "what"),
		refused:    d("refused_total", "Calls and messages of the telephone network that were refused, by reason.", "reason"),
		transfers:  d("transfers_total", "Attempts to put a caller through, by outcome.", "outcome"),
		messages:   d("unread_total", "Messages of the telephone network that were not read, by reason.", "reason"),
		registered: d("registered", "Whether a line is registered where it should be.", "line"),
		packets:    d("packets_total", "Packets of sound, by what became of them.", "what"),
	}
}

// Describe implements prometheus.Collector.
func (g *lineGauge) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.active, g.most, g.ended, g.refused, g.transfers, g.messages, g.registered, g.packets} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g *lineGauge) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, label string, v uint64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), label)
	}
	s := g.line.Stats()
	gauge(g.active, float64(s.Active))
	gauge(g.most, float64(s.Most))
	for what, n := range map[string]uint64{
		"answered": s.Answered, "cancelled": s.Cancelled, "not-acknowledged": s.NoAck, "fell-silent": s.Silent, "session-expired": s.Expired, "broke": s.Panics,
	} {
		counter(g.ended, what, n)
	}
	for reason, n := range s.Refused {
		counter(g.refused, reason, n)
	}
	for outcome, n := range s.Transfers {
		counter(g.transfers, outcome, n)
	}
	counter(g.messages, "malformed", s.Malformed)
	counter(g.messages, "stray", s.Stray)
	for name, is := range s.Registered {
		v := 0.0
		if is {
			v = 1
		}
		gauge(g.registered, v, name)
	}
	p := g.pacer.Stats()
	for what, n := range map[string]uint64{
		"received": p.Received, "sent": p.Sent, "spoofed": p.Spoofed(), "malformed": p.Malformed, "lost": p.Lost, "late": p.Late, "skipped": p.Skipped,
	} {
		counter(g.packets, what, n)
	}
}
