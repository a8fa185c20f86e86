package requests

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/tenants"
)

// ToolState says how a request stands in an organisation's own online tool.
type ToolState string

const (
	ToolWaiting ToolState = "waiting" // the person was sent on, and nobody has said yet that the tool has it
	ToolTaken   ToolState = "taken"   // the tool has it: it is dealt with there
	ToolRefused ToolState = "refused" // the tool, or a person, said that it has not
	ToolSilent  ToolState = "silent"  // nobody said anything in time
	ToolStayed  ToolState = "stayed"  // the person chose to stay here
	ToolDone    ToolState = "done"    // it was finished there
)

// Handover is a person who goes on in the accountable organisation's own online tool. Custody does not move: it is the same
// organisation, and the request stands in its queue all the while. Until the tool or a person there says that the tool has it,
// that is not known; when the time is over it is shown as not known, and a person has to look. The clock never restarts.
type Handover struct {
	ID             uuid.UUID `json:"id"` // what the tool knows it by: random, and of no use without the tool's key
	OrganisationID uuid.UUID `json:"organisation_id"`
	Tool           string    `json:"tool"` // what patients know the tool by
	State          ToolState `json:"state"`
	At             time.Time `json:"at"`
	DueAt          time.Time `json:"due_at"` // until when it may say nothing
	SaidAt         time.Time `json:"said_at,omitzero"`
	Says           string    `json:"says,omitempty"` // why not, for staff
}

// Waiting reports whether nobody has said yet that the tool has it.
func (h *Handover) Waiting() bool { return h != nil && h.State == ToolWaiting }

// atTool reports whether the request is still with the organisation to whose tool the person was sent.
func (r *Request) atTool() bool {
	return r.Handover != nil && r.Open() && r.Offer == nil && r.Place.Organisation == r.Handover.OrganisationID
}

// OwnTool is the tool that a person goes on in.
type OwnTool struct {
	OrganisationID uuid.UUID
	Name           string
}

// mayGoOn reports whether a person may be sent on with the request as it is: it waits with the organisation whose tool it is,
// nobody works on it, and it is no emergency. Of somebody about whom nothing may be sent nothing is handed over either.
func (r *Request) mayGoOn(organisation uuid.UUID) bool {
	return r.Status == Queued && r.Claim == nil && r.Place.Organisation == organisation && r.Task == "" && r.Incomplete == nil &&
		!r.Held.Any() && r.Urgency.Rank() < policy.Emergency.Rank()
}

// ToolOf is how a person's own request stands with a tool: whether they may go on there, and the handover if they did. It
// proves nobody's identity, and says nothing of the person.
func (s *Service) ToolOf(ctx context.Context, neighbourhood uuid.UUID, reference Reference) (organisation uuid.UUID, may bool, h *Handover, err error) {
	err = s.store.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		organisation, may, h = r.Place.Organisation, r.mayGoOn(r.Place.Organisation), r.Handover
		return nil
	})
	return organisation, may, h, err
}

// HandOver keeps that a person goes on in a tool, before they are sent there. Doing it again gives the same handover. A
// request that has moved on, that somebody works on or that is an emergency stays where it is (not_handed_over).
func (s *Service) HandOver(ctx context.Context, neighbourhood uuid.UUID, reference Reference, to OwnTool, id uuid.UUID) (Handover, error) {
	var kept Handover
	err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		if r.Handover != nil {
			kept = *r.Handover
			return nil
		}
		if !r.mayGoOn(to.OrganisationID) {
			return notHandedOver()
		}
		now := s.now()
		kept = Handover{ID: id, OrganisationID: to.OrganisationID, Tool: to.Name, State: ToolWaiting, At: now, DueAt: offerExpiry(now, r.AnswerDue)}
		return s.bySystem(tx, r, now, "request.hand-over", map[string]any{"organisation": to.OrganisationID}, func() {
			h := kept
			r.Handover = &h
		})
	})
	return kept, err
}

func notHandedOver() *fault.Error {
	return fault.New(fault.Conflict, "not_handed_over", "This request cannot go on in another tool now. It stays here.")
}

