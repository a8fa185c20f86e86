// Package traces finds out who a request is for, at the national register of patients: it verifies a number that was given, or
// traces the number of somebody who gave none, when staff press for it and, where a neighbourhood switched that on, soon after
// a request came in. Package requests keeps what follows: a restricted record is held and no place of it is kept, for somebody
// who has died everything stops and their practice is told.
//
// It keeps to the register's limit, which all nodes share through a Limiter, and asks about one person once in a day: what
// the register said is kept sealed until it expires. Who is restricted or has died is remembered in the clear, by their
// number, so that the next request is held at once. It shows nobody the register's record: staff hear what it came to. It
// sends nothing, and never merges or changes a record of the register.
package traces

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/tenants"
)

const (
	// kept is how long what the register said is believed.
	kept = 24 * time.Hour
	// patience is how long somebody at a desk waits for their turn, and jobPatience how long the job does.
	patience    = 2 * time.Second
	jobPatience = 4 * time.Second
	// again is when a request is looked at again whose trace got no answer.
	again = time.Minute
)

// Kept is what is kept of one person.
type Kept struct {
	NeighbourhoodID uuid.UUID
	Number          nhs.Number
	Hold            patients.Hold
	Sealed          []byte // the record; nil when it has expired
	ReadAt          time.Time
	ExpiresAt       time.Time
	Needs           []byte // the reasonable adjustments, sealed; nil when they were not read or have expired
	NeedsExpireAt   time.Time
}

// Setting is a neighbourhood's.
type Setting struct {
	NeighbourhoodID uuid.UUID
	// AfterSubmission traces every request soon after it came in.
	AfterSubmission bool
	ChangedBy       string // empty when it was never changed
	ChangedAt       time.Time
}

// Figures are how traces came out in a time.
type Figures struct {
	Waiting  int // open requests that were never traced
	Verdicts map[patients.Verdict]int
	Held     int // open requests of people who are restricted or have died
}

