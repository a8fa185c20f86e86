package misroutes

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/policy/control"
	"onedoor/tenants"
)

// Period is what a subgroup of a chart spans.
type Period string

const (
	Daily  Period = "day"
	Weekly Period = "week" // from Monday
)

// A rule is charted by days when on half of its days it makes that many decisions, and otherwise by weeks.
const busy = 12

// The baseline is a rule's first complete subgroups: four working weeks of days, the least that textbooks ask, or eight
// weeks, which is fewer than they ask: a rule that is not watched for five months helps nobody. It goes on until it has
// learnt from a few dozen requests.
const (
	baselineDays     = 20
	baselineWeeks    = 8
	baselineRequests = 40
)

// quiet is for how long a rule has to stay within its limits until its alarm is cleared.
func (p Period) quiet() int {
	if p == Daily {
		return 7
	}
	return 14
}

// Chart is one rule as it reads, over time.
type Chart struct {
	Table, Rule string
	Safety      bool   // a rule of the platform's own stage, which no lead can change
	Sentence    string // empty for what it read before
	Since       time.Time
	IfDrifts    bool // the lead chose that it falls back
	FellBack    bool // it is what the rule before it falls back to

	Period    Period
	Decisions int
	Returned  int
	Reasons   []ReasonCount // most frequent first
	Baseline  *control.Baseline
	Points    []Point
	// Before is the same rule as it read until Since; nil when nothing was counted of it.
	Before *Chart
}

// ReasonCount is how many requests were found in the wrong place for a reason.
type ReasonCount struct {
	Reason requests.MisrouteReason
	Count  int
}

// Point is a subgroup. Without a baseline it has no limits.
type Point struct {
	From, Until nhs.Date // the last day included
	InBaseline  bool
	control.Judged
}

// Charts are those of every rule that can decide now: the neighbourhood's in their order, then the platform's.
func (s *Service) Charts(ctx context.Context, neighbourhood uuid.UUID) ([]Chart, error) {
	book, err := s.rulebook(ctx, neighbourhood)
	if err != nil {
		return nil, err
	}
	days, err := s.o.Store.Days(ctx, neighbourhood, s.today().Add(-remembered))
	if err != nil {
		return nil, err
	}
	type key struct{ table, rule string }
	byRule := map[key][]Day{}
	for _, d := range days {
		byRule[key{d.Table, d.Rule}] = append(byRule[key{d.Table, d.Rule}], d)
	}
	var charts []Chart
	for _, l := range book.rules() {
		c, err := s.chart(book, l, byRule[key{l.table, l.rule.ID}])
		if err != nil {
			return nil, err
		}
		charts = append(charts, c)
	}
	return charts, nil
}

func (s *Service) chart(book *rulebook, l liveRule, days []Day) (Chart, error) {
	now, before := meaningOf(l.rule), ""
	c := Chart{Table: l.table, Rule: l.rule.ID, Safety: l.safety, Sentence: l.rule.Sentence(), IfDrifts: fallsBack(l.rule)}
	var mine, old []Day
	for _, d := range slices.Backward(days) {
		m, err := book.meaning(d.RulesHash, d.Table, d.Rule)
		switch {
		case err != nil:
			return c, err
		case m == now:
			mine = append(mine, d)
		case before == "" || m == before:
			before = m
			old = append(old, d)
		}
	}
	slices.Reverse(mine)
	slices.Reverse(old)
	if !l.safety {
		var err error
		if c.Since, err = book.since(l.table, l.rule.ID, now); err != nil {
			return c, err
		}
	}
	c.draw(mine, s.today())
	if len(old) == 0 {
		return c, nil
	}
	c.Before = &Chart{Table: c.Table, Rule: c.Rule, Safety: c.Safety}
	c.Before.draw(old, s.today())
	p, err := book.policy(old[len(old)-1].RulesHash)
	if err != nil || p == nil || l.safety {
		return c, err
	}
	if r, found := p.Rule(l.table, l.rule.ID); found {
		c.Before.Sentence = r.Sentence()
		c.FellBack = fallsBack(r) && meaningOf(publishing.FallbackOf(r)) == now
	}
	return c, nil
}

