package policies

import (
	"context"
	"fmt"

	"onedoor/app/fault"
	"onedoor/policy/analysis"
)

type diffCommand struct {
	Old  string `arg:"" help:"A policy, or - for standard input."`
	New  string `arg:"" help:"The policy to compare it with."`
	On   string `placeholder:"YYYY-MM-DD" help:"The first day that counts; every day unless said."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run prints one entry for each box of requests that the two decide otherwise.
func (c *diffCommand) Run(ctx context.Context, s Streams) error {
	before, err := s.policy(c.Old)
	if err != nil {
		return err
	}
	after, err := s.policy(c.New)
	if err != nil {
		return err
	}
	var o analysis.Options
	if c.On != "" {
		if o.On, err = (&checkCommand{On: c.On}).day(); err != nil {
			return err
		}
	}
	regions, complete, err := analysis.Difference(ctx, before, after, o)
	if err != nil {
		return err
	}
	if c.JSON {
		if regions == nil {
			regions = []analysis.Region{}
		}
		if err := s.json(regions); err != nil {
			return err
		}
	} else {
		s.regions(regions)
	}
	if !complete {
		return fault.New(fault.Invalid, "incomplete", "The policies differ in more ways than could be worked out: there may be others than these %d.", len(regions))
	}
	return nil
}

func (s Streams) regions(regions []analysis.Region) {
	for _, r := range regions {
		s.line("%s", r.Says)
		s.line("    for example %s", factsText(r.Witness))
		s.line("    before: rule %s of %s, %s", r.From.Rule, r.From.Table, sideText(r.From))
		s.line("    after:  rule %s of %s, %s", r.To.Rule, r.To.Table, sideText(r.To))
	}
	switch len(regions) {
	case 0:
		s.line("The two decide alike, whatever is asked.")
	case 1:
		s.line("1 difference.")
	default:
		s.line("%d differences.", len(regions))
	}
}

func sideText(side analysis.Side) string {
	to := side.To
	if side.Service != "" {
		to += ", service " + side.Service
	}
	return fmt.Sprintf("to %s, %s", to, side.Urgency)
}
