package requests

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// callbackKind is the kind of request that a conversation becomes when it is cut off.
const callbackKind = "callback"

// Incomplete is what somebody had answered before they left: a call that ended early, above all. It is kept with the
// callback request that it became, for staff to read.
type Incomplete struct {
	Kind    string             `json:"kind,omitempty"` // of the request that was begun
	Answers []IncompleteAnswer `json:"answers,omitempty"`
	// Caller is the number that the call came from, to ring back; empty when it was withheld. It identifies nobody.
	Caller nhs.Phone `json:"caller,omitempty"`

	// What the answers say of haste counts for the callback too. Only the two safety facts, and only for worse.
	redFlag, freeText policy.Value
}

// IncompleteAnswer is one question that was asked, and what was said.
type IncompleteAnswer struct {
	LinkID   string   `json:"link_id"`
	Question string   `json:"question"`
	Answers  []string `json:"answers,omitempty"`
	// Recording is what was spoken in place of words; zero for none.
	Recording uuid.UUID `json:"recording,omitzero"`
}

// raise adds to a callback's facts what was said before it was cut off.
func (i *Incomplete) raise(facts policy.Facts) {
	if i == nil {
		return
	}
	for name, said := range map[string]policy.Value{"red-flag": i.redFlag, "free-text": i.freeText} {
		if said == policy.Text(string(catalogue.Urgent)) && facts[name] != policy.Text(string(catalogue.Emergency)) {
			facts[name] = said
		}
	}
	for _, a := range i.Answers {
		if a.Recording != uuid.Nil {
			facts["recording"] = policy.Text("unheard")
		}
	}
}

// Spoken are all recordings that belong to the request, with the linkId of the question that each answers.
func (r *Request) Spoken() map[uuid.UUID]string {
	spoken := make(map[uuid.UUID]string, len(r.Recordings))
	for linkID, id := range r.Recordings {
		spoken[id] = linkID
	}
	if r.Incomplete != nil {
		for _, a := range r.Incomplete.Answers {
			if a.Recording != uuid.Nil {
				spoken[a.Recording] = a.LinkID
			}
		}
	}
	return spoken
}

// OfAbandoned is what a conversation becomes when the person leaves it, or asks for a person instead: a callback request with
// what was answered, marked as incomplete, that keeps the place from the first contact. caller is the number to ring back,
// if the line knows it. An emergency is no callback: it is handed in as it stands.
//
// some reports whether anything at all was answered: without it there is nothing to lose, and the channel decides whether
// anybody need ring. The key is the conversation's own and another than that of the whole request, so that the
// conversation can still be taken up and handed in.
func OfAbandoned(c *catalogue.Catalogue, talk *intake.Conversation, caller nhs.Phone, today nhs.Date) (in Submission, some bool, err error) {
	begun, ok := c.Kind(talk.Kind)
	if !ok {
		return Submission{}, false, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	known := talk.Known(today)
	if _, found := begun.Questionnaire.Alarm(talk.Answers, known); found {
		in, err = OfConversation(begun, talk)
		return in, true, err
	}
	callback, ok := c.Kind(callbackKind)
	if !ok {
		return Submission{}, false, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	facts := begun.Questionnaire.Facts(talk.Answers, known)
	incomplete := &Incomplete{Kind: talk.Kind, Caller: caller, redFlag: facts["red-flag"], freeText: facts["free-text"]}
	recordings, err := recordingsOf(talk)
	if err != nil {
		return Submission{}, false, err
	}
	settled, _ := begun.Questionnaire.Settle(talk.Answers, known)
	for _, it := range begun.Questionnaire.Questions() {
		recording := recordings[it.LinkID]
		if !begun.Questionnaire.Asks(it, settled, known) || (len(settled[it.LinkID]) == 0 && recording == uuid.Nil) {
			continue
		}
		line := IncompleteAnswer{LinkID: it.LinkID, Question: it.Text, Recording: recording}
		for _, v := range settled[it.LinkID] {
			line.Answers = append(line.Answers, it.Words(v))
		}
		incomplete.Answers = append(incomplete.Answers, line)
	}
	in = personOf(talk)
	in.Kind, in.Incomplete, in.Supersedes = callbackKind, incomplete, Reference(talk.Callback)
	in.Key += "/abandoned"
	if in.Answers, err = callback.Questionnaire.Wire(shared(callback, begun, talk.Answers)); err != nil {
		return Submission{}, false, err
	}
	return in, len(incomplete.Answers) > 0 || talk.Details.Any(), in.hash(talk)
}

// shared are the answers that a callback asks for in the same words: the safety questions, above all.
func shared(callback, begun *catalogue.Kind, given catalogue.Answers) catalogue.Answers {
	kept := catalogue.Answers{}
	for linkID, values := range given {
		it, ok := callback.Questionnaire.Item(linkID)
		if ok && (it.Safety() || begun == callback) {
			kept[linkID] = values
		}
	}
	return kept
}

// supersede closes the callback request that a new one stands in the place of, unless somebody works on it: what they are
// doing is then theirs to end.
func (s *Service) supersede(tx Tx, by *Request, in Submission, d *tenants.Directory, now time.Time) error {
	if in.Supersedes == "" {
		return nil
	}
	return tx.AsJob(func() error {
		old, err := tx.FindForUpdate(in.Supersedes)
		if fault.Is(err, "not_found") {
			return nil
		}
		if err != nil || old.Incomplete == nil || old.Status != Queued || old.Claim != nil {
			return err
		}
		was, concerned, stoodAt := old.Version, old.Concerns(), old.standsAt()
		old.Status, old.Version, old.UpdatedAt = Closed, was+1, now
		old.CloseReason = "The same person went on and finished: request " + by.Reference.Spaced() + " stands in its place."
		if by.Incomplete != nil {
			old.CloseReason = "The same person rang again: request " + by.Reference.Spaced() + " stands in its place."
		}
		if err := tx.Update(old, was, old.Place.Organisation); err != nil {
			return err
		}
		tx.Audit(s.entry(audit.Actor{Kind: audit.System, Name: "supersede"}, "request.close", old, map[string]any{"reason": old.CloseReason, "by": by.Reference}))
		tx.Announce(old, concerned...)
		return s.file(tx, old, stoodAt, d, audit.Actor{Kind: audit.System, Name: "supersede"}, now)
	})
}
