package dialogue

import (
	"context"
	"time"

	"onedoor/app/calls"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// filing is how long keeping an answer may take once the caller has gone.
const filing = 30 * time.Second

// leave is a hang-up. What was answered becomes a request to be rung back, marked as incomplete; so does the wish for a
// person, where the number is known.
func (d *Driver) leave(ctx context.Context, s *State) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), filing)
	defer cancel()
	s.Over = true
	d.settle(s)
	if d.alarmed(ctx, s) {
		return
	}
	wanted := !s.PersonAskedAt.IsZero() && s.PersonAt.IsZero() && s.number() != ""
	if s.Filed == "" && (s.answered() || wanted) {
		if err := d.file(ctx, s); err != nil {
			d.failed(ctx, s, "what a caller had answered could not be kept", err)
		}
	}
	if s.Filed != "" && s.open() && s.Talk.Reference != "" {
		d.queue(ctx, s, messages.Text{Template: messages.GoOnText, Reference: requests.Reference(s.Talk.Reference).Spaced()}, "/go-on")
	}
	switch {
	case s.Ending != "":
	case s.Filed != "" && wanted:
		s.Ending = calls.Callback
	case s.Filed != "":
		s.Ending = calls.AbandonedKept
	default:
		s.Ending = calls.AbandonedEmpty
	}
}

// alarmed records an emergency that was chosen in the very moment of hanging up.
func (d *Driver) alarmed(ctx context.Context, s *State) bool {
	if !s.open() {
		return false
	}
	if _, found := d.alarm(s); !found {
		return false
	}
	if _, err := d.stop(ctx, s); err != nil {
		d.failed(ctx, s, "an emergency could not be recorded", err)
	}
	return s.Sent != ""
}

// file makes the call a request to be rung back, with what was answered. Filed twice, it is one request.
func (d *Driver) file(ctx context.Context, s *State) error {
	if s.Filed != "" {
		return nil
	}
	if s.Talk == nil || s.Talk.Submitted != "" {
		if err := d.newTalk(s, callbackKind); err != nil {
			return err
		}
	}
	in, _, err := requests.OfAbandoned(d.catalogue, s.Talk, s.number(), d.today())
	if err != nil {
		return err
	}
	receipt, err := requests.HandIn(ctx, d.requests, in)
	if err != nil {
		return err
	}
	s.Filed = receipt.Reference
	if err := d.walker.Leave(s.Talk, string(s.Filed)); err != nil {
		return err
	}
	d.keep(ctx, s)
	return nil
}

func (d *Driver) today() nhs.Date { return nhs.DateOf(d.now().In(tenants.London())) }
