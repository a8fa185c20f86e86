package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// Submission is what somebody asks for, on any channel. Answers may be missing, even required ones.
type Submission struct {
	NeighbourhoodID uuid.UUID
	Channel         Channel
	Kind            string
	Patient         patients.Given
	Proxy           *Proxy
	AskedOf         uuid.UUID // the organisation whose own line or door it came by; zero for the neighbourhood's
	ChosenPharmacy  nhs.ODSCode
	OwnPracticeOnly bool   // the patient wants no other organisation to have it
	Language        string // BCP 47, of the conversation; empty when nobody said
	Answers         map[string]json.RawMessage
	// Recordings are what was spoken in place of words, by linkId, as package recordings keeps it. Until somebody has heard
	// one, the fact "recording" is unheard.
	Recordings map[string]uuid.UUID
	// Incomplete is what somebody had answered of another kind of request before they left; nil for a whole one.
	Incomplete *Incomplete
	// Supersedes names the callback request that stands for the same conversation since it was cut off: it is closed when
	// nobody has claimed it, and stays when somebody has. Empty for none.
	Supersedes Reference
	// Needs are what the person needs so that care reaches them; nil for nothing that anybody said or knows.
	Needs          *patients.KeptNeeds
	FirstContactAt time.Time // zero for now
	By             audit.Actor
	Client         uuid.UUID // whose idempotency key it is; zero for the product's own pages
	Key            string    // idempotency key, unique for the client
	BodyHash       []byte    // of the parsed body: the same key with another is refused
	// Confirmed says that a named person at the accountable organisation sends it, so that nobody need verify it again.
	Confirmed func(organisation uuid.UUID) bool
}

// ErrKeyTaken is what a Store returns when another transaction used the idempotency key first.
var ErrKeyTaken = errors.New("idempotency key taken")

// ErrReferenceTaken is what a Store returns when a drawn reference is in use.
var ErrReferenceTaken = errors.New("reference taken")

// Submit accepts a request: matched, decided, stored, audited and announced in one transaction. A key seen before gives
// the stored receipt again. It refuses an unknown kind (unknown_kind), answers that are not the questionnaire's
// (invalid), a key reused for another body (idempotency_mismatch), and a first contact in the future or over a week ago.
func (s *Service) Submit(ctx context.Context, in Submission) (Receipt, error) {
	now := s.now()
	kind, ok := s.catalogue.Kind(in.Kind)
	if !ok {
		return Receipt{}, fault.InvalidFields([]fault.Field{{Pointer: "/kind", Code: "unknown_kind", Says: "This kind of request is not known."}})
	}
	if in.FirstContactAt.IsZero() {
		in.FirstContactAt = now
	}
	if in.FirstContactAt.After(now.Add(5*time.Minute)) || in.FirstContactAt.Before(now.AddDate(0, 0, -7)) {
		return Receipt{}, fault.InvalidFields([]fault.Field{{Pointer: "/first_contact_at", Code: "first_contact", Says: "The first contact must be within the last seven days."}})
	}
	for range 5 {
		receipt, err := s.submitOnce(ctx, in, kind, now)
		if errors.Is(err, ErrKeyTaken) || errors.Is(err, ErrReferenceTaken) {
			continue // the next round finds the other's reply, or draws another reference
		}
		return receipt, err
	}
	return Receipt{}, fault.New(fault.Unavailable, "busy", "Please try again.")
}

