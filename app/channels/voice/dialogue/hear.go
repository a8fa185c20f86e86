package dialogue

import (
	"context"

	"onedoor/app/calls"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
	"onedoor/ui/locales"
)

// proofKeys is how many digits a code and a PIN have.
const proofKeys = 6

// hear tells how requests and appointments stand, to a caller who proves who they are. Until then every caller hears the
// same words, whoever they say that they are.
func (d *Driver) hear(ctx context.Context, s *State) (Turn, error) {
	if s.Proof != nil {
		return d.enter(ctx, s, stepHear)
	}
	s.Given, s.Place = patients.Given{}, intake.Place{Detail: intake.NHSNumber}
	return d.enter(ctx, s, stepWho, d.say(s, "who-first"))
}

func (d *Driver) askWho(_ context.Context, s *State) (Turn, error) {
	switch s.Place.Detail {
	case intake.BirthDate:
		return Turn{Say: []Phrase{d.say(s, "your-birth-date")}, Expect: s.keys(8)}, nil
	case intake.Postcode:
		return Turn{Say: []Phrase{d.say(s, "your-postcode"), d.say(s, "key-postcode")}, Expect: s.keys(0)}, nil
	}
	return Turn{Say: []Phrase{d.say(s, "your-nhs-number")}, Expect: s.keys(10)}, nil
}

func (d *Driver) keyWho(ctx context.Context, s *State, keys string) (Turn, error) {
	switch s.Place.Detail {
	case intake.BirthDate:
		birth, err := nhs.ParseBirthDate(keyedDate(keys), d.today())
		if err != nil {
			return Turn{}, refusal("wrong-date")
		}
		s.Given.BirthDate = birth
		if s.Given.NHSNumber == "" {
			s.Place.Detail = intake.Postcode
			return d.enter(ctx, s, stepWho)
		}
		return d.enter(ctx, s, stepProveBy)
	case intake.Postcode:
		postcode, ok := PostcodeOf(keys)
		if !ok {
			return Turn{}, refusal("wrong-postcode")
		}
		s.Given.Postcode = postcode
		return d.enter(ctx, s, stepProveBy)
	}
	if keys != "" {
		number, err := nhs.ParseNumber(keys)
		if err != nil {
			return Turn{}, refusal("wrong-nhs-number")
		}
		s.Given.NHSNumber = number
	}
	s.Place.Detail = intake.BirthDate
	return d.enter(ctx, s, stepWho)
}

func (d *Driver) askProveBy(_ context.Context, s *State) (Turn, error) {
	return Turn{Say: []Phrase{d.say(s, "prove-by")}, Expect: s.keys(1)}, nil
}

func (d *Driver) keyProveBy(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		err := d.callers.SendCode(ctx, s.NeighbourhoodID, s.CallID, s.Given, known(s.Language))
		if fault.Is(err, "too_many_tries") {
			return d.personAfter(ctx, s, d.say(s, "too-many-tries"))
		}
		if err != nil {
			return Turn{}, err
		}
		s.ByPIN = false
		return d.enter(ctx, s, stepProve)
	case "2":
		s.ByPIN = true
		return d.enter(ctx, s, stepProve)
	}
	return Turn{}, refusal("wrong-key")
}

func (d *Driver) askProve(_ context.Context, s *State) (Turn, error) {
	id := "code"
	if s.ByPIN {
		id = "pin"
	}
	return Turn{Say: []Phrase{d.say(s, id)}, Expect: s.keys(proofKeys)}, nil
}

func (d *Driver) keyProve(ctx context.Context, s *State, keys string) (Turn, error) {
	if len(keys) != proofKeys {
		return Turn{}, refusal("not-proved")
	}
	proof, err := d.callers.Prove(ctx, s.NeighbourhoodID, s.CallID, s.Given, keys)
	switch {
	case fault.Is(err, "not_proved"):
		return Turn{}, refusal("not-proved")
	case fault.Is(err, "too_many_tries"):
		return d.personAfter(ctx, s, d.say(s, "too-many-tries"))
	case err != nil:
		return Turn{}, err
	}
	lead := d.heed(ctx, s, proof, s.Given)
	s.Proof, s.Given = &proof, patients.Given{}
	return d.enter(ctx, s, stepHear, lead...)
}

// askHear says requests and appointments: what was asked for in general, and never a medicine or a reason.
func (d *Driver) askHear(ctx context.Context, s *State) (Turn, error) {
	if s.Proof == nil {
		return d.hear(ctx, s)
	}
	list, err := d.callers.Requests(ctx, *s.Proof, known(s.Language))
	if fault.Is(err, "not_proved") { // it has ended: prove it again
		s.Proof = nil
		return d.hear(ctx, s)
	}
	if err != nil {
		return Turn{}, err
	}
	say := []Phrase{d.say(s, "your-requests")}
	if len(list) == 0 {
		say = []Phrase{d.say(s, "no-requests")}
	}
	for _, status := range list {
		if kind, ok := d.catalogue.Kind(status.Kind); ok {
			say = append(say, d.title(s, kind))
		}
		say = append(say, s.spelt(digits(status.Reference.Spaced())), s.private(status.Says))
	}
	s.ended(calls.Completed)
	say = append(say, d.appointments(ctx, s)...)
	return Turn{Say: append(say, d.say(s, "heard-keys")), Expect: s.keys(1)}, nil
}

func (d *Driver) appointments(ctx context.Context, s *State) []Phrase {
	list, err := d.callers.Appointments(ctx, *s.Proof)
	switch {
	case fault.Is(err, "appointments_not_offered"):
		return []Phrase{d.say(s, "appointments-not-offered")}
	case err != nil:
		d.failed(ctx, s, "appointments could not be read", err)
		return []Phrase{d.say(s, "appointments-unavailable")}
	case len(list) == 0:
		return []Phrase{d.say(s, "no-appointments")}
	}
	say := []Phrase{d.say(s, "your-appointments")}
	for _, a := range list {
		say = append(say, d.appointment(s, a)...)
	}
	return say
}

func (d *Driver) appointment(s *State, a clinical.Appointment) []Phrase {
	when := sentence(locales.Moment(known(s.Language), a.Start.In(tenants.London())))
	say := []Phrase{s.private(when + ".")}
	if a.With != "" {
		say = []Phrase{s.private(d.words.text(s.Language, "appointment-with", "when", when, "with", a.With))}
	}
	if a.ByPhone {
		return append(say, d.say(s, "appointment-by-phone"))
	}
	if a.Where != "" {
		say = append(say, s.private(d.words.text(s.Language, "appointment-where", "where", a.Where)))
	}
	return say
}

func (d *Driver) keyHear(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.enter(ctx, s, stepFirst)
	case "", "2":
		return d.goodbye(ctx, s)
	}
	return Turn{}, refusal("wrong-key")
}

// personAfter asks for a person after other words.
func (d *Driver) personAfter(ctx context.Context, s *State, lead ...Phrase) (Turn, error) {
	turn, err := d.person(ctx, s)
	turn.Say = append(lead, turn.Say...)
	return turn, err
}