// Store keeps what is known of people, and finds what is to be traced. Each method is a transaction of its own.
type Store interface {
	// Known is what is kept of a number; false for nothing.
	Known(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (Kept, bool, error)
	// Keep stores what the register said; the adjustments that are kept stay.
	Keep(ctx context.Context, k Kept) error
	// KeepNeeds stores the adjustments of somebody who is kept already.
	KeepNeeds(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number, sealed []byte, expires time.Time) error
	// Forget removes what has expired, but not that somebody is restricted or has died; it says of how many.
	Forget(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error)
	// Untraced are open requests that were never traced and may be now: first those of nobody certain, then the others.
	Untraced(ctx context.Context, neighbourhood uuid.UUID, now time.Time, limit int) ([]requests.Reference, error)
	// PutOff keeps a request from being traced by itself until a moment.
	PutOff(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, until time.Time) error
	Setting(ctx context.Context, neighbourhood uuid.UUID) (Setting, error)
	Change(ctx context.Context, scope tenants.Scope, to Setting, entry audit.Entry) error
	Figures(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (Figures, error)
}

// Limiter gives each call its moment. It is limitstore.Limit.
type Limiter interface {
	Take(ctx context.Context, most time.Duration) (wait time.Duration, err error)
	PutOff(ctx context.Context, d time.Duration) error
}

// Requests keep what a trace came to. It is requests.Service.
type Requests interface {
	ToTrace(ctx context.Context, by requests.Actor, reference requests.Reference) (patients.Given, error)
	Traced(ctx context.Context, by requests.Actor, c requests.Command, f patients.Finding) (requests.View, error)
}

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// Keeper seals needs so that they can go along with a request. It is needs.Envelopes.
type Keeper interface {
	Keep(ctx context.Context, neighbourhood, about uuid.UUID, n patients.Needs) (*patients.KeptNeeds, error)
}

// Options are what a Service stands on.
type Options struct {
	Tracer     patients.Tracer // nil where there is no register to ask: then nothing is traced
	Flags      patients.Flags  // nil where adjustments cannot be read
	Limit      Limiter         // of the register of patients
	FlagsLimit Limiter         // of the register of flags; none when nil
	Store      Store
	Requests   Requests
	Sealer     Sealer
	Keeper     Keeper // nil: needs are known here for a day, and do not go along with requests
	Now        func() time.Time
}

// Service traces.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

// Available reports whether there is a register to ask.
func (s *Service) Available() bool { return s.o.Tracer != nil }

// Trace finds out who a request is for. Staff ask the register anew, so that a hold can be lifted; a job believes what is kept.
// It refuses what the register does not answer (tracing_unavailable), too many at once (too_many_calls), and where there is no
// register (tracing_off).
func (s *Service) Trace(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error) {
	if !s.Available() {
		return requests.View{}, fault.New(fault.Unavailable, "tracing_off", "No national register of patients is connected here.")
	}
	given, err := s.o.Requests.ToTrace(ctx, by, c.Reference)
	if err != nil {
		return requests.View{}, err
	}
	finding, err := s.find(ctx, by.Scope, given)
	if err != nil {
		return requests.View{}, explained(err)
	}
	return s.o.Requests.Traced(ctx, by, c, finding)
}

// explained says to a person what a register that did not answer means.
func explained(err error) error {
	var unasked *patients.Unasked
	if !errors.As(err, &unasked) {
		return err
	}
	f := fault.New(fault.Unavailable, "tracing_unavailable", "%s", unasked.Error()).Because(err)
	f.RetryAfter = unasked.After
	return f
}

// find asks, and judges what was said of the person by it.
func (s *Service) find(ctx context.Context, scope tenants.Scope, given patients.Given) (patients.Finding, error) {
	ask := asking{s, scope.NeighbourhoodID, patience, true}
	if scope.Kind == tenants.JobScope {
		ask.patience, ask.fresh = jobPatience, false
	}
	number, searched := given.NHSNumber, given.NHSNumber == ""
	var no *patients.NoRecord
	if searched {
		found, err := ask.search(ctx, given)
		if errors.As(err, &no) {
			return patients.Absence(no, s.o.Now()), nil
		}
		if err != nil {
			return patients.Finding{}, err
		}
		number = found.NHSNumber
	}
	record, err := ask.get(ctx, number)
	if errors.As(err, &no) {
		return patients.Absence(no, s.o.Now()), nil
	}
	if err != nil {
		return patients.Finding{}, err
	}
	finding := patients.Judge(given, record, searched, s.o.Now())
	if finding.Verdict.Certain() && !finding.Hold.Died {
		// Adjustments are worth having and nothing to wait for: a trace stands without them.
		_, _ = ask.adjustments(ctx, finding.NHSNumber)
		finding.Needs, err = s.travelling(ctx, scope.NeighbourhoodID, finding.NHSNumber)
	}
	return finding, err
}

// asking is one look at the registers for a neighbourhood.
type asking struct {
	*Service
	neighbourhood uuid.UUID
	patience      time.Duration
	fresh         bool // what is kept is not believed
}

// turn waits for a moment of a limit.
func (a asking) turn(ctx context.Context, l Limiter) error {
	if l == nil {
		return nil
	}
	wait, err := l.Take(ctx, a.patience)
	if err != nil || wait == 0 {
		return err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// heeded keeps all nodes away for as long as a register asked.
func (a asking) heeded(ctx context.Context, l Limiter, err error) error {
	var unasked *patients.Unasked
	if l != nil && errors.As(err, &unasked) && unasked.After > 0 {
		return errors.Join(err, l.PutOff(ctx, min(unasked.After, again)))
	}
	return err
}

func (a asking) search(ctx context.Context, given patients.Given) (patients.Record, error) {
	if given.BirthDate.IsZero() || given.FamilyName == "" {
		return patients.Record{}, &patients.NoRecord{Why: patients.TooLittle}
	}
	if err := a.turn(ctx, a.o.Limit); err != nil {
		return patients.Record{}, err
	}
	r, err := paced{a}.Search(ctx, given)
	return r, a.heeded(ctx, a.o.Limit, err)
}

// paced is the register with a moment for each of its calls: a search may take two, and each counts.
type paced struct{ asking }

// Search implements the part of patients.Tracer that may call twice.
func (p paced) Search(ctx context.Context, given patients.Given) (patients.Record, error) {
	r, err := p.o.Tracer.Search(ctx, given)
	var no *patients.NoRecord
	if given.Postcode == "" || given.Postcode == nhs.NoFixedAbode || !errors.As(err, &no) || no.Why != patients.Unknown {
		return r, err
	}
	// The register leaves restricted people out of a search by place, so that nobody learns where they live.
	if err := p.turn(ctx, p.o.Limit); err != nil {
		return patients.Record{}, err
	}
	given.Postcode = ""
	return p.o.Tracer.Search(ctx, given)
}

// get reads one person, from what is kept or from the register.
func (a asking) get(ctx context.Context, number nhs.Number) (patients.Record, error) {
	if !a.fresh {
		if r, ok, err := a.believed(ctx, number); err != nil || ok {
			return r, err
		}
	}
	if err := a.turn(ctx, a.o.Limit); err != nil {
		return patients.Record{}, err
	}
	r, err := a.o.Tracer.Get(ctx, number)
	if err != nil {
		return r, a.heeded(ctx, a.o.Limit, err)
	}
	if err := a.keep(ctx, r.NHSNumber, r); err != nil {
		return r, err
	}
	if r.Replaced { // what holds for a person holds under the number that they had, too
		return r, a.keep(ctx, number, r)
	}
	return r, nil
}

func (a asking) keep(ctx context.Context, number nhs.Number, r patients.Record) error {
	r.Replaced = r.NHSNumber != number
	plain, err := json.Marshal(r)
	if err != nil {
		return err
	}
	k := Kept{NeighbourhoodID: a.neighbourhood, Number: number, Hold: r.Hold, ReadAt: a.o.Now(), ExpiresAt: a.o.Now().Add(kept)}
	if k.Sealed, err = a.o.Sealer.Seal(ctx, a.neighbourhood, plain, about("record", number)); err != nil {
		return err
	}
	return a.o.Store.Keep(ctx, k)
}

// about binds what is sealed to the person and to what it is.
func about(what string, number nhs.Number) []byte {
	return []byte("traces/" + what + "/" + string(number))
}

func (s *Service) believedRecord(ctx context.Context, k Kept) (r patients.Record, ok bool, err error) {
	if k.Sealed == nil || !s.o.Now().Before(k.ExpiresAt) {
		return r, false, nil
	}
	plain, err := s.o.Sealer.Open(ctx, k.NeighbourhoodID, k.Sealed, about("record", k.Number))
	if err != nil {
		return r, false, err
	}
	return r, true, json.Unmarshal(plain, &r)
}

func (a asking) believed(ctx context.Context, number nhs.Number) (r patients.Record, ok bool, err error) {
	k, found, err := a.o.Store.Known(ctx, a.neighbourhood, number)
	if err != nil || !found {
		return r, false, err
	}
	return a.believedRecord(ctx, k)
}
