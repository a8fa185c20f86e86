package dialogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/intake"
)

// callbackKind is the kind of request that a call becomes when somebody wants a person, or leaves early.
const callbackKind = "callback"

// Driver holds the dialogue of every call at once. It keeps nothing of any of them: that is State.
type Driver struct {
	catalogue     *catalogue.Catalogue
	walker        *intake.Walker
	requests      Requests
	conversations Conversations
	references    References
	directories   Directories
	texts         Texts
	calls         Calls
	callers       Callers
	understanding Understanding
	selfService   SelfService
	needs         Needs
	address       string
	now           func() time.Time
	random        io.Reader
	log           *slog.Logger

	words words
	steps map[Step]part
}

// part is one step of the dialogue.
type part struct {
	// ask says what is asked, whole: it is said again after a silence, a wrong key or a star.
	ask func(ctx context.Context, s *State) (Turn, error)
	// keys takes what was keyed; "" is a hash alone. A refusal is said, and the step asked again.
	keys func(ctx context.Context, s *State, keys string) (Turn, error)
	// giveUp is what follows when nothing usable came three times; nil asks for a person.
	giveUp func(ctx context.Context, s *State) (Turn, error)
}

// refusal is what was keyed and cannot be used, as a phrase's id. It is not a failure.
type refusal string

func (r refusal) Error() string { return "dialogue: refused: " + string(r) }

