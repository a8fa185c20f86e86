// Package webhook is what the webhooks of telephony platforms have in common: calls that live between two messages. A
// platform carries the call, posts what happened, and does what it is answered. Each answer has a number, and the platform
// posts it back with what happened after it; so a message that comes twice gets the same answer again and changes nothing,
// and one that comes late or from somebody who kept it is refused.
//
// Between two messages a call is a session of package calls: the dialogue's state and its last turn, sealed. Any node can
// take the next message. The packages twiml and jambonz read and check a platform's messages and write its language; what
// is asked and what an answer means is package dialogue's.
//
// Recordings reach the product here, and are kept by package recordings. The sound of our own words is served from
// addresses that are signed with a secret of the one call, and hold for the one turn: nothing in them says what it is.
package webhook

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Line is one line that platforms bring calls to.
type Line struct {
	Name            string // in the webhook's address: a neighbourhood's slug, an ODS code
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // zero for the neighbourhood's own line
	Language        string    // BCP 47, in which the line greets
	// Reception is where people answer, tried in this order: +441632960101, sip:desk@192.0.2.10. Nothing else is dialled.
	Reception []string
	// TwiMLTokens check what Twilio signs, and JambonzSecrets what jambonz signs; two while rotating, none for not at all.
	TwiMLTokens, JambonzSecrets []string
}

// Lines know the lines. Names are compared without case.
type Lines interface {
	Line(ctx context.Context, name string) (Line, bool, error)
}

// Dialogue says what follows an event. It is dialogue.Driver.
type Dialogue interface {
	Start(ctx context.Context, start dialogue.Start) (*dialogue.State, dialogue.Turn, error)
	Handle(ctx context.Context, s *dialogue.State, e dialogue.Event) (dialogue.Turn, error)
}

// Calls keep the record of calls and their sessions. It is calls.Service.
type Calls interface {
	Begin(ctx context.Context, n calls.New) (calls.Call, error)
	Note(ctx context.Context, neighbourhood, id uuid.UUID, n calls.Note) error
	End(ctx context.Context, neighbourhood, id uuid.UUID, e calls.Ending) (calls.Call, error)
	SaveSession(ctx context.Context, neighbourhood uuid.UUID, s calls.Session) error
	LoadSession(ctx context.Context, neighbourhood, call uuid.UUID) (calls.Session, error)
}

// Recordings keep what callers say. It is recordings.Service.
type Recordings interface {
	Keep(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte) (uuid.UUID, error)
}

// Prompts are our own sound for a phrase: 8,000 bytes of G.711 mu-law a second. An error means that there is none, and the
// platform's own voice says the words.
type Prompts interface {
	Sound(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) ([]byte, error)
}

// Options are what a Hook is made of.
type Options struct {
	Via        calls.Via
	Lines      Lines
	Dialogue   Dialogue
	Calls      Calls
	Recordings Recordings
	Prompts    Prompts // nil: the platform's voice says everything
	// Base is the address under which the platform reaches us, without a slash at its end: https://onedoor.example.
	Base string
	// Passes asks for a pass in each address: for platforms that sign what they post and not where.
	Passes bool
	Now    func() time.Time
	Random io.Reader // crypto/rand when nil
	Log    *slog.Logger
}

// Hook drives the calls of one platform. It is safe for concurrent use.
type Hook struct {
	Options
	busy busy
}

// New makes a hook.
func New(o Options) *Hook {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Base = strings.TrimRight(o.Base, "/")
	return &Hook{Options: o}
}

const (
	// repeatable is how long after it was handled a message may come again for the same answer: platforms try again within
	// seconds when a connection breaks.
	repeatable = 30 * time.Second
	// lateHash is how long after a field was full a hash still belongs to it.
	lateHash = 3 * time.Second
)

// Answer is what to tell the platform.
type Answer struct {
	CallID uuid.UUID
	Step   int
	Turn   dialogue.Turn
	Line   Line
	// Pass goes into the addresses of an answer where a platform does not sign them: nobody else can name the next answer's.
	Pass string
	// Sound is the address of all that the turn says; empty when the platform's voice has to say it.
	Sound string
	// Lasts is about how long it takes to say.
	Lasts time.Duration
	// Over calls get no more: hang up.
	Over bool
}

