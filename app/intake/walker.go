package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// Walker walks conversations. It holds no state of its own: one serves every channel and every conversation at once.
type Walker struct {
	catalogue     *catalogue.Catalogue
	needsPharmacy NeedsPharmacy
	now           func() time.Time
	reference     func() (string, error)
}

// Option is something that a walker can do without.
type Option func(*Walker)

// References gives conversations a reference, by which a person takes theirs up on another channel.
func References(draw func() (string, error)) Option {
	return func(w *Walker) { w.reference = draw }
}

// NeedsPharmacy previews the decision for a conversation, and says whether it would go to a pharmacy of the patient's choice.
type NeedsPharmacy func(ctx context.Context, c *Conversation) (bool, error)

// NewWalker makes a walker. Without a preview no pharmacy is ever asked for; without References a conversation stays on the
// channel where it began.
func NewWalker(c *catalogue.Catalogue, needsPharmacy NeedsPharmacy, now func() time.Time, options ...Option) *Walker {
	w := &Walker{catalogue: c, needsPharmacy: needsPharmacy, now: now}
	for _, option := range options {
		option(w)
	}
	return w
}

// StepKind says what a step is.
type StepKind string

const (
	StepAsk      StepKind = "ask"      // a question: Item
	StepDetails  StepKind = "details"  // something of the person: Details, the first of which to ask now
	StepPharmacy StepKind = "pharmacy" // choose a pharmacy from a neutral list
	StepCheck    StepKind = "check"    // all is answered: show Review, then submit
	StepStop     StepKind = "stop"     // an emergency: call 999
	StepDone     StepKind = "done"     // submitted
)

// Step is what a channel does next.
type Step struct {
	Kind StepKind
	Item *catalogue.Item
	// Values are what was answered to Item before, when somebody came back to it.
	Values []catalogue.Value
	// Suggested is what they may have said to Item already, in words of their own: show it, and let them say whether it is right.
	Suggested []catalogue.Value
	Details   []Detail
	// Alarm says why to stop.
	Alarm catalogue.Alarm
	// Safety is true of questions that come before anything about the person.
	Safety bool
}