func (s *Service) submitOnce(ctx context.Context, in Submission, kind *catalogue.Kind, now time.Time) (Receipt, error) {
	var receipt Receipt
	err := s.store.InTx(ctx, tenants.IntakeOf(in.NeighbourhoodID), func(tx Tx) error {
		known, err := tx.Prelude(queryOf(in, now))
		if err != nil {
			return err
		}
		if known.Replied != nil {
			return repeat(*known.Replied, in, &receipt)
		}
		prepared, err := s.prepare(known, in, kind, now)
		if err != nil {
			return err
		}
		request, err := s.open(prepared, in, kind, now)
		if err != nil {
			return err
		}
		receipt = receiptOf(request, prepared.decision, known.Rules.Directory)
		if err := s.supersede(tx, request, in, known.Rules.Directory, now); err != nil {
			return err
		}
		tx.Insert(request, prepared.decision, pastOf(request, in, prepared, known.Load))
		if in.Needs != nil {
			tx.AddNeeds(request.ID, *in.Needs, now)
		}
		tx.Audit(s.entry(in.By, "request.submit", request, map[string]any{"channel": in.Channel, "kind": in.Kind, "rule": prepared.decision.Rule}))
		tx.Announce(request)
		if err := s.fileFirst(tx, request, known.Takers, known.Rules.Directory, in.By, now); err != nil {
			return err
		}
		if in.Key == "" {
			return nil
		}
		reply, err := json.Marshal(receipt)
		if err != nil {
			return err
		}
		tx.KeepReply(in.Client, in.Key, in.BodyHash, reply, now)
		return nil
	})
	return receipt, err
}

func queryOf(in Submission, now time.Time) PreludeQuery {
	midnight := nhs.DateOf(now.In(tenants.London())).Midnight(tenants.London())
	return PreludeQuery{At: now, Kind: in.Kind, Midnight: midnight, Patient: in.Patient, Client: in.Client, Key: in.Key}
}

// repeat answers a key that was used before.
func repeat(reply Reply, in Submission, receipt *Receipt) error {
	if !bytes.Equal(reply.BodyHash, in.BodyHash) {
		return fault.New(fault.Invalid, "idempotency_mismatch", "This Idempotency-Key was used for another request.")
	}
	return json.Unmarshal(reply.Receipt, receipt)
}

// prepared is a submission after matching and deciding, before anything is stored.
type prepared struct {
	patient  patients.Patient
	matched  bool
	answers  catalogue.Answers
	ignored  []string
	decision policy.Decision
	kept     policy.Decision // the same request, if no other organisation may have it
	hold     patients.Hold
}

func (s *Service) prepare(on Prelude, in Submission, kind *catalogue.Kind, now time.Time) (p prepared, err error) {
	p.patient, p.matched = patients.Match(in.Patient, on.Candidates)
	p.hold = on.Hold
	if p.matched && p.patient.Hold.Any() {
		p.hold = p.patient.Hold
	}
	known := knownOf(in.Patient, p.patient, p.matched, now)
	known.Recorded = slices.Sorted(maps.Keys(in.Recordings))
	if p.answers, p.ignored, err = kind.Questionnaire.ParseAnswers(in.Answers, known); err != nil {
		return p, err
	}
	facts := kind.Questionnaire.Facts(p.answers, known)
	in.Incomplete.raise(facts)
	addPerson(facts, p.patient, p.matched, in, on.Rules.Directory)
	if in.OwnPracticeOnly || p.hold.Any() { // nobody else gets it without a person having looked
		facts["own-practice-only"] = policy.Text("yes")
	}
	p.decision = on.Rules.decide(facts, on.Load, now)
	p.kept = p.decision
	if p.decision.Offer {
		facts["own-practice-only"] = policy.Text("yes")
		p.kept = on.Rules.decide(facts, on.Load, now)
	}
	return p, nil
}

// pastOf is what a simulation will want to know of the request, with all the load that was seen and not only that of the
// services which were considered: a draft may consider others.
func pastOf(r *Request, in Submission, p prepared, load policy.Load) simulate.Request {
	return simulate.Request{
		ID: r.ID, At: r.SubmittedAt, Facts: p.decision.Facts, Load: load, Channel: string(in.Channel),
		AgeBand: simulate.AgeBandOfFacts(p.decision.Facts), Deprivation: simulate.DeprivationBandOf(p.patient.IMDDecile), Language: simulate.LanguageOf(in.Language),
		Place: p.decision.Destination, Urgency: p.decision.Urgency,
	}
}

// knownOf is what intake knows of the person: the register's word when they were matched, else their own.
func knownOf(given patients.Given, patient patients.Patient, matched bool, now time.Time) catalogue.Known {
	birth, sex := given.BirthDate, given.Sex
	if matched {
		birth = patient.BirthDate
		if patient.Sex != "" {
			sex = patient.Sex
		}
	}
	known := catalogue.Known{Sex: sex}
	if !birth.IsZero() {
		today := nhs.DateOf(now.In(tenants.London()))
		years, months := birth.Age(today), birth.AgeMonths(today)
		known.AgeYears, known.AgeMonths = &years, &months
	}
	return known
}

