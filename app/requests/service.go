package requests

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/tenants"
)

// Service is the one way in: every channel submits here, and every workspace gives its commands here.
type Service struct {
	store     Store
	catalogue *catalogue.Catalogue
	now       func() time.Time
	random    io.Reader
}

// New puts a service together.
func New(store Store, c *catalogue.Catalogue, now func() time.Time, random io.Reader) *Service {
	return &Service{store, c, now, random}
}

// entry is one line of the trail about a request.
func (s *Service) entry(by audit.Actor, action string, r *Request, details map[string]any) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.Place.Organisation, At: s.now(),
		Actor: by, Action: action, SubjectKind: "request", Subject: r.ID, Details: details,
	}
}

// Command names a request and, when the caller saw one, the version that it was at.
type Command struct {
	Reference Reference
	Version   int // zero: whatever it is at
}

// step changes the aggregate inside a command's transaction, and gives the details that the audit entry keeps. Returning
// unchanged true means that there was nothing to do.
type step func(tx Tx, r *Request, rules Rules, at time.Time) (details map[string]any, unchanged bool, err error)

// command runs one: find and lock, ask again whether the actor may, change, store, audit, announce. `at` names the
// organisation whose staff may give it.
func (s *Service) command(ctx context.Context, by Actor, c Command, action string, at func(*Request) uuid.UUID, do step) (View, error) {
	var view View
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		r, err := tx.FindForUpdate(c.Reference)
		if err != nil {
			return err
		}
		view, err = s.apply(tx, by, r, c.Version, action, at, do)
		return err
	})
	return view, err
}

func (s *Service) apply(tx Tx, by Actor, r *Request, version int, action string, at func(*Request) uuid.UUID, do step) (View, error) {
	if err := by.mustMay(action, at(r)); err != nil {
		return View{}, err
	}
	now := s.now()
	rules, err := tx.Rules(now)
	if err != nil {
		return View{}, err
	}
	decision, err := tx.Decision(r.ID) // before the change: who declines an offer does not see the request after it
	if err != nil {
		return View{}, err
	}
	was, before, concerned, stoodAt := r.Version, r.Place.Organisation, r.Concerns(), r.standsAt()
	details, unchanged, err := do(tx, r, rules, now)
	if err != nil {
		// What the state itself forbids says more than that the version is old: who claimed it, that it is closed.
		return View{}, err
	}
	if version != 0 && version != was && !unchanged {
		return View{}, fault.New(fault.Conflict, "stale_version", "This request has changed since you saw it.").With("version", was).With("status", string(r.Status))
	}
	if !unchanged {
		r.Version, r.UpdatedAt = was+1, now
		if err := tx.Update(r, was, before); err != nil {
			return View{}, err
		}
		entry := s.entry(by.Actor, "request."+action, r, details)
		if !by.may(action, r.Place.Organisation) {
			entry.OrganisationID = before // the one they acted for
		}
		tx.Audit(entry)
		tx.Announce(r, concerned...)
		if err := s.file(tx, r, stoodAt, rules.Directory, by.Actor, now); err != nil {
			return View{}, err
		}
	}
	return s.view(tx, by, r, rules, decision)
}

func accountable(r *Request) uuid.UUID { return r.Place.Organisation }

// offeredTo is the organisation that an offer waits for; without one, the accountable organisation, so that its staff
// are told that there is no offer rather than that they may not.
func offeredTo(r *Request) uuid.UUID {
	if r.Offer != nil {
		return r.Offer.Place.Organisation
	}
	return r.Place.Organisation
}

// Verify confirms a referral, which is then offered to its destination (request_closed, not_to_verify).
func (s *Service) Verify(ctx context.Context, by Actor, c Command) (View, error) {
	return s.command(ctx, by, c, "verify", accountable, func(_ Tx, r *Request, rules Rules, at time.Time) (map[string]any, bool, error) {
		if service, ok := rules.Directory.Service(r.Destination.Service); r.Status == ToVerify && (!ok || service.Paused) {
			return nil, false, fault.New(fault.Conflict, "service_paused", "The service that was chosen takes no requests now. Send it elsewhere or keep it.")
		}
		return map[string]any{"to": r.Destination.Organisation}, false, r.verify(at)
	})
}

// Accept takes an offer: from now on the actor's organisation is accountable (not_offered).
func (s *Service) Accept(ctx context.Context, by Actor, c Command) (View, error) {
	return s.command(ctx, by, c, "accept", offeredTo, func(_ Tx, r *Request, _ Rules, _ time.Time) (map[string]any, bool, error) {
		return map[string]any{"from": r.Place.Organisation}, false, r.accept()
	})
}

// Decline sends an offer back with a reason (not_offered).
func (s *Service) Decline(ctx context.Context, by Actor, c Command, reason string) (View, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return View{}, err
	}
	return s.command(ctx, by, c, "decline", offeredTo, func(tx Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		details := map[string]any{"by_organisation": offeredTo(r), "reason": reason}
		if err := r.declined(tx, by.Actor, reason, at); err != nil {
			return nil, false, err
		}
		return details, false, r.comeBack()
	})
}

