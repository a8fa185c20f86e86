package simulate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
)

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
	r.Findings = append(r.Findings, t.findings(r)...)
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