// StayHere ends a handover that nobody has answered, because the person wants the organisation to deal with the request here.
// One that was answered stays as it is (tool_answered).
func (s *Service) StayHere(ctx context.Context, neighbourhood uuid.UUID, reference Reference) error {
	return s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		if r.Handover == nil || r.Handover.State == ToolStayed {
			return nil
		}
		if !r.Handover.Waiting() {
			return toolAnswered()
		}
		now := s.now()
		return s.bySystem(tx, r, now, "request.stay", nil, func() { r.toolSaid(ToolStayed, "", now) })
	})
}

func toolAnswered() *fault.Error {
	return fault.New(fault.Conflict, "tool_answered", "It has been said already whether the tool has this request.")
}

// toolSaid changes what is known of the tool.
func (r *Request) toolSaid(state ToolState, says string, at time.Time) {
	h := *r.Handover
	h.State, h.Says, h.SaidAt = state, says, at
	r.Handover = &h
}

// HandoverView is what a tool may know of a handover: nothing of the person, who says there what they want to.
type HandoverView struct {
	ID        uuid.UUID  `json:"id"`
	Reference Reference  `json:"reference"`
	Kind      string     `json:"kind"`
	Status    Status     `json:"status"`
	State     ToolState  `json:"state"`
	Tool      string     `json:"tool"`
	For       Named      `json:"organisation"`
	At        time.Time  `json:"handed_over_at"`
	SayBy     time.Time  `json:"say_by"`
	AnswerDue time.Time  `json:"answer_due_at"`
	SaidAt    *time.Time `json:"said_at,omitempty"`
}

func handoverView(r *Request, d *tenants.Directory) HandoverView {
	h := r.Handover
	v := HandoverView{
		ID: h.ID, Reference: r.Reference, Kind: r.Kind, Status: r.Status, State: h.State, Tool: h.Tool, For: named(d, h.OrganisationID),
		At: h.At, SayBy: h.DueAt, AnswerDue: r.AnswerDue,
	}
	if !h.SaidAt.IsZero() {
		v.SaidAt = &h.SaidAt
	}
	return v
}

// toolKey is the API key with which somebody speaks for a tool; a person has none.
func toolKey(by audit.Actor) uuid.UUID {
	if by.Kind != audit.Client {
		return uuid.Nil
	}
	return by.ID
}

// Handover reads one for a tool that was given its id. It is absent for every key but the one that the organisation named as
// its tool's.
func (s *Service) Handover(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, id uuid.UUID) (HandoverView, error) {
	var view HandoverView
	err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindHandover(id, toolKey(by))
		if err != nil {
			return err
		}
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		view = handoverView(r, rules.Directory)
		tx.Audit(s.entry(by, "request.read-handover", r, nil))
		return nil
	})
	return view, err
}

// ToolSays takes in what a tool says of a handover. Taken: it has it, and deals with it there; also when it says so late, as
// long as the request is with that organisation. Refused: it has not, and a person looks here. Done: it was finished there, and
// the request is closed with the outcome "done"; it is for a tool that took it. Saying it again changes nothing. A request that is closed, or has gone to another
// organisation, is left as it is (request_closed, not_with_tool); a person who stayed here is kept (tool_answered). For every key
// but the one that the organisation named as its tool's there is no such handover.
func (s *Service) ToolSays(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, id uuid.UUID, state ToolState, says string) (HandoverView, error) {
	if says = strings.TrimSpace(says); utf8.RuneCountInString(says) > 500 {
		return HandoverView{}, fault.InvalidFields([]fault.Field{{Pointer: "/says", Code: "too_long", Says: "What you say must be 500 characters or fewer."}})
	}
	var view HandoverView
	err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindHandover(id, toolKey(by))
		if err != nil {
			return err
		}
		now := s.now()
		rules, err := tx.Rules(now)
		if err != nil {
			return err
		}
		if r.Handover.State != state {
			if err := s.toolSays(tx, r, by, state, says, rules, now); err != nil {
				return err
			}
		}
		view = handoverView(r, rules.Directory)
		return nil
	})
	return view, err
}

