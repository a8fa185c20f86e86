package dialogue

import (
	"context"
	"slices"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/ui/locales"
)

// askCheck says back everything that will be sent.
func (d *Driver) askCheck(ctx context.Context, s *State) (Turn, error) {
	lines, err := d.lines(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	kind, _ := d.catalogue.Kind(s.Talk.Kind)
	say := []Phrase{d.say(s, "check"), d.say(s, "asked-for"), d.title(s, kind)}
	for _, line := range lines {
		say = append(say, line.say...)
	}
	return Turn{Say: append(say, d.say(s, "check-keys")), Expect: s.keys(1)}, nil
}

func (d *Driver) title(s *State, kind *catalogue.Kind) Phrase {
	p := d.catalogued(s, "title."+kind.Code, kind.Title)
	p.Text += "."
	return p
}

func (d *Driver) keyCheck(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.send(ctx, s)
	case "2":
		s.Line = 0
		return d.enter(ctx, s, stepChange)
	}
	return Turn{}, refusal("wrong-key")
}

// askChange says one answer, and offers to change it.
func (d *Driver) askChange(ctx context.Context, s *State) (Turn, error) {
	lines, err := d.lines(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	say := slices.Clone(lines[s.Line%len(lines)].say)
	return Turn{Say: append(say, d.say(s, "change-keys")), Expect: s.keys(1)}, nil
}

func (d *Driver) keyChange(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		lines, err := d.lines(ctx, s)
		if err != nil {
			return Turn{}, err
		}
		if err := d.walker.Revisit(s.Talk, lines[s.Line%len(lines)].place); err != nil {
			return Turn{}, err
		}
		return d.goOn(ctx, s)
	case "2":
		s.Line++
		return d.enter(ctx, s, stepChange)
	case "3":
		return d.send(ctx, s)
	}
	return Turn{}, refusal("wrong-key")
}

// line is one answer as it is said back.
type line struct {
	place intake.Place
	say   []Phrase
}

// lines are all answers that count, and the person's details, in the order of asking. There is always one.
func (d *Driver) lines(ctx context.Context, s *State) ([]line, error) {
	review, err := d.walker.Review(s.Talk)
	if err != nil {
		return nil, err
	}
	kind, _ := d.catalogue.Kind(s.Talk.Kind)
	said := make([]line, 0, len(review))
	for _, r := range review {
		l := line{place: r.Place}
		if r.Place.LinkID == "" {
			l.say, err = d.detailLine(ctx, s, r.Place.Detail)
		} else if it, ok := kind.Questionnaire.Item(r.Place.LinkID); ok {
			l.say = d.answerLine(s, it, r)
		}
		if err != nil {
			return nil, err
		}
		said = append(said, l)
	}
	return said, nil
}

func (d *Driver) answerLine(s *State, it *catalogue.Item, r intake.Line) []Phrase {
	say := []Phrase{d.catalogued(s, "text."+itemID(s, it), it.Text)}
	values := s.Talk.Answers[it.LinkID]
	switch {
	case r.Recorded:
		return append(say, d.say(s, "recorded"))
	case len(values) == 0:
		return append(say, d.say(s, "not-given"))
	}
	for _, v := range values {
		say = append(say, d.answerWords(s, it, v))
	}
	return say
}

func (d *Driver) answerWords(s *State, it *catalogue.Item, v catalogue.Value) Phrase {
	switch it.Type {
	case catalogue.TypeBoolean:
		if yes, _ := v.Bool(); yes {
			return d.say(s, "said-yes")
		}
		return d.say(s, "said-no")
	case catalogue.TypeChoice:
		if o, ok := it.Option(v.String()); ok {
			p := d.catalogued(s, "answer."+itemID(s, it)+"."+o.Code, o.Say)
			p.Text = sentence(p.Text) + "."
			return p
		}
	case catalogue.TypeDate:
		return s.private(locales.Day(known(s.Language), v.Date()))
	}
	return s.private(v.String())
}

func (d *Driver) detailLine(ctx context.Context, s *State, detail intake.Detail) ([]Phrase, error) {
	say := []Phrase{d.say(s, "check-"+string(detail))}
	details := s.Talk.Details
	if slices.Contains(details.Unknown, detail) {
		return append(say, d.say(s, "not-given")), nil
	}
	switch detail {
	case intake.Name:
		return append(say, s.private(details.GivenName+" "+details.FamilyName)), nil
	case intake.BirthDate:
		return append(say, s.private(locales.Day(known(s.Language), details.BirthDate))), nil
	case intake.NHSNumber:
		return append(say, s.spelt(digits(details.NHSNumber.Spaced()))), nil
	case intake.Postcode:
		if details.Postcode == nhs.NoFixedAbode {
			return append(say, d.say(s, "no-address")), nil
		}
		return append(say, s.spelt(spelled(string(details.Postcode)))), nil
	case intake.HouseNumber:
		return append(say, s.spelt(details.HouseNumber)), nil
	case intake.Sex:
		return append(say, d.say(s, "sex-"+string(details.Sex))), nil
	case intake.Mobile:
		return append(say, s.spelt(digits(details.Mobile.Local()))), nil
	case intake.SafeToText:
		if *details.SafeToText {
			return append(say, d.say(s, "said-yes")), nil
		}
		return append(say, d.say(s, "said-no")), nil
	case intake.Pharmacy:
		directory, err := d.directory(ctx, s)
		if err != nil {
			return nil, err
		}
		if o, ok := directory.ByODS(details.ChosenPharmacy); ok {
			return append(say, s.private(o.Name)), nil
		}
		return append(say, s.spelt(spelled(string(details.ChosenPharmacy)))), nil
	}
	return append(say, d.say(s, "not-given")), nil
}
