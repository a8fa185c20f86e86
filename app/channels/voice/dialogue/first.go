package dialogue

import (
	"context"
	"crypto/sha256"
	"io"
	"strconv"

	"onedoor/app/intake"
)

// askFirst greets and says what the line can do.
func (d *Driver) askFirst(ctx context.Context, s *State) (Turn, error) {
	directory, err := d.directory(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	say := []Phrase{
		d.say(s, "welcome", "place", place(s, directory)), d.say(s, "emergency-first"), d.phrase(otherThan(s.Language), "language"),
		d.say(s, "ask-for"),
	}
	if d.references != nil {
		say = append(say, d.say(s, "go-on"))
	}
	if d.callers != nil {
		say = append(say, d.say(s, "hear"))
	}
	if !s.MoreTime {
		say = append(say, d.say(s, "more-time"))
	}
	return Turn{Say: append(say, d.say(s, "any-time")), Expect: s.keys(1)}, nil
}

func (d *Driver) keyFirst(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.whatFor(ctx, s)
	case "2":
		if d.references != nil {
			s.Tries = 0
			return d.enter(ctx, s, stepReference)
		}
	case "3":
		if d.callers != nil {
			return d.hear(ctx, s)
		}
	case "8":
		s.Language, s.ChoseLanguage = otherThan(s.Language), true
		return d.enter(ctx, s, stepFirst)
	case "9":
		s.MoreTime = true
		return d.enter(ctx, s, stepFirst, d.say(s, "more-time-set"))
	}
	return Turn{}, refusal("wrong-key")
}

// askKind says the menu of kinds, or of one group of them.
func (d *Driver) askKind(_ context.Context, s *State) (Turn, error) {
	entries := d.entries(s, "kind", at(d.catalogue.Menu(), s.Menu))
	if s.Menu != "" {
		return Turn{Say: append(entries, d.say(s, "go-back")), Expect: s.keys(1)}, nil
	}
	return Turn{Say: append([]Phrase{d.say(s, "kinds")}, entries...), Expect: s.keys(1)}, nil
}

func (d *Driver) keyKind(ctx context.Context, s *State, keys string) (Turn, error) {
	if keys == "" && s.Menu != "" {
		s.Menu = ""
		return d.enter(ctx, s, stepKind)
	}
	entry, ok := pick(at(d.catalogue.Menu(), s.Menu), keys)
	if !ok {
		return Turn{}, refusal("wrong-key")
	}
	if entry.Code == "" {
		s.Menu = entry.Key
		return d.enter(ctx, s, stepKind)
	}
	return d.begin(ctx, s, entry.Code)
}

// begin starts a request of a kind. Its first contact is the first moment of the call, which decides fairness.
func (d *Driver) begin(ctx context.Context, s *State, kind string) (Turn, error) {
	if err := d.newTalk(s, kind); err != nil {
		return Turn{}, err
	}
	s.ToldSkipping, s.ToldReference, s.ToldDetails = false, false, false
	d.chose(ctx, s, kind)
	return d.goOn(ctx, s, d.say(s, "before-questions"))
}

func (d *Driver) newTalk(s *State, kind string) error {
	s.Talks++
	talk, err := d.walker.Start(s.named("talk "+strconv.Itoa(s.Talks)), s.NeighbourhoodID, kind, intake.ChannelPhone, s.Language)
	if err != nil {
		return err
	}
	talk.AskedOf = s.OrganisationID
	if s.At.Before(talk.StartedAt) {
		talk.StartedAt = s.At
	}
	hash, err := d.token()
	if err != nil {
		return err
	}
	s.Talk, s.Token, s.Menu, s.Chosen, s.Place = talk, hash, "", nil, intake.Place{}
	s.carry()
	return nil
}

// token is the hash of a new token. Nobody holds the token itself: the call has the hash.
func (d *Driver) token() ([]byte, error) {
	var token [32]byte
	if _, err := io.ReadFull(d.random, token[:]); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(token[:])
	return hash[:], nil
}

// keep stores what was answered so far, so that it can go on elsewhere. A call goes on without.
func (d *Driver) keep(ctx context.Context, s *State) {
	if s.Talk == nil {
		return
	}
	s.Talk.Language = s.Language
	if err := d.conversations.Save(context.WithoutCancel(ctx), s.Token, s.Talk); err != nil {
		d.failed(ctx, s, "a conversation could not be kept", err)
	}
}

// goOn says the next thing that is asked, after other words. An emergency comes before everything, keeping included.
func (d *Driver) goOn(ctx context.Context, s *State, lead ...Phrase) (Turn, error) {
	s.Menu, s.Chosen, s.Pending = "", nil, ""
	next, err := d.walker.Next(ctx, s.Talk)
	if err != nil {
		return Turn{}, err
	}
	if next.Kind == intake.StepStop {
		return d.stop(ctx, s)
	}
	d.keep(ctx, s)
	switch next.Kind {
	case intake.StepAsk:
		s.Place = intake.Place{LinkID: next.Item.LinkID}
		if s.proposed(next.Item) {
			return d.enter(ctx, s, stepProposed, lead...)
		}
		return d.enter(ctx, s, stepQuestion, lead...)
	case intake.StepDetails:
		s.Place = intake.Place{Detail: next.Details[0]}
		return d.enter(ctx, s, stepDetail, lead...)
	case intake.StepPharmacy:
		s.Place = intake.Place{Detail: intake.Pharmacy}
		return d.enter(ctx, s, stepPharmacy, lead...)
	case intake.StepDone:
		return d.enter(ctx, s, stepSent, lead...)
	}
	s.Place = intake.Place{}
	return d.enter(ctx, s, stepCheck, lead...)
}

// give tells a detail, and goes on. What is not one is refused with a phrase.
func (d *Driver) give(ctx context.Context, s *State, detail intake.Detail, no refusal, texts ...string) (Turn, error) {
	if err := d.walker.Give(s.Talk, detail, texts...); err != nil {
		return Turn{}, d.refusalOf(err, no)
	}
	return d.goOn(ctx, s)
}
