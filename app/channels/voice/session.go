package voice

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/media"
	"onedoor/app/nhs"
)

// session is one call as the runner sees it.
type session struct {
	*Runner
	call      line.Call
	line      line.Line
	record    nhs.Phone // the caller's number, as the network gave it
	state     *dialogue.State
	saved     int                // the version of the state that is kept
	collector dialogue.Collector // by the machine's clock
	mute      bool               // nothing of a turn could be said
	ending    calls.Ending       // what came of the call, where the dialogue does not know
}

// errMute ends a call on which nothing can be said.
var errMute = errors.New("no prompt could be made into sound")

// take does one turn: it says the words and brings what happened. A recording that the caller hung up in is two events.
func (s *session) take(ctx context.Context, turn dialogue.Turn) ([]dialogue.Event, error) {
	s.collector.Begin(turn.Expect)
	for {
		e, happened, err := s.say(ctx, turn)
		if err != nil || happened {
			return []dialogue.Event{e}, err
		}
		switch turn.Expect.Kind {
		case dialogue.ExpectEnd:
			return []dialogue.Event{{Kind: dialogue.ChannelEnded}}, nil
		case dialogue.ExpectTransfer:
			return []dialogue.Event{s.transfer(ctx)}, nil
		case dialogue.ExpectRecording:
			return s.listen(ctx, turn.Expect), nil
		}
		e, again := s.wait(ctx)
		if !again {
			return []dialogue.Event{e}, nil
		}
	}
}

// say says a turn until its last word, or until something happened.
func (s *session) say(ctx context.Context, turn dialogue.Turn) (e dialogue.Event, happened bool, err error) {
	playing, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.play(playing, turn.Say) }()
	wait := func() { // for words that are cut short
		stop()
		if err := <-done; errors.Is(err, errMute) {
			s.Log.Warn("a turn could not be said", "line", s.line.Name)
		}
	}
	answers := turn.Expect.Kind == dialogue.ExpectKeys || turn.Expect.Kind == dialogue.ExpectRecording
	for {
		select {
		case key, ok := <-s.call.Media().Digits():
			if !ok {
				wait()
				return dialogue.Event{Kind: dialogue.HungUp}, true, nil
			}
			if !answers {
				continue // last words, and words before a transfer, are said whole
			}
			e, complete := s.collector.Key(key.Key, time.Now())
			if complete {
				wait()
				return e, true, nil
			}
			if s.collector.Began() {
				wait()
				return dialogue.Event{}, false, nil
			}
		case err := <-done:
			if errors.Is(err, errMute) && answers && ctx.Err() == nil {
				return s.silenced()
			}
			s.collector.Said(time.Now())
			if ctx.Err() != nil {
				return dialogue.Event{Kind: dialogue.HungUp}, true, nil
			}
			return dialogue.Event{}, false, nil
		case <-ctx.Done():
			wait()
			return dialogue.Event{Kind: dialogue.HungUp}, true, nil
		}
	}
}

// silenced is what a call does on which nothing can be said: it asks for a person once, and ends when that is mute too.
func (s *session) silenced() (dialogue.Event, bool, error) {
	if s.mute {
		return dialogue.Event{}, false, errMute
	}
	s.mute = true
	return dialogue.Event{Kind: dialogue.Keys, Keys: "0"}, true, nil
}

