package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/policy"
)

// OfConversation is a conversation as a request, as far as it has come. Every channel hands in what it gives, so that the
// same answers are the same request. The conversation's id is the idempotency key.
func OfConversation(kind *catalogue.Kind, talk *intake.Conversation) (Submission, error) {
	if kind == nil || kind.Code != talk.Kind {
		return Submission{}, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	answers, err := kind.Questionnaire.Wire(talk.Answers)
	if err != nil {
		return Submission{}, err
	}
	in := personOf(talk)
	in.Kind, in.Answers = talk.Kind, answers
	in.Supersedes = Reference(talk.Callback)
	if in.Recordings, err = recordingsOf(talk); err != nil {
		return Submission{}, err
	}
	return in, in.hash(talk)
}

// personOf is what a conversation says of everything but its questions.
func personOf(talk *intake.Conversation) Submission {
	d := talk.Details
	in := Submission{
		NeighbourhoodID: talk.NeighbourhoodID, Channel: Channel(talk.Channel),
		Patient: patients.Given{
			NHSNumber: d.NHSNumber, BirthDate: d.BirthDate, Postcode: d.Postcode, HouseNumber: d.HouseNumber,
			GivenName: d.GivenName, FamilyName: d.FamilyName, Sex: d.Sex, Mobile: d.Mobile, SafeToText: d.SafeToText,
		},
		AskedOf: talk.AskedOf, ChosenPharmacy: d.ChosenPharmacy, OwnPracticeOnly: slices.Contains(d.Unknown, intake.Pharmacy), Language: talk.Language,
		Needs: needsOf(talk), FirstContactAt: talk.StartedAt, By: audit.Actor{Kind: audit.Patient}, Key: talk.ID.String(),
	}
	if talk.GoOnAt != uuid.Nil && in.Channel == Web {
		in.Channel = Linked
	}
	if d.Proxy != nil {
		in.Proxy = &Proxy{Name: d.Proxy.GivenName + " " + d.Proxy.FamilyName, Relationship: d.Proxy.Relationship}
	}
	return in
}

// needsOf are the needs that go along. What was only read of a record belongs to the person who proved that it is theirs: it is
// left out where the request turns out to be for another.
func needsOf(talk *intake.Conversation) *patients.KeptNeeds {
	claimed, d := talk.Claimed, talk.Details
	if talk.Needs == nil || talk.Needs.Told || claimed == nil {
		return talk.Needs
	}
	otherNumber := d.NHSNumber != "" && claimed.NHSNumber != "" && d.NHSNumber != claimed.NHSNumber
	otherBirth := !d.BirthDate.IsZero() && d.BirthDate != claimed.BirthDate
	if otherNumber || otherBirth {
		return nil
	}
	return talk.Needs
}

func recordingsOf(talk *intake.Conversation) (map[string]uuid.UUID, error) {
	if len(talk.Recordings) == 0 {
		return nil, nil
	}
	kept := make(map[string]uuid.UUID, len(talk.Recordings))
	for linkID, text := range talk.Recordings {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "not_recorded", "A recording that stands for an answer is not named as one.")
		}
		kept[linkID] = id
	}
	return kept, nil
}

// hash tells whether a key that comes again carries the same. The channel is no part of it: a conversation may be handed in
// on one and again on another.
func (in *Submission) hash(talk *intake.Conversation) error {
	body, err := json.Marshal(struct {
		Kind       string
		Answers    map[string]json.RawMessage
		Recordings map[string]uuid.UUID `json:",omitempty"`
		Incomplete *Incomplete          `json:",omitempty"`
		Details    intake.Details
		Needs      *patients.KeptNeeds `json:",omitempty"`
		OwnOnly    bool
		Received   int64
	}{in.Kind, in.Answers, in.Recordings, in.Incomplete, talk.Details, in.Needs, in.OwnPracticeOnly, talk.StartedAt.UnixMicro()})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	in.BodyHash = sum[:]
	return nil
}

// Submitter is what a channel hands a submission to: Service.
type Submitter interface {
	Submit(ctx context.Context, in Submission) (Receipt, error)
}

// HandIn submits what a channel made of a conversation, or finds the receipt of what was submitted before. When the reply to
// a first try was lost and answers were changed before the next, they are a request of their own, keyed by what they say:
// two requests that staff can see are better than a change that nobody does.
func HandIn(ctx context.Context, s Submitter, in Submission) (Receipt, error) {
	receipt, err := s.Submit(ctx, in)
	if fault.Is(err, "idempotency_mismatch") {
		in.Key += "/" + hex.EncodeToString(in.BodyHash)
		return s.Submit(ctx, in)
	}
	return receipt, err
}

// Previewer decides a submission without storing it: Service.
type Previewer interface {
	Preview(ctx context.Context, in Submission) (policy.Decision, error)
}

// probe is a well-formed code that no organisation has. With it as the choice, a decision shows whether it depends on one.
const probe nhs.ODSCode = "ZZZZZZ000000"

// NeedsPharmacy previews a conversation's decision for the walker: whether its route asks which pharmacy the patient chose.
// The answer is the same whether or not the person is known to have nominated one, so that it tells nobody.
func NeedsPharmacy(c *catalogue.Catalogue, p Previewer) intake.NeedsPharmacy {
	return func(ctx context.Context, talk *intake.Conversation) (bool, error) {
		kind, _ := c.Kind(talk.Kind)
		in, err := OfConversation(kind, talk)
		if err != nil {
			return false, err
		}
		// Until somebody has heard what was spoken it stays with the practice, as urgent. Where it may go then is asked now, or
		// the patient would have to be rung for it.
		in.ChosenPharmacy, in.Recordings = probe, nil
		decision, err := p.Preview(ctx, in)
		if err != nil {
			return false, fmt.Errorf("preview the decision: %w", err)
		}
		return slices.ContainsFunc(decision.Candidates, func(c policy.Candidate) bool {
			return c.Reason == policy.ReasonUnknown && c.Organisation == uuid.Nil
		}), nil
	}
}
