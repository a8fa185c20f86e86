package requests

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/policy"
	"onedoor/tenants"
)

// missesAllowed is how many readings in a row may not find an arrival before it counts as taken out by the organisation.
const missesAllowed = 3

// doneOutcome is what a request that an organisation finished in its own system is closed with: every kind has it.
const doneOutcome = "done"

// DueArrivals are arrivals of a neighbourhood that have been taken in by their organisations' systems and are to be read
// back now, the longest waiting first, at most `limit` of them.
func (s *Service) DueArrivals(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Arrival, error) {
	var list []Arrival
	err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) (err error) {
		list, err = tx.DueArrivals(s.now(), limit)
		return err
	})
	return list, err
}

// PutOffReading makes an arrival that could not be read wait for its next turn.
func (s *Service) PutOffReading(ctx context.Context, a Arrival, until time.Time) error {
	return s.store.InTx(ctx, tenants.JobOf(a.NeighbourhoodID), func(tx Tx) error {
		return tx.PutOffArrival(a.ID, until)
	})
}

// Stood takes in what an organisation's own system says of a request that was filed there. In hand takes an offer; done
// closes the request with the outcome "done"; refused sends it back to who is accountable, with the system's words, and to
// the organisation that it came from where that is another. What was moved or closed meanwhile is left as it is. Found is
// false when the system has no such task: said three times in a row, it has been taken out there.
func (s *Service) Stood(ctx context.Context, d clinical.Delivery, standing clinical.Standing, found bool) error {
	return s.stoodAt(ctx, d.NeighbourhoodID, Reference(d.Document.Reference), d.ID, standing, found)
}

func (s *Service) stoodAt(ctx context.Context, neighbourhood uuid.UUID, reference Reference, id uuid.UUID, standing clinical.Standing, found bool) error {
	return s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		known, err := tx.Arrivals(r.ID)
		if err != nil {
			return err
		}
		for _, a := range known {
			if a.ID == id && a.Standing() {
				return s.stood(tx, r, a, standing, found)
			}
		}
		return nil
	})
}

func (s *Service) stood(tx Tx, r *Request, a Arrival, standing clinical.Standing, found bool) error {
	now := s.now()
	a.ReadAt, a.NextAt = now, nextReading(a.MadeAt, now)
	if !found {
		a.Misses++
		if a.Misses < missesAllowed {
			return tx.SaveArrival(a)
		}
		standing = clinical.Standing{Stage: clinical.StageCancelled, Says: "The task is no longer in the organisation’s system."}
	} else {
		a.Misses = 0
	}
	changed := a.Stage != standing.Stage || a.Says != standing.Says
	a.Stage, a.Says = standing.Stage, shortened(standing.Says)
	if standing.Stage != clinical.StageWaiting && standing.Stage != clinical.StageInHand {
		a.NextAt = time.Time{}
	}
	if err := tx.SaveArrival(a); err != nil || !changed {
		return err
	}
	rules, err := tx.Rules(now)
	if err != nil {
		return err
	}
	was, held, concerned, stoodAt := r.Version, r.Place.Organisation, r.Concerns(), r.standsAt()
	action, details, deliveries, err := s.follow(r, a, rules.Directory, now)
	if err != nil || action == "" {
		return err
	}
	r.Version, r.UpdatedAt = was+1, now
	if err := tx.Update(r, was, held); err != nil {
		return err
	}
	by := audit.Actor{Kind: audit.System, Name: "read_standings"}
	entry := s.entry(by, action, r, details)
	entry.OrganisationID = a.OrganisationID
	tx.Audit(entry)
	tx.Announce(r, concerned...)
	if len(deliveries) > 0 {
		if err := tx.Deliver(deliveries); err != nil {
			return err
		}
	}
	return s.file(tx, r, stoodAt, rules.Directory, by, now)
}