func replayed() *fault.Error {
	return fault.New(fault.Forbidden, "webhook_replayed", "This message was taken before.")
}

// Refused is the one answer to a message that is not signed as it should be, of whatever line.
func Refused(why error) *fault.Error {
	return fault.New(fault.Forbidden, "webhook_signature", "This message is not signed by who may send it.").Because(why)
}

// Begin answers a call. Its message again gets the same answer, until the caller has done something.
func (h *Hook) Begin(ctx context.Context, line Line, external string, caller nhs.Phone) (Answer, error) {
	defer h.busy.hold(external)()
	call, err := h.begin(ctx, line, external, caller)
	if err != nil {
		return Answer{}, err
	}
	if call.Ended() {
		return Answer{}, replayed()
	}
	s, err := h.load(ctx, line, call.ID)
	if err == nil {
		if s.Step != 1 || h.Now().Sub(s.At) > repeatable {
			return Answer{}, replayed()
		}
		return h.answer(ctx, line, s), nil
	}
	if !fault.Is(err, "not_found") {
		return Answer{}, err
	}
	state, turn, err := h.Dialogue.Start(ctx, dialogue.Start{
		CallID: call.ID, NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID, Caller: caller, Language: line.Language,
		At: call.StartedAt, CanTransfer: len(line.Reception) > 0,
	})
	if err != nil {
		return Answer{}, err
	}
	s = &session{External: external, Secret: make([]byte, 32), Step: 1, At: h.Now(), State: state, Turn: turn, call: call.ID}
	if _, err := io.ReadFull(h.Random, s.Secret); err != nil {
		return Answer{}, err
	}
	if err := h.Calls.Note(ctx, line.NeighbourhoodID, call.ID, calls.Note{Answered: s.At}); err != nil {
		return Answer{}, err
	}
	if err := h.save(ctx, line, s); err != nil {
		return h.taken(ctx, line, call.ID, 0, err)
	}
	return h.answer(ctx, line, s), nil
}

func (h *Hook) begin(ctx context.Context, line Line, external string, caller nhs.Phone) (calls.Call, error) {
	return h.Calls.Begin(ctx, calls.New{
		NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID, Line: line.Name, Via: h.Via, External: external,
		Caller: caller, Language: line.Language, At: h.Now(),
	})
}

// Event is what happened after an answer, read with what was expected then. The hook asks for it once it is sure that the
// message is the next one: a recording is not fetched for a message that is not.
type Event func(ctx context.Context, expected Expected) (dialogue.Event, error)

// Expected is what the answer before expected.
type Expected struct {
	CallID uuid.UUID
	LinkID string // of the question that a recording answers
	Expect dialogue.Expect
	// Since is when that answer was given, and Lasts how long its words take.
	Since time.Time
	Lasts time.Duration
	// Heard is a recording that came by another way, and the key that ended it: 0, a star, or none.
	Heard func(context.Context) (uuid.UUID, string)
}

// Next handles the message that follows an answer, and answers. The message that came before it, again, gets its answer
// again; an older one is refused (webhook_replayed), and one of a call that is over gets the end.
func (h *Hook) Next(ctx context.Context, line Line, at Place, external string, event Event) (Answer, error) {
	defer h.busy.hold(external)()
	step := at.Step
	s, err := h.load(ctx, line, at.Call)
	if fault.Is(err, "not_found") {
		return Answer{CallID: at.Call, Line: line, Over: true}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(s.External), []byte(external)) != 1 || !h.passes(s, at):
		return Answer{}, Refused(nil)
	case over(s): // put through: the platform says when it ends
		return Answer{CallID: at.Call, Line: line, Over: true}, nil
	case step == s.Step-1 && h.Now().Sub(s.At) <= repeatable:
		return h.answer(ctx, line, s), nil
	case step != s.Step:
		return Answer{}, replayed()
	}
	e, err := event(ctx, h.expected(line, s))
	if err != nil {
		return Answer{}, err
	}
	return h.handle(ctx, line, s, e)
}

