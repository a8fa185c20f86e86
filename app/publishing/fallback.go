package publishing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/edit"
	"onedoor/tenants"
)

// fallbackActor is who falls back: the product itself, by the choice that a lead wrote on the rule.
func fallbackActor() audit.Actor { return audit.Actor{Kind: audit.System, Name: "Onedoor"} }

// FallbackOf is a rule that sends to the registered practice what it sent elsewhere, as urgently as before. The practice's
// queue is the one that its overflow names. What it told patients of the other place goes with that place.
func FallbackOf(r policy.Rule) policy.Rule {
	to := policy.Destination{Kind: policy.ToRegisteredPractice}
	for _, overflow := range r.Then.Overflow {
		if overflow.Kind == policy.ToRegisteredPractice {
			to.Queue = overflow.Queue
			break
		}
	}
	r.Then.To, r.Then.Service, r.Then.Overflow, r.Then.Message = to, "", nil, ""
	return r
}

// Fallback publishes, from now on and by itself, the live version with one rule that falls back to the registered practice.
// It does so only where the lead chose that for the rule (fallback_not_chosen). It waits for no review and no reasons: it
// leads to where a request goes that no rule leads away. Stored cases that expect the rule's old place do not hold any
// more, and do not keep it back; any other that fails does (case_fails). Of a rule that has fallen back already the live
// version is returned, and nothing is done. A version that is scheduled stays so.
func (s *Service) Fallback(ctx context.Context, neighbourhood uuid.UUID, table, rule, note string) (Version, error) {
	for range attempts {
		c := candidate{neighbourhood: neighbourhood, fallback: true}
		err := s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) (err error) {
			set, err := tx.Settings()
			if err != nil {
				return err
			}
			c.reviewWanted = set.SecondPerson
			found := false
			if c.live, found, err = tx.LiveAt(s.o.Now()); err == nil && !found {
				err = fault.Absent()
			}
			return err
		})
		if err != nil {
			return Version{}, err
		}
		document, err := fallenBack(c.live, table, rule)
		if err != nil {
			return Version{}, err
		}
		if c.policy = document.Policy(); c.policy.Hash() == c.live.Hash {
			c.live.State = Live
			return c.live, nil
		}
		for _, f := range c.policy.RunCases(nhs.DateOf(s.o.Now().In(tenants.London()))) {
			if f.Table != table || f.Rule != rule {
				return Version{}, fault.New(fault.Conflict, "case_fails", "The stored case “%s” would not hold: %s", f.Case, f.Says)
			}
		}
		if c.directory, err = s.o.Directories.Live(ctx, neighbourhood, s.o.Now()); err != nil {
			return Version{}, err
		}
		g := Gate{Replay: Replay{Since: s.o.Now(), Findings: []ReplayFinding{}, Says: "A rule fell back to the registered practice; no past requests were decided again."}}
		v, done, err := s.commit(ctx, fallbackActor(), c, g, Version{}, Publication{Note: note})
		if err != nil || done {
			return v, err
		}
	}
	return Version{}, fault.New(fault.Conflict, "policy_busy", "Drafts, versions or the directory keep changing. Try again in a moment.")
}

// fallenBack is the live document with one rule changed.
func fallenBack(live Version, table, id string) (*edit.Document, error) {
	document, err := edit.Open(live.Document)
	if err != nil {
		return nil, fmt.Errorf("open the live policy: %w", err)
	}
	rule, found := document.Policy().Rule(table, id)
	if !found {
		return nil, fault.Absent()
	}
	if rule.IfDrifts != policy.ToRegisteredPractice {
		return nil, fault.New(fault.Conflict, "fallback_not_chosen", "This rule does not say that it falls back to the registered practice.")
	}
	if rule.Then.To.Kind == policy.ToRegisteredPractice {
		return document, nil
	}
	return document, document.SetRule(table, id, FallbackOf(rule))
}
