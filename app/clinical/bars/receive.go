package bars

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// process judges a message and hands what it asks for to the desk.
func (h *receiver) process(ctx context.Context, from asking, raw []byte) (*r4.Bundle, error) {
	var b received
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, badRequest("structure", "The message is not JSON of a Bundle.")
	}
	header, err := b.check()
	if err != nil {
		return nil, err
	}
	if b.Meta == nil || b.Meta.VersionID == "" {
		return nil, badRequest("invariant", "The message does not say the version of its application.")
	}
	if v := parts(b.Meta.VersionID); v == nil || v[0] != parts(applicationVersion)[0] {
		return nil, &refusal{http.StatusUnprocessableEntity, "REC_UNPROCESSABLE_ENTITY", "not-supported", "The version of the message's application is not one that is understood here."}
	}
	what, err := b.workflow(header)
	if err != nil {
		return nil, err
	}
	in := incoming{b: b, header: header}
	if err := in.agrees(from); err != nil {
		return nil, err
	}
	in.message = clinical.ReferralMessage{ID: from.request, CorrelationID: from.correlation, Event: header.EventCode(), Reason: reasonOf(header), Body: raw, At: h.Now()}
	var receipt clinical.ReferralReceipt
	switch what {
	case actRefer, actAmend:
		r, err := in.referral(from)
		if err != nil {
			return nil, err
		}
		if what == actRefer {
			receipt, err = h.Referrals.Refer(ctx, from.by, r)
		} else if u, _ := receivedUseCase(r.UseCase.Code); u.Pharmacy {
			return nil, badRequest("invariant", "A referral to a pharmacy is not amended: take it back, and refer again.")
		} else {
			receipt, err = h.Referrals.Amend(ctx, from.by, r)
		}
		if err != nil {
			return nil, err
		}
	case actEndReferral:
		if receipt, err = h.Referrals.End(ctx, from.by, in.end()); err != nil {
			return nil, err
		}
	case actAnswer:
		a, err := in.answer()
		if err != nil {
			return nil, err
		}
		if err := h.Referrals.Answered(ctx, from.by, a); err != nil {
			return nil, err
		}
		return in.acknowledged(clinical.ReferralReceipt{})
	case actBook, actEndBooking:
		return nil, &refusal{http.StatusUnprocessableEntity, "REC_UNPROCESSABLE_ENTITY", "not-supported", "No bookings are taken here."}
	}
	return in.acknowledged(receipt)
}

// incoming is a message that was judged.
type incoming struct {
	b       received
	header  *r4.MessageHeader
	message clinical.ReferralMessage
}

func reasonOf(h *r4.MessageHeader) string {
	if h.Reason == nil || len(h.Reason.Coding) == 0 {
		return ""
	}
	return h.Reason.Coding[0].Code
}

// agrees compares what the headers say of the message with the message itself.
func (in incoming) agrees(from asking) error {
	for _, d := range in.header.Destination {
		system, value, both := strings.Cut(d.Endpoint, "|")
		if both && path.Base(system) == path.Base(from.target.System) && value != from.target.Value { // by another directory it may be the same one
			return badRequest("invariant", "The message is for another service than the header says.")
		}
	}
	raw, _ := in.b.entryOf(in.header.Focus[0].Reference)
	if kind, err := r4.Peek(raw); err == nil && kind == "ServiceRequest" {
		if _, err := r4.Decode(raw); err != nil {
			return badRequest("structure", "The referral cannot be read as FHIR R4.")
		}
	}
	if from.useContext == "" { // it is for the proxy's statistics, which may keep it to itself
		return nil
	}
	sr, _ := in.focus()
	said := strings.Split(from.useContext, "|")
	use := useCaseIn(sr.Category)
	if len(said) != 4 || (use != "" && !strings.EqualFold(said[0], use)) || said[2] != in.header.EventCode() || said[3] != reasonOf(in.header) {
		return badRequest("invariant", "The header use-context and the message do not agree.")
	}
	return nil
}

// focus is what the message is about, with its JSON.
func (in incoming) focus() (*r4.ServiceRequest, json.RawMessage) {
	raw, _ := in.b.entryOf(in.header.Focus[0].Reference)
	sr, err := r4.DecodeAs[*r4.ServiceRequest](raw)
	if err != nil {
		return &r4.ServiceRequest{}, raw
	}
	return sr, raw
}

func (in incoming) party(ref *r4.Reference) clinical.Party {
	if ref == nil {
		return clinical.Party{}
	}
	o, ok := entryAs[*r4.Organization](in.b, ref.Reference)
	if !ok {
		return clinical.Party{}
	}
	party := clinical.Party{Name: line(o.Name, 200)}
	for _, id := range o.Identifier {
		// The guide and the examples write the last part of the system's name both with and without a capital.
		if code, err := nhs.ParseODSCode(id.Value); err == nil && strings.EqualFold(id.System, systemODS) {
			party.ODS = code
		}
	}
	return party
}