// addPerson adds the facts that come from the register, from the patient's own choice and, of somebody whom nobody knows,
// from whose line they rang.
func addPerson(facts policy.Facts, p patients.Patient, matched bool, in Submission, d *tenants.Directory) {
	if in.ChosenPharmacy != "" {
		facts[policy.ChosenPharmacy] = policy.Text(string(in.ChosenPharmacy))
	}
	if !matched {
		if asked, ok := d.Organisation(in.AskedOf); ok {
			facts[policy.PracticeAsked] = policy.Text(string(asked.ODS))
		}
		return
	}
	facts["registration"] = policy.Text(string(p.Registration))
	if practice, ok := d.Organisation(p.PracticeID); ok {
		facts["registered-practice"] = policy.Text(string(practice.ODS))
	}
	if pharmacy, ok := d.Organisation(p.NominatedPharmacy); ok {
		facts["nominated-pharmacy"] = policy.Text(string(pharmacy.ODS))
	}
}

// open makes the aggregate that a decision calls for.
func (s *Service) open(p prepared, in Submission, kind *catalogue.Kind, now time.Time) (*Request, error) {
	reference, err := NewReference(s.random)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	d := p.decision
	r := &Request{
		ID: id, NeighbourhoodID: in.NeighbourhoodID, Reference: reference, Version: 1, Kind: in.Kind, Channel: in.Channel, Language: in.Language, Status: Queued,
		Patient: completed(in.Patient, p.patient, p.matched), Proxy: in.Proxy, Held: p.hold,
		Questionnaire: kind.Questionnaire.Version(), Answers: p.answers, Ignored: p.ignored, Recordings: in.Recordings, Incomplete: in.Incomplete,
		Urgency: d.Urgency, AnswerDue: d.AnswerDue, CareDue: d.CareDue, Message: d.Message,
		HomeID: d.Home.Organisation, HomeQueueID: p.kept.Destination.Queue, Place: d.Home, Destination: d.Destination,
		SubmittedBy: in.By, FirstContactAt: in.FirstContactAt, SubmittedAt: now, UpdatedAt: now,
	}
	if p.matched {
		r.PatientID, r.PracticeID = p.patient.ID, p.patient.PracticeID
	}
	r.withoutPlace()
	switch {
	case d.Stop:
		r.Status = Diverted
	case d.Offer && in.Confirmed != nil && in.Confirmed(d.Home.Organisation):
		r.offer(d.Destination, "", now)
	case d.Offer:
		r.Status = ToVerify
	}
	return r, nil
}

// completed fills what the one who asked left out from the register, so that staff see whom they care for.
func completed(g patients.Given, p patients.Patient, matched bool) patients.Given {
	if !matched {
		return g
	}
	if g.NHSNumber == "" {
		g.NHSNumber = p.NHSNumber
	}
	if g.BirthDate.IsZero() {
		g.BirthDate = p.BirthDate
	}
	if g.GivenName == "" {
		g.GivenName = p.GivenName
	}
	if g.FamilyName == "" {
		g.FamilyName = p.FamilyName
	}
	if g.Sex == "" {
		g.Sex = p.Sex
	}
	if g.Postcode == "" {
		g.Postcode = p.Postcode
	}
	return g
}

// Preview decides a submission without storing anything: what a channel needs to know whether to ask for a pharmacy.
func (s *Service) Preview(ctx context.Context, in Submission) (policy.Decision, error) {
	kind, ok := s.catalogue.Kind(in.Kind)
	if !ok {
		return policy.Decision{}, fault.New(fault.Invalid, "unknown_kind", "This kind of request is not known.")
	}
	now := s.now()
	var decision policy.Decision
	err := s.store.InTx(ctx, tenants.IntakeOf(in.NeighbourhoodID), func(tx Tx) error {
		in.Key = "" // nothing is stored, so nothing is repeated
		known, err := tx.Prelude(queryOf(in, now))
		if err != nil {
			return err
		}
		p, err := s.prepare(known, in, kind, now)
		decision = p.decision
		return err
	})
	return decision, err
}
