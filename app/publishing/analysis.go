package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/tenants"
)

// Pasts counts what was asked before, so that findings can be put in order of how often they would have been met. It is
// simulations.Service.
type Pasts interface {
	Past(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]simulations.Past, error)
}

// Check analyses a draft: every finding, whether the live version has it too or not.
func (s *Service) Check(ctx context.Context, neighbourhood uuid.UUID, name string) (*analysis.Report, error) {
	d, err := s.Draft(ctx, neighbourhood, name)
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse(d.Document)
	if err != nil {
		return nil, err
	}
	o, err := s.AnalysisOptions(ctx, neighbourhood)
	if err != nil {
		return nil, err
	}
	return analysis.Check(ctx, p, o)
}

// AnalysisOptions are what an analysis of a neighbourhood's policy may know: its directory, today, and what was asked lately.
func (s *Service) AnalysisOptions(ctx context.Context, neighbourhood uuid.UUID) (analysis.Options, error) {
	now := s.o.Now()
	directory, err := s.o.Directories.Live(ctx, neighbourhood, now)
	if err != nil {
		return analysis.Options{}, err
	}
	return s.optionsAt(ctx, neighbourhood, directory, now)
}

func (s *Service) optionsAt(ctx context.Context, neighbourhood uuid.UUID, d *tenants.Directory, at time.Time) (analysis.Options, error) {
	o := analysis.Options{Directory: d, On: nhs.DateOf(at.In(tenants.London()))}
	if s.o.Pasts == nil {
		return o, nil
	}
	past, err := s.o.Pasts.Past(ctx, neighbourhood, s.o.Now().Add(-replayed))
	for _, p := range past {
		o.Past = append(o.Past, analysis.Past{Facts: p.Facts, Count: p.Count})
	}
	return o, err
}

// analyse gives the findings that matter for publishing: every error, and each warning that the version before it does not
// have.
func (s *Service) analyse(ctx context.Context, c candidate, at time.Time) ([]analysis.Finding, error) {
	o, err := s.optionsAt(ctx, c.neighbourhood, c.directory, at)
	if err != nil {
		return nil, err
	}
	report, err := analysis.Check(ctx, c.policy, o)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	if live, err := policy.Parse(c.live.Document); err == nil { // what cannot be read has no findings: all are new
		before, err := analysis.Check(ctx, live, o)
		if err != nil {
			return nil, err
		}
		for _, f := range before.Findings {
			known[f.Key] = true
		}
	}
	list := []analysis.Finding{}
	for _, f := range report.Findings {
		if f.Severity == analysis.Error || (f.Severity == analysis.Warning && !known[f.Key]) {
			list = append(list, f)
		}
	}
	return list, nil
}

// Difference is every request that a draft decides otherwise than a version does, by its hash (empty for the live one):
// disjoint boxes, each with a witness; complete unless the budget of the comparison ended before.
func (s *Service) Difference(ctx context.Context, neighbourhood uuid.UUID, from, name string) (regions []analysis.Region, complete bool, err error) {
	d, err := s.Draft(ctx, neighbourhood, name)
	if err != nil {
		return nil, false, err
	}
	v, err := s.Live(ctx, neighbourhood)
	if from != "" {
		v, err = s.Version(ctx, neighbourhood, from)
	}
	if err != nil {
		return nil, false, err
	}
	before, err := policy.Parse(v.Document)
	if err != nil {
		return nil, false, err
	}
	after, err := policy.Parse(d.Document)
	if err != nil {
		return nil, false, err
	}
	o, err := s.AnalysisOptions(ctx, neighbourhood)
	if err != nil {
		return nil, false, err
	}
	return analysis.Difference(ctx, before, after, o)
}