// handle gives the dialogue an event, and keeps what follows.
func (h *Hook) handle(ctx context.Context, line Line, s *session, e dialogue.Event) (Answer, error) {
	now, before := h.Now(), s.Turn.Expect
	if !h.late(s, e, now) { // a late hash changes nothing: the words are said again
		turn, err := h.Dialogue.Handle(ctx, s.State, e)
		if err != nil {
			return Answer{}, err
		}
		s.Turn = turn
	}
	s.Filled = e.Kind == dialogue.Keys && before.Most > 1 && len(e.Keys) == before.Most
	s.Step, s.At, s.Heard, s.HeardKey = s.Step+1, now, uuid.Nil, ""
	if err := h.save(ctx, line, s); err != nil {
		return h.taken(ctx, line, s.call, s.Step-1, err)
	}
	if over(s) {
		a := Answer{CallID: s.call, Line: line, Over: true}
		if e.Kind == dialogue.PutThrough { // the call goes on without us, and HungUp ends it
			return a, nil
		}
		return a, h.end(ctx, line, s.call)
	}
	return h.answer(ctx, line, s), nil
}

func over(s *session) bool { return s.Turn.Expect.Kind == "" }

func (h *Hook) late(s *session, e dialogue.Event, now time.Time) bool {
	return s.Filled && e.Kind == dialogue.Keys && e.Keys == "" && !s.Turn.Expect.Hash && now.Sub(s.At) <= lateHash
}

// taken answers a message that another node took first with what that one answered.
func (h *Hook) taken(ctx context.Context, line Line, call uuid.UUID, step int, cause error) (Answer, error) {
	if !fault.Is(cause, "session_moved_on") {
		return Answer{}, cause
	}
	s, err := h.load(ctx, line, call)
	if err != nil {
		return Answer{}, err
	}
	if s.Step != step+1 {
		return Answer{}, replayed()
	}
	return h.answer(ctx, line, s), nil
}

// HungUp ends a call whose platform says that it is over, and files what was answered. Of a call that is over it changes
// nothing; one that never reached the dialogue is recorded as failed, so that no count loses it.
func (h *Hook) HungUp(ctx context.Context, line Line, external string, caller nhs.Phone) error {
	defer h.busy.hold(external)()
	call, err := h.begin(ctx, line, external, caller)
	if err != nil || call.Ended() {
		return err
	}
	for range 4 {
		s, err := h.load(ctx, line, call.ID)
		if fault.Is(err, "not_found") {
			_, err := h.Calls.End(ctx, line.NeighbourhoodID, call.ID, calls.Failed)
			return err
		}
		if err != nil {
			return err
		}
		if err := leave(ctx, h.Dialogue, s); err != nil {
			return err
		}
		// Kept before the end: another node that is handling a key meanwhile loses, and its answer reaches nobody.
		s.Turn, s.Step = dialogue.Turn{}, s.Step+1
		err = h.save(ctx, line, s)
		if fault.Is(err, "session_moved_on") {
			continue
		}
		if err != nil {
			return err
		}
		return h.end(ctx, line, call.ID)
	}
	return fault.New(fault.Unavailable, "busy", "Please try again.")
}

func leave(ctx context.Context, d Dialogue, s *session) error {
	kind := dialogue.HungUp
	if s.Turn.Expect.Kind == dialogue.ExpectEnd {
		kind = dialogue.ChannelEnded
	}
	_, err := d.Handle(ctx, s.State, dialogue.Event{Kind: kind})
	return err
}

func (h *Hook) end(ctx context.Context, line Line, call uuid.UUID) error {
	_, err := h.Calls.End(ctx, line.NeighbourhoodID, call, "")
	return err
}

// File brings what was answered in a call whose platform never said that it was over to reception, from its session as it
// was kept. It is what calls.Filing does for the calls of webhooks.
func File(ctx context.Context, d Dialogue, state []byte) error {
	var s session
	if err := json.Unmarshal(state, &s); err != nil {
		return err
	}
	return leave(ctx, d, &s)
}

func (h *Hook) expected(line Line, s *session) Expected {
	e := Expected{CallID: s.call, Expect: s.Turn.Expect, LinkID: s.State.Place.LinkID, Since: s.At, Lasts: lasts(s.Turn)}
	e.Heard = func(ctx context.Context) (uuid.UUID, string) {
		if s.Heard != uuid.Nil {
			return s.Heard, s.HeardKey
		}
		if now, err := h.load(ctx, line, s.call); err == nil && now.Step == s.Step {
			s.Heard, s.HeardKey, s.version = now.Heard, now.HeardKey, now.version
		}
		return s.Heard, s.HeardKey
	}
	return e
}