// Start begins a conversation about one kind of request.
func (w *Walker) Start(id, neighbourhood uuid.UUID, kind, channel, language string) (*Conversation, error) {
	k, ok := w.catalogue.Kind(kind)
	if !ok {
		return nil, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	if !knownChannel(channel) {
		return nil, unknownChannel()
	}
	now := w.now()
	c := &Conversation{
		ID: id, NeighbourhoodID: neighbourhood, Kind: kind, Questionnaire: k.Questionnaire.Version(), Channel: channel,
		Language: language, Answers: catalogue.Answers{}, StartedAt: now, UpdatedAt: now,
	}
	if w.reference == nil {
		return c, nil
	}
	var err error
	if c.Reference, err = w.reference(); err != nil {
		return nil, fmt.Errorf("draw a reference: %w", err)
	}
	return c, nil
}

// Next is what to do now. It asks each enabled question once, safety first; then for the person's details; then, only if the
// preview of the decision needs it, for a pharmacy; and ends in the answers to check. Details can enable questions, such as
// those for another age: these are asked before it goes on. An emergency stops it at once.
func (w *Walker) Next(ctx context.Context, c *Conversation) (Step, error) {
	q, err := w.questionnaire(c)
	if err != nil {
		return Step{}, err
	}
	if c.Submitted != "" {
		return Step{Kind: StepDone}, nil
	}
	known := c.Known(w.today())
	settled, _ := q.Settle(c.Answers, known)
	if step, ok := w.returned(c, q, settled, known); ok {
		return step, nil
	}
	if alarm, found := q.Alarm(c.Answers, known); found {
		return Step{Kind: StepStop, Alarm: alarm}, nil
	}
	for _, it := range q.Questions() {
		if q.Asks(it, settled, known) && !c.answered(it.LinkID) {
			return ask(it, c), nil
		}
	}
	if missing := c.Details.missing(c.Channel); len(missing) > 0 {
		return Step{Kind: StepDetails, Details: missing}, nil
	}
	if w.needsPharmacy == nil || c.Details.asked(Pharmacy) {
		return Step{Kind: StepCheck}, nil
	}
	needed, err := w.needsPharmacy(ctx, c)
	if err != nil {
		return Step{}, err
	}
	if needed {
		return Step{Kind: StepPharmacy}, nil
	}
	return Step{Kind: StepCheck}, nil
}

// returned is the step that somebody went back to, if it is still one.
func (w *Walker) returned(c *Conversation, q *catalogue.Questionnaire, settled catalogue.Answers, known catalogue.Known) (Step, bool) {
	switch {
	case c.At.LinkID != "":
		it, ok := q.Item(c.At.LinkID)
		return ask(it, c), ok && q.Asks(it, settled, known)
	case c.At.Detail == Pharmacy:
		return Step{Kind: StepPharmacy}, true
	case c.At.Detail != "":
		return Step{Kind: StepDetails, Details: []Detail{c.At.Detail}}, slices.Contains(c.Details.wanted(c.Channel), c.At.Detail)
	}
	return Step{}, false
}

func ask(it *catalogue.Item, c *Conversation) Step {
	if it == nil {
		return Step{}
	}
	return Step{Kind: StepAsk, Item: it, Values: slices.Clone(c.Answers[it.LinkID]), Suggested: slices.Clone(c.Suggested[it.LinkID]), Safety: it.Safety()}
}

// Answer gives the answer to a question; no values leave it out, which pages do not allow where the item is required.
// Any question that is enabled can be answered again: later answers stay, and those that are disabled do not count.
func (w *Walker) Answer(c *Conversation, linkID string, values []catalogue.Value) error {
	it, err := w.change(c, linkID)
	if err != nil {
		return err
	}
	checked, err := it.Check(values)
	if err != nil {
		return err
	}
	if len(checked) == 0 && it.Required {
		return fault.InvalidFields([]fault.Field{{Pointer: "/answers/" + linkID, Code: "required", Says: "Answer this question."}})
	}
	c.forget(linkID)
	if len(checked) == 0 {
		c.Skipped = append(c.Skipped, linkID)
	} else {
		c.Answers[linkID] = checked
	}
	c.changed(w.now())
	return nil
}

// Skip leaves a question without an answer, a required one too: what is missing is unknown, never an error. It is for the
// telephone and for a person who asks on behalf of another; pages call Answer.
func (w *Walker) Skip(c *Conversation, linkID string) error {
	if _, err := w.change(c, linkID); err != nil {
		return err
	}
	c.forget(linkID)
	c.Skipped = append(c.Skipped, linkID)
	c.changed(w.now())
	return nil
}

// Record gives a recording in place of words.
func (w *Walker) Record(c *Conversation, linkID, recording string) error {
	it, err := w.change(c, linkID)
	if err != nil {
		return err
	}
	if !it.FreeText() || recording == "" {
		return fault.New(fault.Invalid, "not_recorded", "This question is not answered by a recording.")
	}
	c.forget(linkID)
	if c.Recordings == nil {
		c.Recordings = make(map[string]string)
	}
	c.Recordings[linkID] = recording
	c.changed(w.now())
	return nil
}

// Give tells a detail of the person: a name as two texts, all others as one. No text leaves it unknown, where that is allowed.
func (w *Walker) Give(c *Conversation, detail Detail, texts ...string) error {
	if err := c.touch(w.now()); err != nil {
		return err
	}
	if err := c.Details.give(detail, c.Channel, w.today(), texts); err != nil {
		return err
	}
	c.changed(w.now())
	return nil
}

// GoOn takes a conversation up on another channel. What was answered stands, and the hour begins anew.
func (w *Walker) GoOn(c *Conversation, channel string) error {
	if err := c.touch(w.now()); err != nil {
		return err
	}
	if !knownChannel(channel) {
		return unknownChannel()
	}
	c.Channel = channel
	c.changed(w.now())
	return nil
}

// Leave notes the callback request that what was answered so far became, when a call ends before its end. The conversation
// can still be taken up for its hour.
func (w *Walker) Leave(c *Conversation, callback string) error {
	if err := c.touch(w.now()); err != nil {
		return err
	}
	c.Callback = callback
	return nil
}

// Submit marks the conversation as sent, with the reference of its request. It cannot be changed any more.
func (w *Walker) Submit(c *Conversation, reference string) error {
	if err := c.touch(w.now()); err != nil {
		return err
	}
	c.Submitted = reference
	return nil
}

// Settled is what counts of the answers, as a request carries them, and the linkIds of those that do not count.
func (w *Walker) Settled(c *Conversation) (answers catalogue.Answers, ignored []string, err error) {
	q, err := w.questionnaire(c)
	if err != nil {
		return nil, nil, err
	}
	answers, ignored = q.Settle(c.Answers, c.Known(w.today()))
	return answers, ignored, nil
}

// Facts are what policy would decide from now, as far as the conversation knows: nothing of where the person is registered.
func (w *Walker) Facts(c *Conversation) (policy.Facts, error) {
	q, err := w.questionnaire(c)
	if err != nil {
		return nil, err
	}
	return q.Facts(c.Answers, c.Known(w.today())), nil
}

// change finds the item that is about to be answered, and refuses what cannot be.
func (w *Walker) change(c *Conversation, linkID string) (*catalogue.Item, error) {
	if err := c.touch(w.now()); err != nil {
		return nil, err
	}
	q, err := w.questionnaire(c)
	if err != nil {
		return nil, err
	}
	known := c.Known(w.today())
	settled, _ := q.Settle(c.Answers, known)
	it, ok := q.Item(linkID)
	if !ok || !q.Asks(it, settled, known) {
		return nil, fault.New(fault.Invalid, "not_asked", "This question is not one of those being asked.")
	}
	return it, nil
}

func (w *Walker) questionnaire(c *Conversation) (*catalogue.Questionnaire, error) {
	k, ok := w.catalogue.Kind(c.Kind)
	if !ok {
		return nil, fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	w.renew(c, k.Questionnaire)
	return k.Questionnaire, nil
}

// renew carries answers over to another version of the questions, published while somebody was answering: what no longer
// answers an item is asked again.
func (w *Walker) renew(c *Conversation, q *catalogue.Questionnaire) {
	if c.Questionnaire == q.Version() {
		return
	}
	for id, values := range c.Answers {
		it, ok := q.Item(id)
		if !ok {
			delete(c.Answers, id)
			continue
		}
		if _, err := it.Check(values); err != nil {
			delete(c.Answers, id)
		}
	}
	c.Suggested = nil
	c.Questionnaire = q.Version()
}

func (w *Walker) today() nhs.Date { return nhs.DateOf(w.now().In(tenants.London())) }

func knownChannel(channel string) bool {
	return slices.Contains([]string{ChannelWeb, ChannelApp, ChannelPhone, ChannelInPerson}, channel)
}

func unknownChannel() error {
	return fault.New(fault.Invalid, "unknown_channel", "The channel must be web, app, phone or in-person.")
}
