package dialogue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/understanding"
)

// mostOwnWords is how long a caller can speak before the menus: a few words are understood better than many.
const mostOwnWords = 30 * time.Second

// whatFor asks what the caller needs: in their own words where that is turned on for the line, else by menus.
func (d *Driver) whatFor(ctx context.Context, s *State) (Turn, error) {
	s.Menu, s.Proposal = "", nil
	if d.understanding != nil {
		offered, err := d.understanding.Offers(ctx, s.NeighbourhoodID, s.OrganisationID)
		if err != nil {
			d.failed(ctx, s, "whether words are understood could not be read", err)
		}
		if offered && err == nil {
			return d.enter(ctx, s, stepWords)
		}
	}
	return d.enter(ctx, s, stepKind)
}

// menus are always there, whatever understanding does.
func (d *Driver) menus(ctx context.Context, s *State) (Turn, error) {
	s.Menu = ""
	return d.enter(ctx, s, stepKind, d.say(s, "not-understood"))
}

func (d *Driver) askWords(_ context.Context, s *State) (Turn, error) {
	turn := Turn{Expect: s.recording()}
	turn.Expect.Longest, turn.Expect.Words = mostOwnWords, true
	if !s.ToldRecording {
		turn.Say = append(turn.Say, d.say(s, "recording-notice"))
	}
	turn.Say = append(turn.Say, d.say(s, "own-words"))
	return turn, nil
}

func (d *Driver) keyWords(ctx context.Context, s *State, keys string) (Turn, error) {
	if keys == "" {
		return d.enter(ctx, s, stepKind)
	}
	return Turn{}, refusal("wrong-key")
}

// heardWords asks what the caller may have meant. An emergency in their words stops at once; whatever else is unsure goes by
// the menus.
func (d *Driver) heardWords(ctx context.Context, s *State, said string) (Turn, error) {
	s.ToldRecording = true
	if said == "" || d.understanding == nil {
		return d.menus(ctx, s)
	}
	p, outcome, err := d.understanding.Propose(ctx, s.NeighbourhoodID, s.OrganisationID, said, known(s.Language), intake.ChannelPhone)
	if err != nil {
		d.failed(ctx, s, "words could not be understood", err)
		return d.menus(ctx, s)
	}
	switch outcome {
	case understanding.Emergency:
		return d.stopForWords(ctx, s, said)
	case understanding.Proposed:
		if _, ok := d.catalogue.Kind(p.Kind); ok {
			s.Proposal = &p
			return d.enter(ctx, s, stepMeant)
		}
	}
	if p.Use != uuid.Nil {
		s.Proposal = &understanding.Proposal{Use: p.Use}
	}
	return d.menus(ctx, s)
}

// stopForWords records an emergency that the rules found in what was said, with the words, so that it is decided as one.
func (d *Driver) stopForWords(ctx context.Context, s *State, said string) (Turn, error) {
	if err := d.newTalk(s, callbackKind); err != nil {
		return Turn{}, err
	}
	kind, _ := d.catalogue.Kind(callbackKind)
	for _, it := range kind.Questionnaire.Questions() {
		if it.Type == catalogue.TypeText && it.Asked() {
			if words := []rune(said); it.MaxLength > 0 && len(words) > it.MaxLength {
				half := it.MaxLength / 2 // what alarmed may stand at either end
				said = string(words[:half]) + string(words[len(words)-half:])
			}
			if err := d.walker.Answer(s.Talk, it.LinkID, []catalogue.Value{catalogue.Text(said)}); err != nil {
				d.failed(ctx, s, "the words of an emergency could not be kept", err)
			}
			break
		}
	}
	return d.stop(ctx, s)
}

func (d *Driver) askMeant(_ context.Context, s *State) (Turn, error) {
	kind, _ := d.catalogue.Kind(s.Proposal.Kind)
	return Turn{Say: []Phrase{d.say(s, "you-want"), d.meant(s, kind), d.say(s, "is-it-right")}, Expect: s.keys(1)}, nil
}

func (d *Driver) meant(s *State, kind *catalogue.Kind) Phrase {
	p := d.catalogued(s, "meant."+kind.Code, kind.Say)
	p.Text = sentence(p.Text) + "."
	return p
}

func (d *Driver) keyMeant(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.begin(ctx, s, s.Proposal.Kind)
	case "2":
		s.Proposal = &understanding.Proposal{Use: s.Proposal.Use}
		return d.menus(ctx, s)
	}
	return Turn{}, refusal("wrong-key")
}

// chose tells what the caller chose in the end, which is how agreement is known. Answers proposed for another kind are gone.
func (d *Driver) chose(ctx context.Context, s *State, kind string) {
	if s.Proposal == nil || d.understanding == nil {
		return
	}
	if err := d.understanding.Chose(ctx, s.NeighbourhoodID, s.Proposal.Use, kind); err != nil {
		d.failed(ctx, s, "what was chosen could not be noted", err)
	}
	if s.Proposal.Kind != kind {
		s.Proposal = nil
	}
}

// proposed reports whether an answer to a question was proposed. Safety questions are always asked in full.
func (s *State) proposed(it *catalogue.Item) bool {
	return s.Proposal != nil && !it.Safety() && len(s.Proposal.Answers[it.LinkID]) > 0
}

// askProposed says an answer that the caller may have given already. It counts only if they say so.
func (d *Driver) askProposed(_ context.Context, s *State) (Turn, error) {
	it, err := d.item(s)
	if err != nil {
		return Turn{}, err
	}
	say := []Phrase{d.catalogued(s, "text."+itemID(s, it), it.Text), d.say(s, "you-said")}
	for _, v := range s.Proposal.Answers[it.LinkID] {
		say = append(say, d.answerWords(s, it, v))
	}
	return Turn{Say: append(say, d.say(s, "is-it-right")), Expect: s.keys(1)}, nil
}

func (d *Driver) keyProposed(ctx context.Context, s *State, keys string) (Turn, error) {
	it, err := d.item(s)
	if err != nil {
		return Turn{}, err
	}
	values := s.Proposal.Answers[it.LinkID]
	switch keys {
	case "1":
		delete(s.Proposal.Answers, it.LinkID)
		return d.answer(ctx, s, it, values...)
	case "2":
		delete(s.Proposal.Answers, it.LinkID)
		return d.enter(ctx, s, stepQuestion)
	}
	return Turn{}, refusal("wrong-key")
}

// listen lets understanding hear, in the shadow, what was said to a question of a kind that the caller chose.
func (d *Driver) listen(s *State, said string) {
	if said == "" || d.understanding == nil {
		return
	}
	d.understanding.Listen(understanding.Heard{
		NeighbourhoodID: s.NeighbourhoodID, OrganisationID: s.OrganisationID, Words: said, Language: known(s.Language),
		Channel: intake.ChannelPhone, Kind: s.Talk.Kind,
	})
}