// Claim makes the actor the one who works on the request (request_claimed names who already does).
func (s *Service) Claim(ctx context.Context, by Actor, c Command) (View, error) {
	return s.command(ctx, by, c, "claim", accountable, func(_ Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		changed, err := r.claim(by.Actor, at)
		return nil, !changed, err
	})
}

// TakeNext claims the request of a queue that is due first and that nobody has claimed; empty says so (queue_empty).
func (s *Service) TakeNext(ctx context.Context, by Actor, queue uuid.UUID) (View, error) {
	var view View
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		r, err := tx.TakeNext(queue)
		if err != nil {
			return err
		}
		view, err = s.apply(tx, by, r, 0, "claim", accountable, func(_ Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
			changed, err := r.claim(by.Actor, at)
			return nil, !changed, err
		})
		return err
	})
	return view, err
}

// Release gives a claim back (not_claimed, request_claimed).
func (s *Service) Release(ctx context.Context, by Actor, c Command) (View, error) {
	return s.command(ctx, by, c, "release", accountable, func(_ Tx, r *Request, _ Rules, _ time.Time) (map[string]any, bool, error) {
		return nil, false, r.release(by.Actor)
	})
}

// Transfer offers the request to another organisation; the actor's stays accountable until it is accepted.
func (s *Service) Transfer(ctx context.Context, by Actor, c Command, to, service, reason string) (View, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return View{}, err
	}
	return s.command(ctx, by, c, "transfer", accountable, func(_ Tx, r *Request, rules Rules, at time.Time) (map[string]any, bool, error) {
		place, err := s.transferTo(r, rules, to, service, at)
		if err != nil {
			return nil, false, err
		}
		r.Destination = place
		r.offer(place, reason, at)
		return map[string]any{"to": place.Organisation, "reason": reason}, false, nil
	})
}

// Raise makes a request more urgent. Anyone who works on requests may.
func (s *Service) Raise(ctx context.Context, by Actor, c Command, to policy.Urgency, reason string) (View, error) {
	return s.urgency(ctx, by, c, "raise", to, reason)
}

// Lower makes a request less urgent. Only a clinician may.
func (s *Service) Lower(ctx context.Context, by Actor, c Command, to policy.Urgency, reason string) (View, error) {
	return s.urgency(ctx, by, c, "lower", to, reason)
}

func (s *Service) urgency(ctx context.Context, by Actor, c Command, action string, to policy.Urgency, reason string) (View, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return View{}, err
	}
	if to.Rank() == 0 {
		return View{}, fault.InvalidFields([]fault.Field{{Pointer: "/urgency", Code: "unknown_urgency", Says: "The urgency must be emergency, urgent, soon or routine."}})
	}
	return s.command(ctx, by, c, action, accountable, func(_ Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		from := r.Urgency
		return map[string]any{"from": from, "to": to, "reason": reason}, false, r.setUrgency(to, action == "raise", at)
	})
}

// Close ends a claimed request without an outcome, with a reason; nothing is sent to a clinical system.
func (s *Service) Close(ctx context.Context, by Actor, c Command, reason string) (View, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return View{}, err
	}
	return s.command(ctx, by, c, "close", accountable, func(_ Tx, r *Request, _ Rules, _ time.Time) (map[string]any, bool, error) {
		return map[string]any{"reason": reason}, false, r.closeWithout(reason, by.Actor)
	})
}

// ReturnExpiredOffers gives offers that nobody had answered by now back to their senders, and says how many.
func (s *Service) ReturnExpiredOffers(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	const batch = 100
	returned := 0
	for {
		n := 0
		err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
			expired, err := tx.ExpiredOffers(now, batch)
			if err != nil {
				return err
			}
			n = len(expired)
			if n == 0 {
				return nil
			}
			rules, err := tx.Rules(now)
			if err != nil {
				return err
			}
			for _, r := range expired {
				was, before, concerned, to, stoodAt := r.Version, r.Place.Organisation, r.Concerns(), offeredTo(r), r.standsAt()
				if err := r.comeBack(); err != nil {
					return err
				}
				r.Version, r.UpdatedAt = was+1, now
				if err := tx.Update(r, was, before); err != nil {
					return err
				}
				job := audit.Actor{Kind: audit.System, Name: "return_offers"}
				tx.Audit(s.entry(job, "request.return", r, map[string]any{"from": to}))
				tx.Announce(r, concerned...)
				if err := s.file(tx, r, stoodAt, rules.Directory, job, now); err != nil {
					return err
				}
			}
			return nil
		})
		returned += n
		if err != nil || n < batch {
			return returned, err
		}
	}
}

func (s *Service) transferTo(r *Request, rules Rules, to, service string, at time.Time) (policy.Place, error) {
	if err := r.mustBeOpen(); err != nil {
		return policy.Place{}, err
	}
	if err := r.mustNotBeRestricted(); err != nil {
		return policy.Place{}, err
	}
	if r.Offer != nil {
		return policy.Place{}, r.wrongState("request_offered", "This request is on offer to another organisation already.")
	}
	organisation, err := organisationTo(rules.Directory, to, at)
	if err != nil {
		return policy.Place{}, err
	}
	if organisation.ID == r.Place.Organisation {
		return policy.Place{}, r.wrongState("same_organisation", "The request is with that organisation already.")
	}
	return placeAt(rules.Directory, organisation, service, r.Kind)
}
