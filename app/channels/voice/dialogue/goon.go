package dialogue

import (
	"context"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
)

// askReference takes up answers that were begun on an earlier call or online. Nothing that was answered is asked again, and
// nothing of it is said before the date of birth, if one was given, is given once more.
func (d *Driver) askReference(_ context.Context, s *State) (Turn, error) {
	return Turn{Say: []Phrase{d.say(s, "reference")}, Expect: s.keys(10)}, nil
}

func (d *Driver) keyReference(ctx context.Context, s *State, keys string) (Turn, error) {
	reference, err := requests.ParseReference(keys)
	if err != nil {
		return Turn{}, refusal("wrong-reference")
	}
	s.Pending = string(reference)
	return d.enter(ctx, s, stepBorn)
}

func (d *Driver) askBorn(_ context.Context, s *State) (Turn, error) {
	return Turn{Say: []Phrase{d.say(s, "reference-birth-date")}, Expect: s.keys(8)}, nil
}

// keyBorn finds the answers. What is not there, is over or has another date of birth is the same to the caller.
func (d *Driver) keyBorn(ctx context.Context, s *State, keys string) (Turn, error) {
	birth, err := nhs.ParseBirthDate(keyedDate(keys), d.today())
	if err != nil {
		return Turn{}, refusal("wrong-date")
	}
	hash, err := d.token()
	if err != nil {
		return Turn{}, err
	}
	talk, err := d.references.ByReference(ctx, s.NeighbourhoodID, s.CallID.String(), s.Pending, birth, hash)
	if err == nil {
		err = d.walker.GoOn(talk, intake.ChannelPhone)
	}
	switch {
	case fault.Is(err, "too_many_tries"):
		return d.personAfter(ctx, s, d.say(s, "too-many-tries"))
	case err != nil && fault.As(err).Kind == fault.NotFound:
		return d.notFound(ctx, s)
	case err != nil:
		return Turn{}, err
	}
	return d.takeUp(ctx, s, talk, hash, birth)
}

func (d *Driver) notFound(ctx context.Context, s *State) (Turn, error) {
	s.Tries++
	s.Pending = ""
	if s.Tries >= patience {
		return d.personAfter(ctx, s, d.say(s, "not-found"))
	}
	return d.enter(ctx, s, stepReference, d.say(s, "not-found"))
}

func (d *Driver) takeUp(ctx context.Context, s *State, talk *intake.Conversation, token []byte, birth nhs.Date) (Turn, error) {
	s.Talk, s.Token, s.Tries, s.Proposal = talk, token, 0, nil
	s.carry()
	s.ToldSkipping, s.ToldReference, s.ToldDetails = false, true, false
	if talk.Details.BirthDate.IsZero() {
		if err := d.walker.Give(talk, intake.BirthDate, birth.String()); err != nil {
			return Turn{}, err
		}
	}
	return d.goOn(ctx, s, d.say(s, "found"))
}
