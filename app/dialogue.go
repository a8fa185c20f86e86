package app

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/needs"
	"onedoor/app/store/callerstore"
)

// wireDialogue makes what callers hear, on every telephone channel.
func (a *App) wireDialogue() (err error) {
	s := a.services
	s.callerRows = callerstore.New(a.db, a.now)
	proving := callers.Options{
		Store: s.callerRows, Requests: s.requests, Calls: s.calls, Systems: s.systems, Sealer: s.vault, Now: a.now,
	}
	speaking := dialogue.Options{
		Catalogue: s.catalogue, Walker: s.walker, Requests: s.requests, Conversations: s.conversations, References: s.conversations,
		Directories: s.directory, Calls: s.calls, Address: a.config.base(), Now: a.now, Random: rand.Reader, Log: a.log,
	}
	if s.outbox != nil { // an interface that holds a nil pointer is not nil
		proving.Texts, speaking.Texts = s.outbox, s.outbox
	}
	s.callers = callers.New(proving)
	s.needs = needs.New(needs.Options{Registers: s.traces, Callers: s.callers, Envelopes: s.envelopes})
	a.wireSelfService()
	speaking.Callers, speaking.SelfService, speaking.Needs = s.callers, s.selfservice, s.needs
	if s.recordings.Transcribing() { // where no machine hears a caller, nobody is asked in their own words
		speaking.Understanding = s.understanding
	}
	s.dialogue, err = dialogue.New(speaking)
	s.filing.dialogue = s.dialogue
	return err
}

// filing brings what was answered in calls that nobody drives any more to reception. The record of calls is made before the
// dialogue is, so the dialogue comes later.
type filing struct{ dialogue *dialogue.Driver }

// File implements calls.Filing.
func (f *filing) File(ctx context.Context, c calls.Call, state []byte) error {
	if c.Via != calls.SIP {
		return webhook.File(ctx, f.dialogue, state)
	}
	var s dialogue.State
	if err := json.Unmarshal(state, &s); err != nil {
		return err
	}
	_, err := f.dialogue.Handle(ctx, &s, dialogue.Event{Kind: dialogue.HungUp})
	return err
}