// follow changes the request as the organisation's own system says. An empty action means that there is nothing to change
// but what is shown.
func (s *Service) follow(r *Request, a Arrival, d *tenants.Directory, now time.Time) (action string, details map[string]any, list []clinical.Delivery, err error) {
	offered := r.Offer != nil && r.Offer.Place.Organisation == a.OrganisationID
	if !r.Open() || (!offered && r.Place.Organisation != a.OrganisationID) {
		return "", nil, nil, nil
	}
	details = map[string]any{"in": "own-system", "organisation": a.OrganisationID}
	switch a.Stage {
	case clinical.StageWaiting:
		return "", nil, nil, nil
	case clinical.StageInHand:
		if !offered {
			return "request.in-hand", details, nil, nil
		}
		details["from"] = r.Place.Organisation
		return "request.accept", details, nil, r.accept()
	case clinical.StageDone:
		if offered {
			if err := r.accept(); err != nil {
				return "", nil, nil, err
			}
		}
		list, err = s.doneElsewhere(r, a, d, now)
		details["outcome"] = doneOutcome
		return "request.outcome", details, list, err
	case clinical.StageRefused, clinical.StageCancelled:
	}
	details["reason"], details["by_organisation"] = a.Says, a.OrganisationID
	if offered {
		return "request.decline", details, nil, r.comeBack()
	}
	r.Claim = nil
	if a.OrganisationID != r.HomeID {
		r.Offer, r.Status = nil, Queued
		r.Place = policy.Place{Organisation: r.HomeID, Queue: r.HomeQueueID}
		return "request.sent-back", details, nil, nil
	}
	return "request.refused", details, nil, nil
}

// doneElsewhere closes the request with what the organisation did in its own system. Its own record has it already; the
// registered practice is told where that is another.
func (s *Service) doneElsewhere(r *Request, a Arrival, d *tenants.Directory, now time.Time) ([]clinical.Delivery, error) {
	organisation, _ := d.Organisation(a.OrganisationID)
	return s.closedBy(r, organisation.Name+", in its own system", a.Says, a.OrganisationID, d, now)
}

// shortened keeps what a system says within what is kept of anybody's words.
func shortened(says string) string {
	const most = 1000
	says = strings.TrimSpace(strings.ToValidUTF8(says, ""))
	if utf8.RuneCountInString(says) <= most {
		return says
	}
	return string([]rune(says)[:most-1]) + "…"
}

// ArrivalView is how a request stands in an organisation's own system, for staff.
type ArrivalView struct {
	Organisation Named          `json:"organisation"`
	Stage        clinical.Stage `json:"stage"`
	Says         string         `json:"says,omitempty"`
	Standing     bool           `json:"standing"` // it is there now; otherwise it has ended or was taken back
	At           time.Time      `json:"at"`
	// TheirReference is what people there call it; empty where their system has no name for it.
	TheirReference string `json:"their_reference,omitempty"`
}

// referredAs is what the organisation that a patient is sent to calls their request, where it told: a pharmacy asks for it.
func referredAs(tx Tx, r *Request, d *tenants.Directory) (referred *ReferredView, err error) {
	if r.Destination.Organisation == r.HomeID && r.Place.Organisation == r.HomeID && r.Offer == nil {
		return nil, nil //nolint:nilnil // nobody was sent anywhere
	}
	err = tx.AsJob(func() error {
		list, err := tx.Arrivals(r.ID)
		for _, a := range list {
			if a.TheirReference != "" && (a.Standing() || a.OrganisationID == r.Place.Organisation) {
				referred = &ReferredView{named(d, a.OrganisationID), a.TheirReference}
			}
		}
		return err
	})
	return referred, err
}

func arrivalsOf(tx Tx, request uuid.UUID, d *tenants.Directory) ([]ArrivalView, error) {
	list, err := tx.Arrivals(request)
	var views []ArrivalView
	for _, a := range list {
		at := a.ReadAt
		if at.IsZero() {
			at = a.MadeAt
		}
		views = append(views, ArrivalView{named(d, a.OrganisationID), a.Stage, a.Says, a.Standing(), at, a.TheirReference})
	}
	return views, err
}
