package requests

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
)

// MisrouteReason is why a request should have gone elsewhere, as a code: codes are counted and shown to those who keep the
// rules, who never see a request.
type MisrouteReason string

const (
	WrongService    MisrouteReason = "wrong-service"
	NotEligible     MisrouteReason = "not-eligible"
	NeedsClinician  MisrouteReason = "needs-clinician"
	WrongPractice   MisrouteReason = "wrong-practice"
	DuplicateOf     MisrouteReason = "duplicate"
	MoreUrgent      MisrouteReason = "more-urgent"
	LessUrgent      MisrouteReason = "less-urgent"
	OtherMisroute   MisrouteReason = "other"    // said in words, which stay with the request
	DeclinedInWords MisrouteReason = "declined" // an offer that came back with a reason in words; nobody chooses it
)

// MisrouteReasons are those that a person can choose, in the order in which they are offered.
func MisrouteReasons() []MisrouteReason {
	return []MisrouteReason{WrongService, NotEligible, NeedsClinician, WrongPractice, MoreUrgent, LessUrgent, DuplicateOf, OtherMisroute}
}

// Title is the reason in words.
func (m MisrouteReason) Title() string {
	switch m {
	case WrongService:
		return "It needs another service"
	case NotEligible:
		return "The patient is not eligible for this service"
	case NeedsClinician:
		return "It needs a clinician"
	case WrongPractice:
		return "It belongs to another practice"
	case DuplicateOf:
		return "It was sent twice"
	case MoreUrgent:
		return "It is more urgent than it was sent as"
	case LessUrgent:
		return "It is less urgent than it was sent as"
	case DeclinedInWords:
		return "The offer was declined, with a reason in words"
	}
	return "Something else"
}

// Misroute is somebody's word that a request was sent to the wrong place: said, or meant by declining the offer of it. It
// moves nothing. Its note may name people, and is as visible as the request.
type Misroute struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	Declined        bool // an offer was declined; otherwise it was said
	By              audit.Actor
	OrganisationID  uuid.UUID // for which they said it
	Reason          MisrouteReason
	Note            string
	At              time.Time
	// OfRule tells that the rule of Decision had sent it where it was said; otherwise a person had, by a transfer.
	OfRule   bool
	Decision policy.Decision
}

// parseMisroute reads a reason, which is one of the codes or words of one's own, and a note. Words are kept as the note of
// the reason "other".
func parseMisroute(reason, note string) (MisrouteReason, string, error) {
	reason, note = strings.TrimSpace(reason), strings.TrimSpace(note)
	code := MisrouteReason(reason)
	switch {
	case reason == "":
		return "", "", fault.InvalidFields([]fault.Field{{Pointer: "/reason", Code: "required", Says: "Select why it was the wrong place."}})
	case !slices.Contains(MisrouteReasons(), code) && note != "":
		return "", "", fault.InvalidFields([]fault.Field{{Pointer: "/reason", Code: "unknown_reason", Says: "Beside a note, the reason must be one of the codes."}})
	case !slices.Contains(MisrouteReasons(), code):
		code, note = OtherMisroute, reason
		if utf8.RuneCountInString(note) > maxMisrouteNote {
			return "", "", fault.InvalidFields([]fault.Field{{Pointer: "/reason", Code: "too_long", Says: "The reason must be 500 characters or fewer."}})
		}
	case code == OtherMisroute && note == "":
		return "", "", fault.InvalidFields([]fault.Field{{Pointer: "/note", Code: "required", Says: "Say in a few words why it was the wrong place."}})
	case utf8.RuneCountInString(note) > maxMisrouteNote:
		return "", "", fault.InvalidFields([]fault.Field{{Pointer: "/note", Code: "too_long", Says: "The note must be 500 characters or fewer."}})
	}
	return code, note, nil
}

const maxMisrouteNote = 500

// Misrouted records that the actor finds a request sent to the wrong place, and moves nothing: transferring and declining
// do that. Anyone who works where it stands or is offered may say so, also when it is closed; once each: saying it again
// changes the reason. The reason is one of MisrouteReasons or words of one's own.
func (s *Service) Misrouted(ctx context.Context, by Actor, c Command, reason, note string) (View, error) {
	code, note, err := parseMisroute(reason, note)
	if err != nil {
		return View{}, err
	}
	where := func(r *Request) uuid.UUID {
		for _, organisation := range r.Concerns() {
			if by.may("misrouted", organisation) {
				return organisation
			}
		}
		return r.Place.Organisation
	}
	view, err := s.command(ctx, by, c, "misrouted", where, func(tx Tx, r *Request, _ Rules, at time.Time) (map[string]any, bool, error) {
		said, err := tx.Misroutes(r.ID)
		if err != nil {
			return nil, false, err
		}
		for _, m := range said {
			if !m.Declined && m.By.ID == by.ID && m.Reason == code && m.Note == note {
				return nil, true, nil
			}
		}
		decision, err := tx.Decision(r.ID)
		if err != nil {
			return nil, false, err
		}
		m, err := r.misroute(by.Actor, where(r), decision, at)
		if err != nil {
			return nil, false, err
		}
		m.Reason, m.Note = code, note
		return map[string]any{"code": code, "by_organisation": m.OrganisationID}, false, tx.Misrouted(m)
	})
	return view, err
}

// misroute begins one of a request, by somebody of an organisation that it concerns.
func (r *Request) misroute(by audit.Actor, organisation uuid.UUID, d policy.Decision, at time.Time) (Misroute, error) {
	id, err := uuid.NewV7()
	return Misroute{
		ID: id, NeighbourhoodID: r.NeighbourhoodID, RequestID: r.ID, By: by, OrganisationID: organisation, At: at, Decision: d,
		OfRule: organisation == d.Home.Organisation || organisation == d.Destination.Organisation,
	}, err
}

// declined is what declining the offer says of the rule that made it. What a person offered is no word about a rule.
func (r *Request) declined(tx Tx, by audit.Actor, reason string, at time.Time) error {
	if r.Offer == nil || r.Offer.Reason != "" {
		return nil // nothing to decline, as the command itself will say, or a person's own transfer
	}
	decision, err := tx.Decision(r.ID)
	if err != nil {
		return err
	}
	m, err := r.misroute(by, r.Offer.Place.Organisation, decision, at)
	if err != nil {
		return err
	}
	m.Declined, m.Reason = true, DeclinedInWords
	if code := MisrouteReason(reason); slices.Contains(MisrouteReasons(), code) {
		m.Reason = code
	}
	return tx.Misrouted(m)
}

// MisrouteView is what the staff of an organisation concerned see of it.
type MisrouteView struct {
	By     string         `json:"by"`
	Reason MisrouteReason `json:"reason"`
	Note   string         `json:"note,omitempty"`
	At     time.Time      `json:"at"`

	ByID uuid.UUID `json:"-"`
}

// misroutesOf are what was said of a request, without declined offers: those stand in its story.
func misroutesOf(tx Tx, request uuid.UUID) ([]MisrouteView, error) {
	list, err := tx.Misroutes(request)
	var views []MisrouteView
	for _, m := range list {
		if !m.Declined {
			views = append(views, MisrouteView{m.By.Name, m.Reason, m.Note, m.At, m.By.ID})
		}
	}
	return views, err
}