// New makes a driver. It refuses a phrase that lacks a language, an item of the catalogue that no key or recording answers,
// and a catalogue without callback requests, and names which.
func New(o Options) (*Driver, error) {
	if o.Catalogue == nil || o.Walker == nil || o.Requests == nil || o.Conversations == nil || o.Directories == nil || o.Now == nil || o.Random == nil {
		return nil, errors.New("dialogue: a driver needs a catalogue, a walker, requests, conversations, directories, a clock and randomness")
	}
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	if err := checkCatalogue(o.Catalogue); err != nil {
		return nil, err
	}
	d := &Driver{
		catalogue: o.Catalogue, walker: o.Walker, requests: o.Requests, conversations: o.Conversations, references: o.References, directories: o.Directories,
		texts: o.Texts, calls: o.Calls, callers: o.Callers, understanding: o.Understanding, selfService: o.SelfService, needs: o.Needs, address: o.Address, now: o.Now, random: o.Random,
		log: o.Log, words: w,
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.steps = d.parts()
	return d, nil
}

func (d *Driver) parts() map[Step]part {
	return map[Step]part{
		stepFirst:         {ask: d.askFirst, keys: d.keyFirst},
		stepKind:          {ask: d.askKind, keys: d.keyKind},
		stepQuestion:      {ask: d.askQuestion, keys: d.keyQuestion},
		stepDetail:        {ask: d.askDetail, keys: d.keyDetail},
		stepPostcodeRight: {ask: d.askPostcodeRight, keys: d.keyPostcodeRight},
		stepPharmacy:      {ask: d.askPharmacy, keys: d.keyPharmacy},
		stepCheck:         {ask: d.askCheck, keys: d.keyCheck},
		stepChange:        {ask: d.askChange, keys: d.keyChange},
		stepSent:          {ask: d.askSent, keys: d.keySent, giveUp: d.goodbye},
		stepEmergency:     {ask: d.askEmergency, keys: d.keyEmergency, giveUp: d.endEmergency},
		stepTransfer:      {ask: d.askTransfer, keys: d.keyTransfer},
		stepRingBack:      {ask: d.askRingBack, keys: d.keyRingBack, giveUp: d.ringBack},
		stepNumber:        {ask: d.askNumber, keys: d.keyNumber, giveUp: d.ringBack},
		stepWords:         {ask: d.askWords, keys: d.keyWords, giveUp: d.menus},
		stepMeant:         {ask: d.askMeant, keys: d.keyMeant},
		stepProposed:      {ask: d.askProposed, keys: d.keyProposed},
		stepReference:     {ask: d.askReference, keys: d.keyReference},
		stepBorn:          {ask: d.askBorn, keys: d.keyBorn},
		stepWho:           {ask: d.askWho, keys: d.keyWho},
		stepProveBy:       {ask: d.askProveBy, keys: d.keyProveBy},
		stepProve:         {ask: d.askProve, keys: d.keyProve},
		stepHear:          {ask: d.askHear, keys: d.keyHear, giveUp: d.goodbye},
		stepSelf:          {ask: d.askSelf, keys: d.keySelf, giveUp: d.leaveSelf},
		stepSelfBy:        {ask: d.askProveBy, keys: d.keySelfBy, giveUp: d.leaveSelf},
		stepSelfProve:     {ask: d.askProve, keys: d.keySelfProve, giveUp: d.leaveSelf},
		stepSelfPick:      {ask: d.askSelfPick, keys: d.keySelfPick, giveUp: d.leaveSelf},
		stepSelfSure:      {ask: d.askSelfSure, keys: d.keySelfSure, giveUp: d.leaveSelf},
		stepEnd:           {ask: d.goodbye, keys: func(ctx context.Context, s *State, _ string) (Turn, error) { return d.goodbye(ctx, s) }},
	}
}

// checkCatalogue refuses what a telephone cannot ask. A catalogue that was loaded has passed it; one that was made in another
// way may not have.
func checkCatalogue(c *catalogue.Catalogue) error {
	var wrong []error
	if _, ok := c.Kind(callbackKind); !ok {
		wrong = append(wrong, fmt.Errorf("dialogue: the catalogue has no kind %q", callbackKind))
	}
	for _, k := range c.Kinds() {
		if k.Say == "" || k.Key == "" {
			wrong = append(wrong, fmt.Errorf("dialogue: the kind %s has no keypad rendering", k.Code))
		}
		for _, it := range k.Questionnaire.Questions() {
			if it.Asked() && (it.Say == "" || it.Key.Kind == "" || it.Key.Kind == catalogue.KeyMenu && len(it.Menu()) == 0) {
				wrong = append(wrong, fmt.Errorf("dialogue: %s: the item %s has no keypad rendering", k.Code, it.LinkID))
			}
		}
	}
	return errors.Join(wrong...)
}

// Start answers a call: what is said first, and the state that every later event is given with.
func (d *Driver) Start(ctx context.Context, start Start) (*State, Turn, error) {
	s := &State{Start: start, Step: stepFirst}
	s.Language = known(s.Language)
	if s.At.IsZero() {
		s.At = d.now()
	}
	turn, err := d.steps[stepFirst].ask(ctx, s)
	if err != nil {
		turn, err = d.troubled(ctx, s, err)
	}
	return s, s.unhurried(turn), err
}

// Handle says what follows an event. It changes the state. After a hang-up, and after a person answered, the Turn is empty
// and the call is over; later events change nothing. What goes wrong on our side is said to the caller and logged: an error
// is returned only for a state that is not of this package.
//
// A channel calls it to the end also when the caller has gone: HungUp is what keeps what they had answered.
func (d *Driver) Handle(ctx context.Context, s *State, e Event) (Turn, error) {
	if s == nil || d.steps[s.Step].ask == nil {
		return Turn{}, errors.New("dialogue: this is not the state of a call")
	}
	if s.Over {
		return Turn{}, nil
	}
	turn, err := d.handle(ctx, s, e)
	var no refusal
	if errors.As(err, &no) {
		turn, err = d.refused(ctx, s, no)
	}
	if err != nil {
		turn, err = d.troubled(ctx, s, err)
	}
	d.note(ctx, s)
	return s.unhurried(turn), err
}

func (d *Driver) handle(ctx context.Context, s *State, e Event) (Turn, error) {
	switch e.Kind {
	case HungUp, ChannelEnded:
		d.leave(ctx, s)
		return Turn{}, nil
	case Silence:
		return d.silent(ctx, s)
	case PutThrough:
		return d.putThrough(ctx, s)
	case NoOneThere:
		return d.nobodyThere(ctx, s)
	case Recorded:
		return d.recorded(ctx, s, e)
	case LineTrouble:
		return d.notRecorded(ctx, s)
	case Keys:
		return d.keyed(ctx, s, e.Keys)
	}
	return d.again(ctx, s)
}

// keyed takes what was keyed: a star repeats and a 0 alone asks for a person, everywhere.
func (d *Driver) keyed(ctx context.Context, s *State, keys string) (Turn, error) {
	switch {
	case keys != "" && keys[len(keys)-1] == '*':
		s.Silences, s.Wrong = 0, 0
		return d.again(ctx, s)
	case keys == "0":
		return d.person(ctx, s)
	}
	return d.steps[s.Step].keys(ctx, s, keys)
}

// enter goes to a step and asks it, after other words.
func (d *Driver) enter(ctx context.Context, s *State, step Step, lead ...Phrase) (Turn, error) {
	s.Step, s.Silences, s.Wrong = step, 0, 0
	return d.again(ctx, s, lead...)
}

// again asks the step that the call is at, after other words.
func (d *Driver) again(ctx context.Context, s *State, lead ...Phrase) (Turn, error) {
	turn, err := d.steps[s.Step].ask(ctx, s)
	turn.Say = append(lead[:len(lead):len(lead)], turn.Say...)
	return turn, err
}

// silent repeats, and repeats, and then asks for a person: a caller who does nothing is never hung up on.
func (d *Driver) silent(ctx context.Context, s *State) (Turn, error) {
	s.Silences++
	if s.Silences >= patience {
		return d.giveUp(ctx, s)
	}
	return d.again(ctx, s, d.say(s, "take-your-time"))
}

// refused says what was wrong with what was keyed, and asks again; three times, and it asks for a person.
func (d *Driver) refused(ctx context.Context, s *State, no refusal) (Turn, error) {
	s.Wrong++
	s.Silences = 0
	if s.Wrong >= patience {
		return d.giveUp(ctx, s)
	}
	return d.again(ctx, s, d.say(s, string(no)))
}

func (d *Driver) giveUp(ctx context.Context, s *State) (Turn, error) {
	if giveUp := d.steps[s.Step].giveUp; giveUp != nil {
		return giveUp(ctx, s)
	}
	return d.person(ctx, s)
}

// troubled is what a caller hears when something failed on our side: it is said, and a person is sought. When that fails too,
// they are told what to do instead.
func (d *Driver) troubled(ctx context.Context, s *State, cause error) (Turn, error) {
	d.failed(ctx, s, "a call met trouble", cause)
	sorry := d.say(s, "trouble")
	if s.Step != stepRingBack && s.Step != stepNumber && s.Step != stepTransfer && s.Step != stepEnd {
		turn, err := d.person(ctx, s)
		if err == nil {
			turn.Say = append([]Phrase{sorry}, turn.Say...)
			return turn, nil
		}
		d.failed(ctx, s, "a call met trouble on its way to a person", err)
	}
	s.Step = stepEnd
	return Turn{Say: []Phrase{sorry, d.say(s, "trouble-end"), d.say(s, "help-now")}, Expect: Expect{Kind: ExpectEnd}}, nil
}

// failed logs what went wrong, and nothing of whom it concerned.
func (d *Driver) failed(ctx context.Context, s *State, what string, cause error) {
	d.log.LogAttrs(ctx, slog.LevelError, what, slog.String("step", string(s.Step)), slog.String("cause", cause.Error()))
}

// where is the step in words of the record: question.symptoms.duration.
func (s *State) where() string {
	switch {
	case s.Step == stepQuestion && s.Talk != nil:
		return string(s.Step) + "." + s.Talk.Kind + "." + s.Place.LinkID
	case s.Step == stepDetail:
		return string(s.Step) + "." + string(s.Place.Detail)
	}
	return string(s.Step)
}

// note tells the record of the call what it has come to. A call goes on without.
func (d *Driver) note(ctx context.Context, s *State) {
	if d.calls == nil {
		return
	}
	n := calls.Note{
		PersonAsked: s.PersonAskedAt, Person: s.PersonAt, Language: s.Language, Step: s.where(), Reference: string(s.Sent),
		AnswersKept: s.Filed != "", End: s.Ending,
	}
	if s.Talk != nil {
		n.Kind = s.Talk.Kind
	}
	if n.Reference == "" {
		n.Reference = string(s.Filed)
	}
	if err := d.calls.Note(context.WithoutCancel(ctx), s.NeighbourhoodID, s.CallID, n); err != nil {
		d.failed(ctx, s, "a call could not be noted", err)
	}
}
