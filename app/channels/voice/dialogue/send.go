package dialogue

import (
	"context"

	"onedoor/app/calls"
	"onedoor/app/messages"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// send hands the request in. Sent twice, it is one request.
func (d *Driver) send(ctx context.Context, s *State) (Turn, error) {
	kind, _ := d.catalogue.Kind(s.Talk.Kind)
	in, err := requests.OfConversation(kind, s.Talk)
	if err != nil {
		return Turn{}, err
	}
	receipt, err := requests.HandIn(ctx, d.requests, in)
	if err != nil {
		return Turn{}, err
	}
	if err := d.walker.Submit(s.Talk, string(receipt.Reference)); err != nil {
		return Turn{}, err
	}
	s.Sent = receipt.Reference
	s.ended(calls.Completed)
	d.keep(ctx, s)
	if receipt.Status == requests.Diverted {
		s.ended(calls.Emergency)
		return d.enter(ctx, s, stepEmergency)
	}
	lead := []Phrase{d.say(s, "sent")}
	lead = append(lead, d.referenceTwice(s, receipt.Reference)...)
	lead = append(lead, d.next(ctx, s, receipt))
	if d.text(ctx, s, receipt.Reference) {
		lead = append(lead, d.say(s, "texted"))
	}
	if d.offersSelf(ctx, s) {
		return d.enter(ctx, s, stepSelf, lead...)
	}
	return d.enter(ctx, s, stepSent, lead...)
}

// referenceTwice says a reference slowly, twice.
func (d *Driver) referenceTwice(s *State, r requests.Reference) []Phrase {
	slow := s.spelt(digits(r.Spaced()))
	return []Phrase{slow, d.say(s, "again"), slow}
}

// next is what happens next and by when, in the caller's language.
func (d *Driver) next(ctx context.Context, s *State, r requests.Receipt) Phrase {
	text := messages.WhatHappensNext(known(s.Language), r.Message, messages.Facts{
		Accountable: r.Accountable.Name, Destination: r.Destination.Name, AnswerDue: r.AnswerDue.In(tenants.London()),
	})
	return s.private(text)
}

// text sends the reference where that is safe, and reports whether it is on its way.
func (d *Driver) text(ctx context.Context, s *State, r requests.Reference) bool {
	return d.queue(ctx, s, messages.Text{Template: messages.ReferenceText, Reference: r.Spaced()}, "/status")
}

// queue sends a text about the request where the caller said that it is safe. Its words name nothing but a reference.
func (d *Driver) queue(ctx context.Context, s *State, t messages.Text, page string) bool {
	details := s.Talk.Details
	if d.texts == nil || d.address == "" || details.SafeToText == nil || !*details.SafeToText || !details.Mobile.Mobile() {
		return false
	}
	directory, err := d.directory(ctx, s)
	if err == nil {
		n := directory.Neighbourhood()
		t.Language, t.From, t.Address = known(s.Language), n.Name, d.address+"/"+n.Slug+page
		_, err = d.texts.Queue(ctx, messages.Message{
			NeighbourhoodID: s.NeighbourhoodID, CallID: s.CallID, To: details.Mobile, Text: t, Once: string(t.Template) + "/" + t.Reference,
		})
	}
	if err != nil {
		d.failed(ctx, s, "a reference could not be texted", err)
	}
	return err == nil
}

// askSent asks whether there is anything else. The star says the reference again.
func (d *Driver) askSent(_ context.Context, s *State) (Turn, error) {
	var say []Phrase
	if s.Wrong == 0 && s.Silences == 0 && s.Repeat {
		say = append(say, d.referenceTwice(s, s.Sent)...)
	}
	s.Repeat = true
	return Turn{Say: append(say, d.say(s, "anything-else")), Expect: s.keys(1)}, nil
}

func (d *Driver) keySent(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		s.Talk, s.Token, s.Repeat = nil, nil, false
		return d.enter(ctx, s, stepFirst)
	case "", "2":
		return d.goodbye(ctx, s)
	}
	return Turn{}, refusal("wrong-key")
}

// goodbye ends a call that has done what it could.
func (d *Driver) goodbye(_ context.Context, s *State) (Turn, error) {
	s.Step = stepEnd
	return Turn{Say: []Phrase{d.say(s, "goodbye")}, Expect: Expect{Kind: ExpectEnd}}, nil
}
