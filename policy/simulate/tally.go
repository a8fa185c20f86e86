package simulate

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

// tally is what one worker has counted. Tallies add up, whatever the order, so that workers can be any number.
type tally struct {
	live, draft Side
	same        bool // one version against itself: deciding once is enough
	options     Options
	hour        hourClock
	loads       [2]policy.Load // what both sides saw just now; in the closed-loop mode only

	first, last time.Time
	sums        counts
	cells       map[cellKey]*cell
	queues      map[uuid.UUID]*arrivals
	groups      [4]map[string]*group
}

type counts struct {
	requests, moved, newlyLate, noLongerLate, lessUrgent, moreUrgent, estimated int
}

// endKey is an End without names.
type endKey struct {
	place   policy.Place
	urgency policy.Urgency
}

type cellKey struct{ from, to endKey }

type cell struct {
	requests, newlyLate, noLongerLate int
	rules                             map[[2]RuleName]int
	samples                           []Sample // a heap by order: the worst is first
}

type arrivals struct {
	live, draft         [hoursOfWeek]int
	livePeak, draftPeak int
}

type group struct {
	requests, moved, longer, shorter int
	live, draft                      spread
}

func newTally(live, draft Side, o Options) *tally {
	t := &tally{
		live: live, draft: draft, options: o, cells: map[cellKey]*cell{}, queues: map[uuid.UUID]*arrivals{},
		same: live.Policy.Hash() == draft.Policy.Hash() && live.Directory.Hash() == draft.Directory.Hash(),
	}
	for i := range t.groups {
		t.groups[i] = map[string]*group{}
	}
	return t
}

// recorded decides one request by itself, with the load that it saw.
func (t *tally) recorded(r *Request) {
	live := t.live.route(r, r.Load)
	draft := live
	if !t.same {
		draft = t.draft.route(r, r.Load)
	}
	t.add(r, live, draft, t.estimate(r, live, draft))
}

// waits is how long one request waits by each version.
type waits struct {
	known       bool
	live, draft time.Duration
}

// estimate gives what was recorded where nothing moves, and where something does, what is typical of both queues: a
// request's own time would be compared with a typical one otherwise.
func (t *tally) estimate(r *Request, live, draft routing) waits {
	if live.place.Queue == draft.place.Queue && live.urgency == draft.urgency {
		if recorded, ok := r.Waited(); ok && live.place.Queue == r.Place.Queue {
			return waits{true, recorded, recorded}
		}
		typical, ok := t.options.Waits.Typical(live.place.Queue, live.urgency)
		return waits{ok, typical, typical}
	}
	a, okA := t.options.Waits.Typical(live.place.Queue, live.urgency)
	b, okB := t.options.Waits.Typical(draft.place.Queue, draft.urgency)
	return waits{okA && okB, a, b}
}

// longerBy is the least difference between two waits that counts.
const longerBy = time.Minute

// add counts one request.
func (t *tally) add(r *Request, live, draft routing, w waits) {
	t.sums.requests++
	if t.first.IsZero() || r.At.Before(t.first) {
		t.first = r.At
	}
	if r.At.After(t.last) {
		t.last = r.At
	}
	key := cellKey{endKey{live.place, live.urgency}, endKey{draft.place, draft.urgency}}
	c := t.cells[key]
	if c == nil {
		c = &cell{rules: map[[2]RuleName]int{}}
		t.cells[key] = c
	}
	c.requests++
	moved := live.place != draft.place
	if key.from != key.to {
		c.rules[[2]RuleName{live.rule, draft.rule}]++
		c.sample(Sample{ID: r.ID, At: r.At}, t.loads, t.options.Samples)
	}
	t.urgencies(live.urgency, draft.urgency)
	if moved {
		t.sums.moved++
	}
	if w.known {
		t.sums.estimated++
		lateLive, lateDraft := r.At.Add(w.live).After(live.due), r.At.Add(w.draft).After(draft.due)
		switch {
		case lateDraft && !lateLive:
			t.sums.newlyLate++
			c.newlyLate++
		case lateLive && !lateDraft:
			t.sums.noLongerLate++
			c.noLongerLate++
		}
	}
	hour := t.hour.of(r.At)
	t.queue(live.place.Queue).live[hour]++
	t.queue(draft.place.Queue).draft[hour]++
	for i, name := range [4]string{r.Channel, r.AgeBand, r.Deprivation, r.Language} {
		t.group(i, name).add(moved, w)
	}
}