// play says phrases one after another; the next is made while one is said. It fails only when none could be.
func (s *session) play(ctx context.Context, phrases []dialogue.Phrase) error {
	type made struct {
		sound media.Audio
		err   error
	}
	next := make(chan made, 1)
	go func() {
		defer close(next)
		for _, p := range phrases {
			sound, err := s.Prompts.Audio(ctx, s.line.NeighbourhoodID, s.line.OrganisationID, p)
			if err != nil && ctx.Err() == nil {
				s.Log.Error("a prompt could not be said", "line", s.line.Name, "phrase", p.ID, "error", err.Error())
			}
			select {
			case next <- made{sound, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	said := false
	for m := range next {
		if m.err != nil {
			continue
		}
		if _, err := s.call.Media().Play(ctx, m.sound, false); err != nil {
			return err
		}
		said = true
	}
	if !said && len(phrases) > 0 {
		return errMute
	}
	return nil
}

// wait brings the keys after the last word, or their absence. again is true when the question has to be said once more,
// because the caller had put the line on hold.
func (s *session) wait(ctx context.Context) (e dialogue.Event, again bool) {
	s.collector.Said(time.Now())
	for {
		timer := time.NewTimer(max(0, time.Until(s.collector.Deadline())))
		select {
		case key, ok := <-s.call.Media().Digits():
			timer.Stop()
			if !ok {
				return dialogue.Event{Kind: dialogue.HungUp}, false
			}
			if e, complete := s.collector.Key(key.Key, time.Now()); complete {
				return e, false
			}
		case <-timer.C:
			if s.call.Media().Held() {
				return dialogue.Event{}, true
			}
			if e, complete := s.collector.Tick(time.Now()); complete {
				return e, false
			}
		case <-ctx.Done():
			timer.Stop()
			return dialogue.Event{Kind: dialogue.HungUp}, false
		}
	}
}

// transfer puts the caller through. A caller who was taken over is gone from here, and is with a person.
func (s *session) transfer(ctx context.Context) dialogue.Event {
	through, err := s.call.Transfer(ctx)
	switch {
	case through:
		return dialogue.Event{Kind: dialogue.PutThrough}
	case ctx.Err() != nil:
		return dialogue.Event{Kind: dialogue.HungUp}
	}
	s.failed("a transfer failed", err)
	return dialogue.Event{Kind: dialogue.NoOneThere}
}

const (
	recordingKeys = "0123456789*#"
	toneHertz     = 800
	toneLength    = 250 * time.Millisecond
	// transcribing bounds how long a caller waits for a machine to hear their own words.
	transcribing = 4 * time.Second
)

// listen records what the caller says after a tone.
func (s *session) listen(ctx context.Context, expect dialogue.Expect) []dialogue.Event {
	if _, err := s.call.Media().Play(ctx, media.Tone(toneHertz, toneLength), false); err != nil && ctx.Err() != nil {
		return []dialogue.Event{{Kind: dialogue.HungUp}}
	}
	for {
		heard, err := s.call.Media().Record(ctx, media.RecordOptions{
			First: expect.First, Silence: expect.Between, Longest: expect.Longest, EndOnKey: recordingKeys,
		})
		gone := ctx.Err() != nil || heard.Ended == media.EndedByClose
		switch {
		case err != nil && !gone:
			s.failed("a recording could not be made", err)
			return []dialogue.Event{{Kind: dialogue.LineTrouble}}
		case heard.Spoken && (heard.Ended != media.EndedByKey || heard.Key != '*'):
			events := []dialogue.Event{s.keep(ctx, expect, heard)}
			if gone {
				events = append(events, dialogue.Event{Kind: dialogue.HungUp})
			}
			return events
		case gone:
			return []dialogue.Event{{Kind: dialogue.HungUp}}
		case heard.Ended != media.EndedByKey:
			return []dialogue.Event{{Kind: dialogue.Silence}}
		}
		if e, complete := s.collector.Key(heard.Key, time.Now()); complete {
			return []dialogue.Event{e}
		} // the late hash of the field before: go on listening
	}
}

// keep keeps a recording. One that cannot be kept is asked for in another way.
func (s *session) keep(ctx context.Context, expect dialogue.Expect, heard media.Recording) dialogue.Event {
	kept, stop := context.WithTimeout(context.WithoutCancel(ctx), filing)
	defer stop()
	e := dialogue.Event{Kind: dialogue.Recorded}
	if heard.Ended == media.EndedByKey && heard.Key != '#' {
		e.Keys = string(heard.Key)
	}
	if expect.Words {
		e.Said = s.words(ctx, heard.WAV)
		return e // words that choose a question are not an answer: they are not kept
	}
	id, err := s.Recordings.Keep(kept, s.line.NeighbourhoodID, s.call.ID(), s.state.Place.LinkID, heard.WAV)
	if err != nil || id == uuid.Nil {
		s.failed("a recording could not be kept", err)
		return dialogue.Event{Kind: dialogue.LineTrouble}
	}
	e.Recording = id
	return e
}

// words are what a machine hears in a recording; none when there is no machine, or it is late.
func (s *session) words(ctx context.Context, wav []byte) string {
	if s.Transcriber == nil {
		return ""
	}
	ctx, stop := context.WithTimeout(ctx, transcribing)
	defer stop()
	transcript, err := s.Transcriber.Transcribe(ctx, wav, s.state.Language)
	if err != nil {
		s.failed("own words were not heard", err)
		return ""
	}
	return transcript.Text
}