// referral reads a referral, by the rules of its application.
func (in incoming) referral(from asking) (clinical.Referral, error) {
	sr, raw := in.focus()
	use, known := receivedUseCase(useCaseIn(sr.Category))
	if !known {
		return clinical.Referral{}, &refusal{http.StatusUnprocessableEntity, "REC_UNPROCESSABLE_ENTITY", "not-supported", "This use case is not taken here."}
	}
	p, ok := entryAs[*r4.Patient](in.b, sr.Subject.Reference)
	if !ok {
		return clinical.Referral{}, badRequest("required", "The referral's patient is not in the message.")
	}
	if use.Pharmacy && !in.consented() {
		return clinical.Referral{}, badRequest("required", "The referral does not hold consent for direct care.")
	}
	person, err := in.patient(p)
	if err != nil {
		return clinical.Referral{}, err
	}
	if use.Pharmacy && person.Phone == "" {
		return clinical.Referral{}, badRequest("required", "The referral has no contact with a telephone number, by rank.")
	}
	r := clinical.Referral{
		Message: in.message, For: from.to, From: in.party(in.header.Sender), UseCase: clinical.Coded{Code: use.Code, Title: use.Display},
		Patient: person, AuthoredAt: r4.Moment(sr.AuthoredOn), Resource: raw, ExternalID: sr.ID,
	}
	for _, id := range sr.Identifier {
		r.Identifiers = append(r.Identifiers, clinical.Named{System: line(id.System, 200), Value: line(id.Value, 200)})
	}
	if sr.Requester != nil {
		if who, ok := entryAs[*r4.Practitioner](in.b, sr.Requester.Reference); ok && len(who.Name) > 0 {
			r.FromPerson = line(personName(who.Name[0]), 100)
		}
	}
	for _, e := range in.b.Entry {
		switch x, _ := r4.Decode(e.Resource); x := x.(type) {
		case *r4.Condition:
			if x.Code != nil && r.Complaint == "" {
				r.Complaint = line(x.Code.Words(), 200)
			}
		case *r4.CarePlan:
			for _, a := range x.Activity {
				for _, c := range a.OutcomeCodeableConcept {
					r.Narrative = joined(r.Narrative, c.Words())
				}
			}
		case *r4.Flag:
			r.Narrative = joined(r.Narrative, "Please note: "+x.Code.Words())
		case *r4.Observation:
			r.Narrative = joined(r.Narrative, x.Code.Words())
		}
	}
	for _, c := range append(slices.Clone(sr.ReasonCode), concepts(sr.Note)...) {
		r.Narrative = joined(r.Narrative, c.Words())
	}
	return r, nil
}

func concepts(notes []r4.Annotation) []r4.CodeableConcept {
	out := make([]r4.CodeableConcept, 0, len(notes))
	for _, n := range notes {
		out = append(out, r4.CodeableConcept{Text: n.Text})
	}
	return out
}

// consented reports whether the message holds consent for direct care.
func (in incoming) consented() bool {
	for _, e := range in.b.Entry {
		c, err := r4.DecodeAs[*r4.Consent](e.Resource)
		if err != nil || c.Status != "active" {
			continue
		}
		for _, category := range c.Category {
			if category.Code(systemConsent) == consentDirectCare {
				return true
			}
		}
	}
	return false
}

// patient reads who it is about. A number is believed with one of the two statuses that the standard lets through.
func (in incoming) patient(p *r4.Patient) (clinical.Patient, error) {
	var out clinical.Patient
	if sex, err := nhs.ParseSex(p.Gender); err == nil {
		out.Sex = sex
	}
	for _, id := range p.Identifier {
		if id.System != systemNHSNumber {
			continue
		}
		n, err := nhs.ParseNumber(id.Value)
		if err != nil {
			return out, badRequest("value", "The patient's NHS number is not one.")
		}
		status, _ := r4.Find(id.Extension, extensionVerification)
		concept, _ := status.Value.(r4.CodeableConcept)
		switch concept.Code(systemVerification) {
		case "number-present-and-verified", "number-present-but-not-traced":
			out.NHSNumber = n
		}
	}
	if len(p.Name) > 0 {
		out.FamilyName, out.GivenName = line(p.Name[0].Family, 100), line(strings.Join(p.Name[0].Given, " "), 100)
	}
	if born, err := nhs.ParseBirthDate(p.BirthDate, nhs.DateOf(in.message.At.In(tenants.London()))); err == nil {
		out.BirthDate = born
	}
	for _, a := range p.Address {
		if code, err := nhs.ParsePostcode(a.PostalCode); err == nil && out.Postcode == "" {
			out.Postcode = code
		}
	}
	out.Phone = callback(p)
	return out, nil
}

