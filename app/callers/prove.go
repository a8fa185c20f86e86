package callers

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// SendCode texts a one-time code to the number on the register of the one person who fits what was given, which must hold
// a birth date and an NHS number or a postcode. Its answer is the same whether anybody fits or not; only a limit that binds
// everybody is told (too_many_tries).
func (s *Service) SendCode(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, language string) error {
	return s.evenly(ctx, func() error {
		key, err := s.key(ctx, neighbourhood)
		if err != nil {
			return err
		}
		if err := s.count(ctx, neighbourhood, key, "code", []limit{
			{subject("call", call.String()), forever, codesPerCall},
			{subjectOf(given), hourly, codesPerHour},
			{subject("all"), hourly, codesOfAll},
		}); err != nil {
			return err
		}
		patient, found, err := s.match(ctx, neighbourhood, given)
		if err != nil {
			return err
		}
		send, err := s.mayText(ctx, neighbourhood, patient)
		if err != nil {
			return err
		}
		// A person's own limits are counted for nobody too, under a name that nobody has.
		over := s.count(ctx, neighbourhood, key, "code", []limit{
			{subject("patient", patient.ID.String(), nobody(found, call)), hourly, codesPerHour},
			{subject("patient", patient.ID.String(), nobody(found, call)), daily, codesPerDay},
		})
		if over != nil && !fault.Is(over, "too_many_tries") {
			return over
		}
		send = send && found && over == nil && s.o.Texts != nil
		code, err := s.draw()
		if err != nil {
			return err
		}
		kept := Code{NeighbourhoodID: neighbourhood, CallID: call, Hash: codeHash(key, call, code), ExpiresAt: s.o.Now().Add(codeLifetime)}
		if send {
			kept.PatientID = patient.ID
		}
		if err := s.o.Store.KeepCode(ctx, kept); err != nil || !send {
			return err
		}
		_, err = s.o.Texts.Queue(ctx, messages.Message{
			NeighbourhoodID: neighbourhood, CallID: call, To: patient.Mobile,
			Text: messages.Text{Template: messages.CodeText, Language: language, Code: code, Minutes: int(codeLifetime.Minutes())},
		})
		return err
	})
}

// Prove checks a code of this call, or a PIN. Whatever is wrong, the refusal is the same (not_proved), after three tries in
// a call too_many_tries.
func (s *Service) Prove(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, codeOrPIN string) (Proof, error) {
	return s.prove(ctx, Proof{NeighbourhoodID: neighbourhood, CallID: call}, given, codeOrPIN)
}

// ProveOutside is Prove where nobody calls: on a page, or in an app. The code was sent (SendCode) and the tries are counted for
// what about names, such as a request, in the place of a call. The proof holds for half an hour.
func (s *Service) ProveOutside(ctx context.Context, neighbourhood, about uuid.UUID, given patients.Given, codeOrPIN string) (Proof, error) {
	return s.prove(ctx, Proof{NeighbourhoodID: neighbourhood, CallID: about, Outside: true}, given, codeOrPIN)
}

func (s *Service) prove(ctx context.Context, wanted Proof, given patients.Given, codeOrPIN string) (Proof, error) {
	neighbourhood, call := wanted.NeighbourhoodID, wanted.CallID
	var proof Proof
	err := s.evenly(ctx, func() error {
		key, err := s.key(ctx, neighbourhood)
		if err != nil {
			return err
		}
		if err := s.count(ctx, neighbourhood, key, "try", []limit{
			{subject("call", call.String()), forever, triesPerCall},
			{subjectOf(given), hourly, triesPerHour},
		}); err != nil {
			return err
		}
		patient, found, err := s.match(ctx, neighbourhood, given)
		if err != nil {
			return err
		}
		proof, err = s.check(ctx, key, wanted, patient, found, codeOrPIN)
		return err
	})
	return proof, err
}