// fallsBack reports whether a rule leads elsewhere than to the registered practice, and would lead there if it drifted.
func fallsBack(r policy.Rule) bool {
	return r.IfDrifts == policy.ToRegisteredPractice && r.Then.To.Kind != policy.ToRegisteredPractice
}

// draw fills in what follows from the days.
func (c *Chart) draw(days []Day, today nhs.Date) {
	reasons := map[requests.MisrouteReason]int{}
	for _, d := range days {
		c.Decisions, c.Returned = c.Decisions+d.Decisions, c.Returned+d.Returned
		for reason, n := range d.Reasons {
			reasons[reason] += n
		}
	}
	for reason, n := range reasons {
		c.Reasons = append(c.Reasons, ReasonCount{reason, n})
	}
	slices.SortFunc(c.Reasons, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	c.Period = periodOf(days)
	c.Points = subgroups(days, c.Period)
	learnt := c.learn(today)
	counts := make([]control.Point, len(c.Points))
	for i, p := range c.Points {
		counts[i] = p.Point
	}
	if learnt == 0 {
		return
	}
	b := control.Learn(counts[:learnt])
	c.Baseline = &b
	for i, j := range b.Chart(counts) {
		c.Points[i].Judged, c.Points[i].InBaseline = j, i < learnt
	}
}

// learn counts the subgroups of the baseline; none while it is not complete.
func (c *Chart) learn(today nhs.Date) int {
	wanted, requests := baselineWeeks, 0
	if c.Period == Daily {
		wanted = baselineDays
	}
	for i, p := range c.Points {
		if !p.Until.Before(today) {
			return 0 // it is not over
		}
		if requests += p.N; i+1 >= wanted && requests >= baselineRequests {
			return i + 1
		}
	}
	return 0
}

// periodOf looks at the first days only, so that a chart keeps the period that it began with.
func periodOf(days []Day) Period {
	counts := make([]int, 0, len(days))
	for _, p := range subgroups(days, Daily) {
		counts = append(counts, p.N)
	}
	counts = counts[:min(len(counts), baselineDays)]
	slices.Sort(counts)
	if len(counts) > 0 && counts[len(counts)/2] >= busy {
		return Daily
	}
	return Weekly
}

// subgroups gathers days, of one or of several versions, in order; a day or week without a decision is none.
func subgroups(days []Day, period Period) []Point {
	var points []Point
	for _, d := range days {
		if d.Decisions == 0 {
			continue
		}
		from, until := span(d.On, period)
		if n := len(points); n == 0 || points[n-1].From != from {
			points = append(points, Point{From: from, Until: until})
		}
		last := &points[len(points)-1]
		last.N, last.X = last.N+d.Decisions, last.X+min(d.Returned, d.Decisions)
	}
	return points
}

// span is the subgroup of a day.
func span(on nhs.Date, period Period) (from, until nhs.Date) {
	if period == Daily {
		return on, on
	}
	sinceMonday := (int(on.Midnight(time.UTC).Weekday()) + 6) % 7
	from = on.Add(-sinceMonday)
	return from, from.Add(6)
}

// drift is the newest subgroup after a day by which the rule has drifted upwards: out of limits, or the eighth above the
// centre. Fewer requests in the wrong place than usual are no reason for an alarm.
func (c *Chart) drift(after nhs.Date) (Point, bool) {
	if c.Baseline == nil {
		return Point{}, false
	}
	var points []Point
	var counts []control.Point
	for _, p := range c.Points {
		if !p.InBaseline && after.Before(p.From) {
			points, counts = append(points, p), append(counts, p.Point)
		}
	}
	for i, j := range slices.Backward(c.Baseline.Chart(counts)) {
		if j.Signal() == control.Above {
			points[i].Judged = j
			return points[i], true
		}
	}
	return Point{}, false
}

func dateOf(t time.Time) nhs.Date {
	if t.IsZero() {
		return nhs.Date{}
	}
	return nhs.DateOf(t.In(tenants.London()))
}
