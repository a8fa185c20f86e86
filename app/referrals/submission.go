package referrals

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Where a referral's words go: the kind of request that asks for clinical help, and its question for what is wrong.
const (
	kindOfReferral = "symptoms"
	whatIsWrong    = "describe"
	mostWords      = 2000 // of that question
)

// submit makes a request of a referral, and keeps it.
func (s *Service) submit(ctx context.Context, by clinical.ReferralCaller, m Message, r clinical.Referral, into Referral) (Referral, error) {
	d, err := s.directories.Current(ctx, by.NeighbourhoodID)
	if err != nil {
		return Referral{}, err
	}
	to, found := d.ByODS(r.For.ODS)
	if !found {
		return Referral{}, fault.Absent()
	}
	in, err := submission(by, m, r, d, to)
	if err != nil {
		return Referral{}, err
	}
	receipt, err := s.requests.Submit(ctx, in)
	if err != nil {
		return Referral{}, err
	}
	into.NeighbourhoodID, into.OrganisationID, into.Reference, into.CorrelationID, into.Client = by.NeighbourhoodID, to.ID, string(receipt.Reference), m.CorrelationID, by.Client
	into.Sender, into.UseCase, into.Names, into.UpdatedAt = string(r.From.ODS), r.UseCase.Code, r.Identifiers, m.At
	into.Sealed, err = s.seal.Seal(ctx, by.NeighbourhoodID, r.Resource, about("referral", into.ID))
	return into, err
}

// submission is a referral as any channel hands in what a patient asks for. The organisation that it was sent to is the one that
// was asked; a pharmacy is the patient's choice. Who refers from the practice that is accountable has confirmed it.
func submission(by clinical.ReferralCaller, m Message, r clinical.Referral, d *tenants.Directory, to tenants.Organisation) (requests.Submission, error) {
	words, err := json.Marshal(wordsOf(r))
	if err != nil {
		return requests.Submission{}, err
	}
	in := requests.Submission{
		NeighbourhoodID: by.NeighbourhoodID, Channel: requests.Referral, Kind: kindOfReferral, AskedOf: to.ID, By: by.Actor,
		Patient: patients.Given{
			NHSNumber: r.Patient.NHSNumber, BirthDate: r.Patient.BirthDate, Postcode: r.Patient.Postcode, GivenName: r.Patient.GivenName, FamilyName: r.Patient.FamilyName,
			Sex: r.Patient.Sex, Mobile: r.Patient.Phone,
		},
		Answers: map[string]json.RawMessage{whatIsWrong: words},
		Client:  by.Client, Key: "referral:" + m.ID.String(), BodyHash: m.Hash,
	}
	if to.Kind == tenants.Pharmacy {
		in.ChosenPharmacy = to.ODS
	}
	if at := r.AuthoredAt; !at.IsZero() && at.Before(m.At) && at.After(m.At.AddDate(0, 0, -7)) {
		in.FirstContactAt = at
	}
	if sender, known := d.ByODS(r.From.ODS); known && r.FromPerson != "" {
		in.Confirmed = func(organisation uuid.UUID) bool { return organisation == sender.ID }
	}
	return in, nil
}

// wordsOf is a referral for staff to read: who refers, what is wrong, and all that was found.
func wordsOf(r clinical.Referral) string {
	var b strings.Builder
	b.WriteString("Referred by " + name(r.From))
	if r.FromPerson != "" {
		b.WriteString(" (" + r.FromPerson + ")")
	}
	b.WriteString(" to " + name(r.For) + ": " + r.UseCase.Title + ".\n")
	if r.Complaint != "" {
		b.WriteString("\n" + r.Complaint + "\n")
	}
	if r.Narrative != "" {
		b.WriteString("\n" + r.Narrative)
	}
	text := []rune(strings.TrimSpace(b.String()))
	if len(text) > mostWords {
		const more = "… (the rest is in the referral itself)"
		text = append(text[:mostWords-len([]rune(more))], []rune(more)...)
	}
	return string(text)
}

func name(p clinical.Party) string {
	switch {
	case p.Name == "" && p.ODS == "":
		return "an organisation that gave no name"
	case p.ODS == "":
		return p.Name
	case p.Name == "":
		return string(p.ODS)
	}
	return p.Name + " (" + string(p.ODS) + ")"
}