// check does the same work whoever was found: one code is compared and one PIN hashed, though there be neither.
func (s *Service) check(ctx context.Context, key []byte, wanted Proof, patient patients.Patient, found bool, given string) (Proof, error) {
	now, neighbourhood, call := s.o.Now(), wanted.NeighbourhoodID, wanted.CallID
	lifetime := proofLifetime
	if wanted.Outside {
		lifetime = outsideLifetime
	}
	code, err := s.o.Store.Code(ctx, neighbourhood, call)
	if err != nil {
		return Proof{}, err
	}
	pin, err := s.o.Store.PIN(ctx, neighbourhood, patient.ID)
	if err != nil {
		return Proof{}, err
	}
	rightCode := hmac.Equal(code.Hash, codeHash(key, call, given)) && found && code.PatientID == patient.ID && now.Before(code.ExpiresAt)
	rightPIN, err := s.compare(ctx, pin.Hash, key, patient.ID, given)
	if err != nil {
		return Proof{}, err
	}
	rightPIN = rightPIN && found && pin.Wrong < wrongPINs
	if !rightCode && !rightPIN {
		if err := s.o.Store.Missed(ctx, neighbourhood, patient.ID); err != nil {
			return Proof{}, err
		}
		return Proof{}, notProved()
	}
	wanted.ID = uuid.Must(uuid.NewV7())
	kept := Kept{
		Proof: wanted, PatientID: patient.ID, Method: ByPIN, At: now, Until: now.Add(lifetime),
	}
	if rightCode {
		kept.Method = ByCode
	}
	first, err := s.o.Store.Prove(ctx, kept, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, OrganisationID: patient.PracticeID, At: now,
		Actor: audit.Actor{Kind: audit.Patient}, Action: "caller.prove", SubjectKind: "patient", Subject: patient.ID,
		Details: map[string]any{"method": kept.Method, "call": call},
	})
	if err != nil {
		return Proof{}, err
	}
	if !first {
		return Proof{}, notProved()
	}
	return kept.Proof, nil
}

// match finds the one person on the register. A birth date is always asked for: an NHS number alone stands on many papers.
func (s *Service) match(ctx context.Context, neighbourhood uuid.UUID, given patients.Given) (patients.Patient, bool, error) {
	if given.NHSNumber == "" && given.Postcode == "" { // looked for all the same, as a number that nobody has
		given.NHSNumber = "0000000000"
	}
	candidates, err := s.o.Store.Candidates(ctx, neighbourhood, given)
	if err != nil {
		return patients.Patient{}, false, err
	}
	patient, found := patients.Match(given, candidates)
	if given.BirthDate.IsZero() {
		return patients.Patient{}, false, nil
	}
	return patient, found, nil
}

// mayText reports whether a code may go to a person's number.
func (s *Service) mayText(ctx context.Context, neighbourhood uuid.UUID, p patients.Patient) (bool, error) {
	sharing, err := s.o.Store.Sharing(ctx, neighbourhood, p.Mobile)
	age := p.BirthDate.Age(nhs.DateOf(s.o.Now().In(tenants.London())))
	return p.Mobile != "" && !p.Hold.Any() && sharing == 1 && age >= youngestByText, err
}

// draw makes a code; each of a million is as likely.
func (s *Service) draw() (string, error) {
	n, err := rand.Int(s.o.Random, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", Digits, n.Int64()), nil
}

// evenly takes the same time whichever way was gone, as long as none takes longer than the floor.
func (s *Service) evenly(ctx context.Context, do func() error) error {
	if s.o.Floor < 0 {
		return do()
	}
	floor := time.NewTimer(s.o.Floor)
	defer floor.Stop()
	err := do()
	select {
	case <-floor.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// limit is how often something may happen to one subject in a window.
type limit struct {
	subject string
	window  func(time.Time) (from time.Time, left time.Duration)
	most    int
}

func forever(time.Time) (time.Time, time.Duration) { return time.Unix(0, 0).UTC(), 0 }

func hourly(now time.Time) (time.Time, time.Duration) {
	from := now.UTC().Truncate(time.Hour)
	return from, from.Add(time.Hour).Sub(now)
}

func daily(now time.Time) (time.Time, time.Duration) {
	from := now.UTC().Truncate(24 * time.Hour)
	return from, from.Add(24 * time.Hour).Sub(now)
}

// count adds one to each and refuses when one is over its limit. All are counted before any refuses.
func (s *Service) count(ctx context.Context, neighbourhood uuid.UUID, key []byte, what string, limits []limit) error {
	now := s.o.Now()
	counts := make([]Count, len(limits))
	for i, l := range limits {
		from, _ := l.window(now)
		counts[i] = Count{Subject: hashed(key, l.subject), What: what, Window: from}
	}
	made, err := s.o.Store.Add(ctx, neighbourhood, counts)
	if err != nil {
		return err
	}
	for i, l := range limits {
		if made[i] > l.most {
			_, left := l.window(now)
			return tooMany(left)
		}
	}
	return nil
}

func subject(parts ...string) string { return strings.Join(parts, "\x00") }

// subjectOf is what was said of a person, whoever it may be.
func subjectOf(g patients.Given) string {
	if g.NHSNumber != "" {
		return subject("number", string(g.NHSNumber))
	}
	return subject("birth", g.BirthDate.String(), string(g.Postcode))
}

// nobody keeps counts for people who were not found apart from each other.
func nobody(found bool, call uuid.UUID) string {
	if found {
		return ""
	}
	return call.String()
}
