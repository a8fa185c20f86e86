// Package voice joins a telephone line with the dialogue: it says what the dialogue wants said, brings what the caller keys
// and says, puts callers through, and keeps the record of each call. Package line carries the calls, package dialogue says
// what is asked and what an answer means, package prompts makes words into sound.
//
// It decides nothing of its own about what a caller needs, and never hangs up on a caller who does nothing: silence is told to
// the dialogue. What a caller said goes to package recordings, what happened to package calls, and neither is ever logged.
package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/media"
	"onedoor/app/speech"
)

// Dialogue says what follows an event. It is dialogue.Driver.
type Dialogue interface {
	Start(ctx context.Context, start dialogue.Start) (*dialogue.State, dialogue.Turn, error)
	Handle(ctx context.Context, s *dialogue.State, e dialogue.Event) (dialogue.Turn, error)
}

// Calls keep the record of calls. It is calls.Service.
type Calls interface {
	Begin(ctx context.Context, n calls.New) (calls.Call, error)
	Note(ctx context.Context, neighbourhood, id uuid.UUID, n calls.Note) error
	End(ctx context.Context, neighbourhood, id uuid.UUID, e calls.Ending) (calls.Call, error)
	SaveSession(ctx context.Context, neighbourhood uuid.UUID, s calls.Session) error
}

// Recordings keep what callers say. It is recordings.Service.
type Recordings interface {
	Keep(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte) (uuid.UUID, error)
}

// Prompts make a phrase into sound. It is prompts.Prompts.
type Prompts interface {
	Audio(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) (media.Audio, error)
}

// Options are what a Runner is made of. All but Transcriber are needed.
type Options struct {
	Dialogue    Dialogue
	Calls       Calls
	Recordings  Recordings
	Prompts     Prompts
	Transcriber speech.Transcriber // hears a caller's own words while they wait; nil: nobody does
	Now         func() time.Time   // the product's clock; waits go by the machine's
	Log         *slog.Logger
}

// Runner is the line.Handler of the product.
type Runner struct{ Options }

// New makes a runner.
func New(o Options) *Runner { return &Runner{o} }

// filing bounds what is still done for a call whose caller has gone.
const filing = 30 * time.Second

// Call takes one call from its first word to its record.
func (r *Runner) Call(ctx context.Context, c line.Call) error {
	s := &session{Runner: r, call: c, line: c.Line()}
	s.record, _ = c.Caller()
	defer func() { s.end(ctx) }() // whatever happens, the record of the call is closed
	turn, err := s.begin(ctx)
	if err != nil {
		s.ending = calls.Failed
		return fmt.Errorf("starting the dialogue: %w", err)
	}
	for turn.Expect.Kind != "" {
		events, err := s.take(ctx, turn)
		if err != nil {
			s.ending = calls.Failed
			return errors.Join(err, s.leave(ctx))
		}
		if turn, err = s.handle(ctx, events); err != nil {
			s.ending = calls.Failed
			return err
		}
	}
	return nil
}

// handle gives the dialogue what happened, and keeps the state for whoever files the call if this process dies. A caller who
// has gone does not end it: what they had answered is kept.
func (s *session) handle(ctx context.Context, events []dialogue.Event) (turn dialogue.Turn, err error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), filing)
	defer stop()
	for _, e := range events {
		if turn, err = s.Dialogue.Handle(ctx, s.state, e); err != nil || turn.Expect.Kind == "" {
			return turn, err
		}
	}
	s.save(ctx)
	return turn, nil
}

// leave tells the dialogue that the call is over.
func (s *session) leave(ctx context.Context) error {
	_, err := s.handle(ctx, []dialogue.Event{{Kind: dialogue.HungUp}})
	return err
}

// begin opens the record of the call, also for a caller who has gone again, and asks the dialogue for its first words. A call
// goes on without its record.
func (s *session) begin(ctx context.Context) (turn dialogue.Turn, err error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), filing)
	defer stop()
	_, err = s.Calls.Begin(ctx, calls.New{
		ID: s.call.ID(), NeighbourhoodID: s.line.NeighbourhoodID, OrganisationID: s.line.OrganisationID, Line: s.line.Name, Via: calls.SIP,
		External: s.call.External(), Caller: s.record, Language: s.line.Language, At: s.call.At(),
	})
	if err == nil {
		err = s.Calls.Note(ctx, s.line.NeighbourhoodID, s.call.ID(), calls.Note{Answered: s.Now()})
	}
	s.failed("a call could not be recorded", err)
	s.state, turn, err = s.Dialogue.Start(ctx, dialogue.Start{
		CallID: s.call.ID(), NeighbourhoodID: s.line.NeighbourhoodID, OrganisationID: s.line.OrganisationID, Caller: s.record,
		Language: s.line.Language, At: s.call.At(), CanTransfer: s.call.CanTransfer(),
	})
	return turn, err
}

func (s *session) save(ctx context.Context) {
	state, err := json.Marshal(s.state)
	if err == nil {
		err = s.Calls.SaveSession(ctx, s.line.NeighbourhoodID, calls.Session{CallID: s.call.ID(), Version: s.saved, State: state})
	}
	if err == nil {
		s.saved++
	}
	s.failed("a call's state could not be kept", err)
}

func (s *session) end(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), filing)
	defer stop()
	_, err := s.Calls.End(ctx, s.line.NeighbourhoodID, s.call.ID(), s.ending)
	s.failed("a call's end could not be recorded", err)
}

func (s *session) failed(what string, err error) {
	if err != nil {
		s.Log.Error(what, "line", s.line.Name, "error", err.Error())
	}
}

// Unanswered keeps the record of a call that reached nobody, so that the supplier's count and ours agree.
func (r *Runner) Unanswered(ctx context.Context, u line.Unanswered) {
	if u.Line.NeighbourhoodID == uuid.Nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, filing)
	defer stop()
	ending := calls.Failed
	switch u.Reason {
	case line.UnansweredCancelled:
		ending = calls.AbandonedEmpty
	case line.RefusedBusy, line.RefusedDraining, line.RefusedNoPorts, line.RefusedFlood:
		ending = calls.Refused
	case line.RefusedLoop:
		return // it is a call that is there already
	}
	c, err := r.Calls.Begin(ctx, calls.New{
		NeighbourhoodID: u.Line.NeighbourhoodID, OrganisationID: u.Line.OrganisationID, Line: u.Line.Name, Via: calls.SIP,
		External: u.External, Caller: u.Caller, Language: u.Line.Language, At: u.At,
	})
	if err == nil {
		_, err = r.Calls.End(ctx, u.Line.NeighbourhoodID, c.ID, ending)
	}
	if err != nil {
		r.Log.Error("a call that was not answered could not be recorded", "line", u.Line.Name, "error", err.Error())
	}
}
