package web

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
	"onedoor/app/requests"
	"onedoor/policy"
)

// probe is a well-formed code that no organisation has. With it as the choice, a decision shows whether it depends on one.
const probe nhs.ODSCode = "ZZZZZZ000000"

// NeedsPharmacy previews a conversation's decision for the walker: whether its route asks which pharmacy the patient chose.
// The answer is the same whether or not the person is known to have nominated one, so that it tells nobody.
func NeedsPharmacy(c *catalogue.Catalogue, r Requests) intake.NeedsPharmacy {
	return func(ctx context.Context, talk *intake.Conversation) (bool, error) {
		in, err := submissionOf(c, talk)
		if err != nil {
			return false, err
		}
		in.ChosenPharmacy = probe
		decision, err := r.Preview(ctx, in)
		if err != nil {
			return false, fmt.Errorf("preview the decision: %w", err)
		}
		return slices.ContainsFunc(decision.Candidates, func(c policy.Candidate) bool {
			return c.Reason == policy.ReasonUnknown && c.Organisation == uuid.Nil
		}), nil
	}
}

// submissionOf is a conversation as a request, as far as it has come.
func submissionOf(c *catalogue.Catalogue, talk *intake.Conversation) (requests.Submission, error) {
	kind, ok := c.Kind(talk.Kind)
	if !ok {
		return requests.Submission{}, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	answers, err := kind.Questionnaire.Wire(talk.Answers)
	if err != nil {
		return requests.Submission{}, err
	}
	d := talk.Details
	in := requests.Submission{
		NeighbourhoodID: talk.NeighbourhoodID, Channel: requests.Channel(talk.Channel), Kind: talk.Kind,
		Patient: patients.Given{
			NHSNumber: d.NHSNumber, BirthDate: d.BirthDate, Postcode: d.Postcode, GivenName: d.GivenName, FamilyName: d.FamilyName,
			Sex: d.Sex, Mobile: d.Mobile, SafeToText: d.SafeToText,
		},
		ChosenPharmacy: d.ChosenPharmacy, OwnPracticeOnly: slices.Contains(d.Unknown, intake.Pharmacy), Language: talk.Language,
		Answers: answers, FirstContactAt: talk.StartedAt, By: audit.Actor{Kind: audit.Patient}, Key: talk.ID.String(),
	}
	if d.Proxy != nil {
		in.Proxy = &requests.Proxy{Name: d.Proxy.GivenName + " " + d.Proxy.FamilyName, Relationship: d.Proxy.Relationship}
	}
	body, err := json.Marshal(struct {
		Kind     string
		Answers  map[string]json.RawMessage
		Details  intake.Details
		OwnOnly  bool
		Received int64
	}{in.Kind, in.Answers, d, in.OwnPracticeOnly, talk.StartedAt.UnixMicro()})
	if err != nil {
		return requests.Submission{}, err
	}
	hash := sha256.Sum256(body)
	in.BodyHash = hash[:]
	return in, nil
}

// submit hands a conversation in, or finds the receipt of one that was. The conversation's id is the idempotency key. When
// the reply to a first try was lost and answers were changed before the next, they are a request of their own, keyed by
// what they say: two requests that staff can see are better than a change that nobody does.
func (h *Handlers) submit(ctx context.Context, talk *intake.Conversation) (requests.Receipt, error) {
	in, err := submissionOf(h.Catalogue, talk)
	if err != nil {
		return requests.Receipt{}, err
	}
	receipt, err := h.Requests.Submit(ctx, in)
	if fault.Is(err, "idempotency_mismatch") {
		in.Key += "/" + hex.EncodeToString(in.BodyHash)
		return h.Requests.Submit(ctx, in)
	}
	return receipt, err
}