func (t *tally) urgencies(live, draft policy.Urgency) {
	switch by := draft.Rank() - live.Rank(); {
	case by < 0:
		t.sums.lessUrgent++
	case by > 0:
		t.sums.moreUrgent++
	}
}

func (t *tally) queue(id uuid.UUID) *arrivals {
	q := t.queues[id]
	if q == nil {
		q = &arrivals{}
		t.queues[id] = q
	}
	return q
}

func (t *tally) group(by int, name string) *group {
	g := t.groups[by][name]
	if g == nil {
		g = &group{}
		t.groups[by][strings.Clone(name)] = g
	}
	return g
}

func (g *group) add(moved bool, w waits) {
	g.requests++
	if moved {
		g.moved++
	}
	if !w.known {
		return
	}
	g.live.add(w.live, 1)
	g.draft.add(w.draft, 1)
	switch {
	case w.draft-w.live >= longerBy:
		g.longer++
	case w.live-w.draft >= longerBy:
		g.shorter++
	}
}

// sample keeps the requests that come first in an order that has nothing to do with time or with who counts.
func (c *cell) sample(s Sample, loads [2]policy.Load, keep int) {
	at, _ := slices.BinarySearchFunc(c.samples, s, Sample.compare)
	if at == keep {
		return
	}
	if loads[0] != nil {
		s.Live, s.Draft = maps.Clone(loads[0]), maps.Clone(loads[1])
	}
	c.samples = slices.Insert(c.samples, at, s)
	if len(c.samples) > keep {
		c.samples = c.samples[:keep]
	}
}

// compare orders by the id's random part, and then by all of it.
func (s Sample) compare(other Sample) int {
	if by := bytes.Compare(s.ID[8:], other.ID[8:]); by != 0 {
		return by
	}
	return bytes.Compare(s.ID[:8], other.ID[:8])
}

func (t *tally) merge(other *tally) {
	if t.first.IsZero() || (!other.first.IsZero() && other.first.Before(t.first)) {
		t.first = other.first
	}
	if other.last.After(t.last) {
		t.last = other.last
	}
	a, b := &t.sums, &other.sums
	a.requests += b.requests
	a.moved += b.moved
	a.newlyLate += b.newlyLate
	a.noLongerLate += b.noLongerLate
	a.lessUrgent += b.lessUrgent
	a.moreUrgent += b.moreUrgent
	a.estimated += b.estimated
	for key, theirs := range other.cells {
		c := t.cells[key]
		if c == nil {
			t.cells[key] = theirs
			continue
		}
		c.requests += theirs.requests
		c.newlyLate += theirs.newlyLate
		c.noLongerLate += theirs.noLongerLate
		for pair, n := range theirs.rules {
			c.rules[pair] += n
		}
		for _, s := range theirs.samples {
			c.sample(s, [2]policy.Load{}, t.options.Samples)
		}
	}
	for id, theirs := range other.queues {
		q := t.queue(id)
		for hour := range hoursOfWeek {
			q.live[hour] += theirs.live[hour]
			q.draft[hour] += theirs.draft[hour]
		}
		q.livePeak, q.draftPeak = max(q.livePeak, theirs.livePeak), max(q.draftPeak, theirs.draftPeak)
	}
	for by := range other.groups {
		for name, theirs := range other.groups[by] {
			g := t.group(by, name)
			g.requests += theirs.requests
			g.moved += theirs.moved
			g.longer += theirs.longer
			g.shorter += theirs.shorter
			g.live.merge(&theirs.live)
			g.draft.merge(&theirs.draft)
		}
	}
}

// hourClock turns moments into hours of the week in London. Moments come mostly in order, and the zone is slow to ask.
type hourClock struct {
	hour int64 // since 1970, the one that was asked last
	week int
}

func (c *hourClock) of(at time.Time) int {
	hour := at.Unix() / 3600
	if hour != c.hour || c.hour == 0 {
		local := at.In(tenants.London())
		c.hour, c.week = hour, (int(local.Weekday())+6)%7*24+local.Hour()
	}
	return c.week
}
