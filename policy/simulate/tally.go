package simulate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
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

// result puts names to what was counted, in an order that is always the same.
func (t *tally) result() *Result {
	r := &Result{
		Mode: t.options.Mode, Method: methodOf(t.options.Mode), From: t.first, Until: t.last,
		Requests: t.sums.requests, Moved: t.sums.moved, NewlyLate: t.sums.newlyLate, NoLongerLate: t.sums.noLongerLate,
		NewlyLessUrgent: t.sums.lessUrgent, NewlyMoreUrgent: t.sums.moreUrgent, Estimated: t.sums.estimated,
		Matrix: make([]Cell, 0, len(t.cells)), Load: make([]QueueLoad, 0, len(t.queues)), Groups: []GroupWait{}, Findings: []Finding{},
	}
	for key, c := range t.cells {
		r.Matrix = append(r.Matrix, Cell{
			ID: key.id(), From: t.live.end(key.from), To: t.draft.end(key.to), Requests: c.requests,
			NewlyLate: c.newlyLate, NoLongerLate: c.noLongerLate, Rules: c.pairs(), Samples: c.samples,
		})
	}
	slices.SortFunc(r.Matrix, func(a, b Cell) int { return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.ID, b.ID)) })
	for id, q := range t.queues {
		l := QueueLoad{Live: q.live[:], Draft: q.draft[:], LivePeak: q.livePeak, DraftPeak: q.draftPeak}
		l.Place, l.Organisation, l.Queue = t.nameQueue(id)
		for hour := range hoursOfWeek {
			l.LiveTotal += q.live[hour]
			l.DraftTotal += q.draft[hour]
		}
		r.Load = append(r.Load, l)
	}
	slices.SortFunc(r.Load, func(a, b QueueLoad) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Queue, b.Queue), bytes.Compare(a.Place.Queue[:], b.Place.Queue[:]))
	})
	for i, by := range [4]string{ByChannel, ByAge, ByDeprivation, ByLanguage} {
		names := make([]string, 0, len(t.groups[i]))
		for name := range t.groups[i] {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rankOf(by, a), rankOf(by, b)), cmp.Compare(a, b)) })
		for _, name := range names {
			g := t.groups[i][name]
			r.Groups = append(r.Groups, GroupWait{
				By: by, Group: name, Requests: g.requests, Moved: g.moved, Estimated: g.live.n,
				Live: waitOf(&g.live), Draft: waitOf(&g.draft), Longer: g.longer, Shorter: g.shorter,
			})
		}
	}
	r.Findings = t.findings(r)
	return r
}

func waitOf(s *spread) Wait { return Wait{s.mean(), int64(s.median() / time.Second)} }

// rankOf is the place of a band in its order; those that have none follow by name.
func rankOf(by, name string) int {
	if name == NotKnown || name == NotSaid {
		return 1000
	}
	if by == ByAge {
		return slices.Index(AgeBands(), name)
	}
	return 0
}

const maxPairs = 10

func (c *cell) pairs() []RulePair {
	list := make([]RulePair, 0, len(c.rules))
	for pair, n := range c.rules {
		list = append(list, RulePair{pair[0], pair[1], n})
	}
	slices.SortFunc(list, func(a, b RulePair) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Live.String(), b.Live.String()), cmp.Compare(a.Draft.String(), b.Draft.String()))
	})
	return list[:min(len(list), maxPairs)]
}

// String is the rule as it is written in keys.
func (r RuleName) String() string { return r.Stage + "/" + r.Table + "/" + r.Rule }

// id follows from the two ends alone.
func (k cellKey) id() string {
	h := sha256.New()
	for _, e := range [2]endKey{k.from, k.to} {
		h.Write(e.place.Organisation[:])
		h.Write(e.place.Service[:])
		h.Write(e.place.Queue[:])
		h.Write([]byte(e.urgency))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil))[:12])
}

func (s Side) end(k endKey) End {
	e := End{Place: k.place, Urgency: k.urgency}
	o, _ := s.Directory.Organisation(k.place.Organisation)
	q, _ := s.Directory.Queue(k.place.Queue)
	service, _ := s.Directory.Service(k.place.Service)
	e.Organisation, e.Queue, e.Service = o.Name, q.Name, service.Name
	return e
}

// nameQueue finds a queue in the draft's directory, or in the live one.
func (t *tally) nameQueue(id uuid.UUID) (place policy.Place, organisation, queue string) {
	side := t.draft
	q, ok := side.Directory.Queue(id)
	if !ok {
		side = t.live
		q, _ = side.Directory.Queue(id)
	}
	o, _ := side.Directory.Organisation(q.OrganisationID)
	return policy.Place{Organisation: o.ID, Queue: id}, o.Name, q.Name
}
