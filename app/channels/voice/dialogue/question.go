package dialogue

import (
	"context"
	"errors"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

// item is the question that is being asked.
func (d *Driver) item(s *State) (*catalogue.Item, error) {
	if s.Talk == nil {
		return nil, errors.New("dialogue: nothing is being asked")
	}
	kind, ok := d.catalogue.Kind(s.Talk.Kind)
	if !ok {
		return nil, errors.New("dialogue: the kind is gone")
	}
	it, ok := kind.Questionnaire.Item(s.Place.LinkID)
	if !ok {
		return nil, errors.New("dialogue: the question is gone")
	}
	return it, nil
}

// itemID is what an item's phrases are called: the safety questions are the same in every kind.
func itemID(s *State, it *catalogue.Item) string {
	if it.Safety() {
		return "question.safety." + it.LinkID
	}
	return "question." + s.Talk.Kind + "." + it.LinkID
}

// askQuestion says a question and how it is keyed.
func (d *Driver) askQuestion(_ context.Context, s *State) (Turn, error) {
	it, err := d.item(s)
	if err != nil {
		return Turn{}, err
	}
	id := itemID(s, it)
	if it.Key.Kind == catalogue.KeyMenu {
		return d.askMenu(s, it, id), nil
	}
	turn := Turn{Say: append(d.noticed(s, it), d.catalogued(s, id, it.Say)), Expect: s.keys(1)}
	switch it.Key.Kind {
	case catalogue.KeyYesNo:
		turn.Say = append(turn.Say, d.say(s, "yes-no"))
	case catalogue.KeyDigits:
		turn.Say = append(turn.Say, d.say(s, "then-hash"))
		turn.Expect = s.keys(it.Key.Length)
	case catalogue.KeyDate:
		turn.Say = append(turn.Say, d.say(s, "key-date"))
		turn.Expect = s.keys(it.Key.Length)
	case catalogue.KeyRecording:
		turn.Say = append(turn.Say, d.say(s, "end-speaking"))
		turn.Expect = s.recording()
	}
	return turn, nil
}

// askMenu says the keys that stand open. The question itself is said with the first of them; where it is only whether there
// are more, that comes first, so that nobody need hear the list again.
func (d *Driver) askMenu(s *State, it *catalogue.Item, id string) Turn {
	turn := Turn{Expect: s.keys(1)}
	entries := d.entries(s, id, at(it.Menu(), s.Menu))
	switch {
	case s.Menu != "":
		turn.Say = append(entries, d.say(s, "go-back"))
	case len(s.Chosen) > 0:
		turn.Say = append([]Phrase{d.say(s, "any-other")}, entries...)
	default:
		turn.Say = append(append(d.noticed(s, it), d.catalogued(s, id, it.Say)), entries...)
	}
	turn.Expect.Hash = len(s.Chosen) > 0
	return turn
}

// noticed are words said once in a request: how to go on if the call is cut off, that a question can be left out, and, before
// any are, that words are recorded.
func (d *Driver) noticed(s *State, it *catalogue.Item) []Phrase {
	var say []Phrase
	if !s.ToldReference && !it.Safety() && s.Talk.Reference != "" {
		say = append(say, d.say(s, "cut-off"), s.spelt(digits(requests.Reference(s.Talk.Reference).Spaced())))
	}
	if !s.ToldSkipping && !it.Safety() {
		say = append(say, d.say(s, "leave-out"))
	}
	if !s.ToldRecording && it.FreeText() {
		say = append(say, d.say(s, "recording-notice"))
	}
	return say
}

// told remembers what was said with a question that is now answered.
func (s *State) told(it *catalogue.Item) {
	s.ToldSkipping = s.ToldSkipping || !it.Safety()
	s.ToldReference = s.ToldReference || !it.Safety()
	s.ToldRecording = s.ToldRecording || it.FreeText()
}

func (d *Driver) keyQuestion(ctx context.Context, s *State, keys string) (Turn, error) {
	it, err := d.item(s)
	if err != nil {
		return Turn{}, err
	}
	if it.Key.Kind == catalogue.KeyMenu {
		return d.keyMenu(ctx, s, it, keys)
	}
	if keys == "" {
		return d.skip(ctx, s, it)
	}
	value, err := it.ParseKeys(keys)
	if err != nil {
		return Turn{}, d.refusalOf(err, wrongFor(it))
	}
	return d.answer(ctx, s, it, value)
}

func wrongFor(it *catalogue.Item) refusal {
	switch it.Key.Kind {
	case catalogue.KeyDate:
		return "wrong-date"
	case catalogue.KeyDigits:
		return "wrong-number"
	case catalogue.KeyRecording:
		return "say-in-words"
	}
	return "wrong-key"
}

// keyMenu takes one key of a menu: a group opens another, a hash goes back, or leaves out, or says that it is all.
func (d *Driver) keyMenu(ctx context.Context, s *State, it *catalogue.Item, keys string) (Turn, error) {
	if keys == "" {
		switch {
		case s.Menu != "":
			s.Menu = ""
			return d.enter(ctx, s, stepQuestion)
		case len(s.Chosen) > 0:
			return d.chosen(ctx, s, it)
		}
		return d.skip(ctx, s, it)
	}
	entry, ok := pick(at(it.Menu(), s.Menu), keys)
	if !ok {
		return Turn{}, refusal("wrong-key")
	}
	if entry.Code == "" {
		s.Menu = entry.Key
		return d.enter(ctx, s, stepQuestion)
	}
	if !it.Repeats {
		return d.answer(ctx, s, it, catalogue.Text(entry.Code))
	}
	return d.choose(ctx, s, it, entry.Code)
}

// choose adds one of several. An emergency is not kept waiting for others, and "none of these" ends the list.
func (d *Driver) choose(ctx context.Context, s *State, it *catalogue.Item, code string) (Turn, error) {
	option, _ := it.Option(code)
	switch {
	case option.Exclusive && len(s.Chosen) > 0 && it.RedFlag:
		// "None of these" after a danger sign means no other one: what was said stays said.
		return d.chosen(ctx, s, it)
	case option.Exclusive:
		s.Chosen = []string{code}
		return d.chosen(ctx, s, it)
	}
	s.addChosen(code)
	if option.RedFlag == catalogue.Emergency || len(s.Chosen) == len(it.Options) {
		return d.chosen(ctx, s, it)
	}
	s.Menu = ""
	return d.enter(ctx, s, stepQuestion)
}

func (s *State) addChosen(code string) {
	for _, c := range s.Chosen {
		if c == code {
			return
		}
	}
	s.Chosen = append(s.Chosen, code)
}

func (d *Driver) chosen(ctx context.Context, s *State, it *catalogue.Item) (Turn, error) {
	return d.answer(ctx, s, it, s.values()...)
}

func (s *State) values() []catalogue.Value {
	values := make([]catalogue.Value, 0, len(s.Chosen))
	for _, code := range s.Chosen {
		values = append(values, catalogue.Text(code))
	}
	return values
}

// settle keeps what was chosen so far of a question that takes several, when a caller leaves in the middle of it.
func (d *Driver) settle(s *State) {
	if s.Step != stepQuestion || len(s.Chosen) == 0 || !s.open() {
		return
	}
	if it, err := d.item(s); err == nil && d.walker.Answer(s.Talk, it.LinkID, s.values()) == nil {
		s.Chosen = nil
	}
}

func (d *Driver) answer(ctx context.Context, s *State, it *catalogue.Item, values ...catalogue.Value) (Turn, error) {
	if err := d.walker.Answer(s.Talk, it.LinkID, values); err != nil {
		return Turn{}, d.refusalOf(err, wrongFor(it))
	}
	s.told(it)
	return d.goOn(ctx, s)
}

func (d *Driver) skip(ctx context.Context, s *State, it *catalogue.Item) (Turn, error) {
	if err := d.walker.Skip(s.Talk, it.LinkID); err != nil {
		return Turn{}, d.refusalOf(err, wrongFor(it))
	}
	s.told(it)
	return d.goOn(ctx, s)
}

// recorded takes what was spoken. Zero ends it by asking for a person, as anywhere.
func (d *Driver) recorded(ctx context.Context, s *State, e Event) (Turn, error) {
	if s.Step == stepWords {
		if e.Keys == "0" {
			return d.person(ctx, s)
		}
		return d.heardWords(ctx, s, e.Said)
	}
	if s.Step != stepQuestion {
		return d.again(ctx, s)
	}
	it, err := d.item(s)
	if err != nil {
		return Turn{}, err
	}
	if err := d.walker.Record(s.Talk, it.LinkID, e.Recording.String()); err != nil {
		return Turn{}, d.refusalOf(err, wrongFor(it))
	}
	d.listen(s, e.Said)
	if e.Keys == "0" {
		return d.person(ctx, s)
	}
	s.told(it)
	return d.goOn(ctx, s)
}

// notRecorded goes on without a recording that could not be kept.
func (d *Driver) notRecorded(ctx context.Context, s *State) (Turn, error) {
	switch s.Step {
	case stepQuestion:
	case stepWords:
		return d.menus(ctx, s)
	default:
		return d.again(ctx, s)
	}
	it, err := d.item(s)
	if err != nil || !it.FreeText() {
		return d.again(ctx, s)
	}
	if err := d.walker.Skip(s.Talk, it.LinkID); err != nil {
		return Turn{}, d.refusalOf(err, wrongFor(it))
	}
	s.told(it)
	return d.goOn(ctx, s, d.say(s, "recording-failed"))
}

// refusalOf is what a caller hears of a rule that what they keyed breaks; anything else is our failure.
func (d *Driver) refusalOf(err error, no refusal) error {
	f := fault.As(err)
	if f.Kind != fault.Invalid {
		return err
	}
	for _, field := range f.Fields {
		if field.Code == "required" {
			return refusal("needed")
		}
	}
	return no
}