// callback is the number of rank 1 of the contact of rank 1.
func callback(p *r4.Patient) nhs.Phone {
	for _, c := range p.Contact {
		if rank, _ := r4.Find(c.Extension, extensionRank); rank.Value != r4.PositiveInt(1) {
			continue
		}
		numbers := slices.Clone(c.Telecom)
		slices.SortStableFunc(numbers, func(a, b r4.ContactPoint) int { return a.Rank - b.Rank })
		for _, n := range numbers {
			if phone, err := nhs.ParsePhone(n.Value); err == nil && n.System == "phone" && n.Rank > 0 {
				return phone
			}
		}
	}
	return ""
}

func (in incoming) end() clinical.ReferralEnd {
	sr, raw := in.focus()
	e := clinical.ReferralEnd{Message: in.message, ExternalID: sr.ID, InError: sr.Status == "entered-in-error", Resource: raw}
	for _, id := range sr.Identifier {
		e.Identifiers = append(e.Identifiers, clinical.Named{System: line(id.System, 200), Value: line(id.Value, 200)})
	}
	for _, c := range sr.ReasonCode {
		e.Why = line(c.Words(), 400)
	}
	if p, ok := entryAs[*r4.Patient](in.b, sr.Subject.Reference); ok {
		e.NHSNumber = numberOf(p)
	}
	return e
}

// answer reads what became of a referral of ours: it names the message that it answers by its Bundle's id, which is our
// delivery's. Source: Core, Standard patterns, Asynchronous response workflows.
func (in incoming) answer() (clinical.ReferralAnswer, error) {
	to, err := uuid.Parse(in.header.Response.Identifier)
	if err != nil {
		return clinical.ReferralAnswer{}, &refusal{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "The message that this answers is not known."}
	}
	sr, _ := in.focus()
	r := readResource{Status: sr.Status}
	a := clinical.ReferralAnswer{Message: in.message, To: to, Standing: clinical.Standing{Stage: r.stage(), At: in.message.At}}
	if sr.Status == "revoked" { // they have revoked it: it comes back
		a.Standing.Stage = clinical.StageRefused
	}
	for _, c := range sr.ReasonCode {
		a.Standing.Says = line(c.Words(), 400)
	}
	return a, nil
}

// acknowledged is the message with our ids and, for a referral, an Encounter that is planned, with the reference for people.
func (in incoming) acknowledged(receipt clinical.ReferralReceipt) (*r4.Bundle, error) {
	out := &r4.Bundle{Common: r4.Common{ID: in.b.ID, Meta: in.b.Meta}, Type: r4.Message, Timestamp: instant(in.message.At)}
	for _, e := range in.b.Entry {
		raw := e.Resource
		if e.FullURL == in.header.Focus[0].Reference && receipt.ID != uuid.Nil {
			var err error
			if raw, err = r4.With(raw, "id", receipt.ID.String()); err != nil {
				return nil, err
			}
		}
		kind, err := r4.Peek(raw)
		if err != nil {
			return nil, err
		}
		if kind != "MessageHeader" && kind != "ServiceRequest" && kind != "Organization" { // the patient is not told again
			continue
		}
		out.Entry = append(out.Entry, r4.Entry{FullURL: e.FullURL, Resource: &r4.Other{Kind: kind, Raw: raw}})
	}
	if receipt.Reference != "" {
		name := uuid.NewSHA1(receipt.ID, []byte("Encounter"))
		out.Entry = append(out.Entry, r4.Entry{FullURL: "urn:uuid:" + name.String(), Resource: &r4.Encounter{
			Common: r4.Common{ID: name.String(), Meta: &r4.Meta{LastUpdated: instant(in.message.At), Profile: []string{profileUKCore + "Encounter"}}}, Status: "planned",
			Identifier: []r4.Identifier{{System: ReferenceSystem, Value: receipt.Reference}}, Class: r4.Coding{System: systemActCode, Code: "EMER", Display: "emergency"},
		}})
	}
	return out, nil
}

// line is text of a sender's on one line, without what cannot be shown, no longer than so many characters.
func line(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	return string(runes[:min(len(runes), most)])
}

// joined puts text under text. It keeps lines, and nothing else that cannot be shown.
func joined(above, below string) string {
	below = strings.ReplaceAll(strings.ReplaceAll(below, "\r\n", "\n"), `\n`, "\n")
	below = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || r == utf8.RuneError) {
			return ' '
		}
		return r
	}, below))
	if above == "" || below == "" {
		return above + below
	}
	return above + "\n" + below
}
