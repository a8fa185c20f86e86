package dialogue

import (
	"context"

	"onedoor/app/intake"
	"onedoor/app/nhs"
)

// askDetail asks one thing of the person whom the request is for. Nothing is looked up, and nothing is said of any record.
func (d *Driver) askDetail(_ context.Context, s *State) (Turn, error) {
	var say []Phrase
	if !s.ToldDetails {
		say = append(say, d.say(s, "details"))
	}
	turn := Turn{Expect: s.keys(1)}
	switch s.Place.Detail {
	case intake.NHSNumber:
		say, turn.Expect = append(say, d.say(s, "nhs-number")), s.keys(10)
	case intake.BirthDate:
		say, turn.Expect = append(say, d.say(s, "birth-date")), s.keys(8)
		if s.Talk.Details.NHSNumber != "" {
			say = append(say, d.say(s, "birth-date-or-not"))
		}
	case intake.Postcode:
		say, turn.Expect = append(say, d.say(s, "postcode"), d.say(s, "key-postcode")), s.keys(0)
	case intake.HouseNumber:
		say, turn.Expect = append(say, d.say(s, "house-number")), s.keys(0)
	case intake.Sex:
		say = append(say, d.say(s, "sex"))
	case intake.Mobile:
		if s.offersOwn() {
			say = append(say, d.say(s, "own-number"), s.spelt(digits(s.Caller.Local())), d.say(s, "own-number-keys"))
			break
		}
		say, turn.Expect = append(say, d.say(s, "mobile")), s.keys(0)
	case intake.SafeToText:
		say = append(say, d.say(s, "safe-to-text"))
	default:
		return turn, refusal("needed")
	}
	turn.Say = say
	return turn, nil
}

// offersOwn reports whether the number that the call came from is offered: it is a mobile, and was not turned down.
func (s *State) offersOwn() bool { return s.Caller.Mobile() && s.Pending != pendingOther }

// pendingOther marks that another number is being keyed than the one that the call came from.
const pendingOther = "other"

func (d *Driver) keyDetail(ctx context.Context, s *State, keys string) (Turn, error) {
	s.ToldDetails = true
	switch detail := s.Place.Detail; detail {
	case intake.NHSNumber:
		return d.giveOrNot(ctx, s, "wrong-nhs-number", keys, keys)
	case intake.BirthDate:
		return d.giveOrNot(ctx, s, "wrong-date", keys, keyedDate(keys))
	case intake.Postcode:
		return d.keyPostcode(ctx, s, keys)
	case intake.HouseNumber:
		return d.giveOrNot(ctx, s, "wrong-number", keys, keys)
	case intake.Sex:
		sex, ok := map[string]nhs.Sex{"1": nhs.Female, "2": nhs.Male, "3": nhs.Other, "": ""}[keys]
		if !ok {
			return Turn{}, refusal("wrong-key")
		}
		return d.give(ctx, s, detail, "wrong-key", string(sex))
	case intake.Mobile:
		return d.keyMobile(ctx, s, keys)
	case intake.SafeToText:
		safe, ok := map[string]string{"1": "yes", "2": "no"}[keys]
		if !ok {
			return Turn{}, refusal("wrong-key")
		}
		return d.give(ctx, s, detail, "wrong-key", safe)
	}
	return Turn{}, refusal("wrong-key")
}

// giveOrNot gives a detail, or leaves it unknown after a hash alone.
func (d *Driver) giveOrNot(ctx context.Context, s *State, no refusal, keys, text string) (Turn, error) {
	if keys == "" {
		return d.give(ctx, s, s.Place.Detail, no)
	}
	return d.give(ctx, s, s.Place.Detail, no, text)
}

// keyedDate makes DDMMYYYY into YYYY-MM-DD; what is not 8 digits makes no date.
func keyedDate(keys string) string {
	if len(keys) != 8 {
		return "?"
	}
	return keys[4:] + "-" + keys[2:4] + "-" + keys[:2]
}

// keyMobile takes a number to text or to ring. The caller's own is a hint: they say whether it may be used.
func (d *Driver) keyMobile(ctx context.Context, s *State, keys string) (Turn, error) {
	if !s.offersOwn() {
		if keys != "" && len(keys) < 6 {
			return Turn{}, refusal("wrong-number")
		}
		return d.giveOrNot(ctx, s, "wrong-number", keys, keys)
	}
	switch keys {
	case "1":
		return d.give(ctx, s, intake.Mobile, "wrong-number", string(s.Caller))
	case "2":
		s.Pending = pendingOther
		return d.enter(ctx, s, stepDetail)
	case "":
		return d.give(ctx, s, intake.Mobile, "wrong-number")
	}
	return Turn{}, refusal("wrong-key")
}