func (s *Service) toolSays(tx Tx, r *Request, by audit.Actor, state ToolState, says string, rules Rules, now time.Time) error {
	if err := r.mustBeOpen(); err != nil {
		return err
	}
	if err := r.mayBeSaid(state); err != nil {
		return err
	}
	was, held, concerned, stoodAt := r.Version, r.Place.Organisation, r.Concerns(), r.standsAt()
	r.toolSaid(state, says, now)
	var list []clinical.Delivery
	if state == ToolDone {
		organisation, _ := rules.Directory.Organisation(r.Handover.OrganisationID)
		var err error
		if list, err = s.closedBy(r, organisation.Name+", in its own online tool", says, organisation.ID, rules.Directory, now); err != nil {
			return err
		}
	}
	r.Version, r.UpdatedAt = was+1, now
	if err := tx.Update(r, was, held); err != nil {
		return err
	}
	tx.Audit(s.entry(by, toolAction(state), r, map[string]any{"organisation": r.Handover.OrganisationID, "reason": says, "in": "own-tool"}))
	tx.Announce(r, concerned...)
	if len(list) > 0 {
		if err := tx.Deliver(list); err != nil {
			return err
		}
	}
	return s.file(tx, r, stoodAt, rules.Directory, by, now)
}

// mayBeSaid refuses what cannot be said of a handover as it stands.
func (r *Request) mayBeSaid(state ToolState) error {
	h := r.Handover
	switch {
	case !r.atTool():
		return fault.New(fault.Conflict, "not_with_tool", "This request is no longer with the organisation whose tool it is.")
	case h.State == ToolStayed:
		return fault.New(fault.Conflict, "tool_answered", "The patient chose to stay in Onedoor: deal with the request there.")
	case state == ToolDone && h.State != ToolTaken:
		return fault.New(fault.Conflict, "tool_not_taken", "Say first that the tool has taken this request.")
	case state == ToolRefused && h.State != ToolWaiting && h.State != ToolTaken && h.State != ToolSilent:
		return toolAnswered()
	}
	return nil
}

func toolAction(state ToolState) string {
	switch state {
	case ToolTaken:
		return "request.tool-accept"
	case ToolDone:
		return "request.outcome"
	case ToolSilent:
		return "request.tool-silent"
	}
	return "request.tool-decline"
}

// ToolAccept is a person's word that the tool has it (no_handover, tool_answered).
func (s *Service) ToolAccept(ctx context.Context, by Actor, c Command) (View, error) {
	return s.command(ctx, by, c, "tool-accept", accountable, func(_ Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		return r.personSaysOfTool(ToolTaken, "", at)
	})
}

// ToolDecline is a person's word that the tool has not got it: it is dealt with here (no_handover, tool_answered).
func (s *Service) ToolDecline(ctx context.Context, by Actor, c Command, reason string) (View, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return View{}, err
	}
	return s.command(ctx, by, c, "tool-decline", accountable, func(_ Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		return r.personSaysOfTool(ToolRefused, reason, at)
	})
}

func (r *Request) personSaysOfTool(state ToolState, reason string, at time.Time) (map[string]any, bool, error) {
	if err := r.mustBeOpen(); err != nil {
		return nil, false, err
	}
	if r.Handover == nil {
		return nil, false, r.wrongState("no_handover", "Nobody was sent on with this request.")
	}
	if r.Handover.State == state {
		return nil, true, nil
	}
	if err := r.mayBeSaid(state); err != nil {
		return nil, false, err
	}
	r.toolSaid(state, reason, at)
	return map[string]any{"organisation": r.Handover.OrganisationID, "reason": reason}, false, nil
}

// EndSilentHandovers notes of handovers of which nobody said anything by now that it is not known whether the tool has them,
// so that a person looks, and says how many.
func (s *Service) EndSilentHandovers(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	const batch = 100
	ended := 0
	for {
		n := 0
		err := s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
			silent, err := tx.SilentHandovers(now, batch)
			if err != nil {
				return err
			}
			n = len(silent)
			for _, r := range silent {
				was := r.Version
				r.toolSaid(ToolSilent, "", now)
				r.Version, r.UpdatedAt = was+1, now
				if err := tx.Update(r, was, r.Place.Organisation); err != nil {
					return err
				}
				job := audit.Actor{Kind: audit.System, Name: "return_offers"}
				tx.Audit(s.entry(job, toolAction(ToolSilent), r, map[string]any{"organisation": r.Handover.OrganisationID}))
				tx.Announce(r)
			}
			return nil
		})
		if err != nil {
			return ended, err
		}
		ended += n
		if n < batch {
			return ended, nil
		}
	}
}
