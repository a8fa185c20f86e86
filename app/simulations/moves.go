package simulations

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// Move is one past request of a cell, as a lead may see it.
type Move struct {
	// Number is its place in the cell's list, from 1: by it a case is made of the request.
	Number int
	Coarse simulate.Coarse
	Live   Explanation
	Draft  Explanation
}

// Explanation is why one version decided as it did. What names the patient's own places is left out.
type Explanation struct {
	Stage, Table, Rule string
	Urgency            policy.Urgency
	Place              policy.Place
	Offer              bool
	Because            []string
	NearMisses         []policy.NearMiss
	Candidates         []policy.Candidate
}

// Moves lists the samples of a cell, each explained by both versions (simulation_cell when the run has no such cell).
func (s *Service) Moves(ctx context.Context, neighbourhood, run uuid.UUID, cell string) ([]Move, error) {
	c, err := s.open(ctx, neighbourhood, run, cell)
	if err != nil {
		return nil, err
	}
	var list []Move
	for i, sample := range c.cell.Samples {
		r, ok := c.requests[sample.ID]
		if !ok {
			continue // it is older than what is kept
		}
		e := simulate.Explain(&r, sample, c.live, c.draft)
		list = append(list, Move{i + 1, simulate.Coarsen(&r, c.live, c.draft), explanation(e.Live), explanation(e.Draft)})
	}
	return list, nil
}

// Case is what a test case is made of.
type Case struct {
	Given policy.Facts
	On    time.Time // a day on which the facts of the moment hold; zero for any
	Table string    // what the draft decides of it
	Rule  string
}

// Material makes a test case of one sample of a cell: facts that the draft tells apart, and no text, reference or exact age.
func (s *Service) Material(ctx context.Context, neighbourhood, run uuid.UUID, cell string, number int) (Case, error) {
	c, err := s.open(ctx, neighbourhood, run, cell)
	if err != nil {
		return Case{}, err
	}
	if number < 1 || number > len(c.cell.Samples) {
		return Case{}, fault.Absent()
	}
	r, ok := c.requests[c.cell.Samples[number-1].ID]
	if !ok {
		return Case{}, fault.Absent()
	}
	return caseOf(&r, c.draft), nil
}

func caseOf(r *simulate.Request, side simulate.Side) Case {
	_, table, rule := policy.RuleFor(side.Policy, r.Facts, r.At)
	return Case{Given: simulate.Material(side.Policy, r), Table: table, Rule: rule.ID}
}

// opened is one cell with what explains it.
type opened struct {
	cell        simulate.Cell
	requests    map[uuid.UUID]simulate.Request
	live, draft simulate.Side
}

func (s *Service) open(ctx context.Context, neighbourhood, run uuid.UUID, cell string) (o opened, err error) {
	r, document, err := s.store.Find(ctx, neighbourhood, run)
	if err != nil {
		return o, err
	}
	if r.Result == nil {
		return o, fault.New(fault.NotFound, "simulation_cell", "This simulation has no result.")
	}
	at := slices.IndexFunc(r.Result.Matrix, func(c simulate.Cell) bool { return c.ID == cell })
	if at < 0 {
		return o, fault.New(fault.NotFound, "simulation_cell", "This simulation has no such move.")
	}
	o.cell = r.Result.Matrix[at]
	if o.live, o.draft, err = s.sides(ctx, r, document); err != nil {
		return o, err
	}
	o.requests, err = s.store.Requests(ctx, neighbourhood, o.cell.Samples)
	return o, err
}

func explanation(d policy.Decision) Explanation {
	return Explanation{
		Stage: d.Stage, Table: d.Table, Rule: d.Rule, Urgency: d.Urgency, Place: d.Destination, Offer: d.Offer,
		Because: d.Because, NearMisses: coarseMisses(d.NearMisses), Candidates: d.Candidates,
	}
}

// coarseMisses leaves out exact numbers: what the rule needs stays.
func coarseMisses(list []policy.NearMiss) []policy.NearMiss {
	coarse := slices.Clone(list)
	for i, m := range coarse {
		if m.Was != "" && m.Was[0] >= '0' && m.Was[0] <= '9' {
			coarse[i].Was = ""
		}
	}
	return coarse
}

// Past counts the facts of requests since a moment, the most frequent first, at most 5,000 kinds of request: what analysis
// ranks its findings by.
func (s *Service) Past(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]Past, error) {
	return s.store.Past(ctx, neighbourhood, since, 5000)
}
