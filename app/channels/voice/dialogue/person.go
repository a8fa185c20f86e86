package dialogue

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// person is what 0 does, anywhere, and what silence and wrong keys come to: the caller is put through to people of the line
// who work now, or else is rung back with their place kept from the first moment of the call. Nobody is put through to 999.
func (d *Driver) person(ctx context.Context, s *State) (Turn, error) {
	d.settle(s)
	d.keep(ctx, s)
	if s.PersonAskedAt.IsZero() {
		s.PersonAskedAt = d.now()
	}
	switch s.Step {
	case stepRingBack, stepNumber:
		return d.ringBack(ctx, s) // they are on the way to one
	}
	staffed, err := d.staffed(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	switch {
	case !staffed:
		return d.offerRingBack(ctx, s, d.say(s, "closed"))
	case s.CanTransfer && !s.Tried:
		s.Tried = true
		return d.enter(ctx, s, stepTransfer)
	}
	return d.offerRingBack(ctx, s)
}

func (d *Driver) askTransfer(_ context.Context, s *State) (Turn, error) {
	return Turn{Say: []Phrase{d.say(s, "to-a-person")}, Expect: Expect{Kind: ExpectTransfer}}, nil
}

// keyTransfer is a key while being put through: it changes nothing.
func (d *Driver) keyTransfer(ctx context.Context, s *State, _ string) (Turn, error) {
	return d.askTransfer(ctx, s)
}

// putThrough ends our part of a call. What had been answered stands in the queue of whoever answers.
func (d *Driver) putThrough(ctx context.Context, s *State) (Turn, error) {
	s.PersonAt, s.Ending = d.now(), calls.Person
	if s.answered() && s.Filed == "" {
		if err := d.file(ctx, s); err != nil {
			d.failed(ctx, s, "answers could not be kept for a person", err)
		}
	}
	s.Over = true
	return Turn{}, nil
}

func (d *Driver) nobodyThere(ctx context.Context, s *State) (Turn, error) {
	if s.Step != stepTransfer {
		return d.again(ctx, s)
	}
	return d.offerRingBack(ctx, s, d.say(s, "nobody-answers"))
}

// offerRingBack asks on which number to ring back.
func (d *Driver) offerRingBack(ctx context.Context, s *State, lead ...Phrase) (Turn, error) {
	lead = append(lead, d.say(s, "ring-back"))
	if s.number() == "" {
		return d.enter(ctx, s, stepNumber, lead...)
	}
	return d.enter(ctx, s, stepRingBack, lead...)
}

func (d *Driver) askRingBack(_ context.Context, s *State) (Turn, error) {
	return Turn{
		Say:    []Phrase{d.say(s, "ring-back-own"), s.spelt(digits(s.number().Local())), d.say(s, "ring-back-keys")},
		Expect: s.keys(1),
	}, nil
}

func (d *Driver) keyRingBack(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.ringBack(ctx, s)
	case "2":
		return d.enter(ctx, s, stepNumber)
	}
	return Turn{}, refusal("wrong-key")
}

func (d *Driver) askNumber(_ context.Context, s *State) (Turn, error) {
	return Turn{Say: []Phrase{d.say(s, "ring-back-number")}, Expect: s.keys(0)}, nil
}

func (d *Driver) keyNumber(ctx context.Context, s *State, keys string) (Turn, error) {
	number, err := nhs.ParsePhone(keys)
	if err != nil || len(keys) < 6 {
		return Turn{}, refusal("wrong-number")
	}
	s.Number = number
	return d.ringBack(ctx, s)
}

// ringBack files the callback and says its reference. It is also what follows when nothing usable came: then with the number
// that is known, if one is.
func (d *Driver) ringBack(ctx context.Context, s *State) (Turn, error) {
	if s.number() == "" && !s.answered() {
		s.Step, s.Ending = stepEnd, calls.AbandonedEmpty
		return Turn{Say: []Phrase{d.say(s, "no-number"), d.say(s, "help-now"), d.say(s, "goodbye")}, Expect: Expect{Kind: ExpectEnd}}, nil
	}
	if err := d.file(ctx, s); err != nil {
		return Turn{}, err
	}
	s.Step, s.Ending = stepEnd, calls.Callback
	say := []Phrase{d.say(s, "ring-back-noted")}
	say = append(say, d.referenceTwice(s, s.Filed)...)
	return Turn{Say: append(say, d.say(s, "goodbye")), Expect: Expect{Kind: ExpectEnd}}, nil
}

// staffed reports whether people of the line work now: those of its organisation, or of the neighbourhood's desk.
func (d *Driver) staffed(ctx context.Context, s *State) (bool, error) {
	directory, err := d.directory(ctx, s)
	if err != nil {
		return false, err
	}
	who := s.OrganisationID
	if _, ok := directory.Organisation(who); !ok {
		who = directory.Desk().ID
	}
	return open(directory, who, d.now()), nil
}

// open reports whether a site of an organisation is open; one without sites keeps core hours.
func open(directory *tenants.Directory, organisation uuid.UUID, now time.Time) bool {
	sites := slices.Collect(directory.SitesOf(organisation))
	if len(sites) == 0 {
		return tenants.InCoreHours(now)
	}
	return slices.ContainsFunc(sites, func(site tenants.Site) bool { return site.Hours.Open(now) })
}
