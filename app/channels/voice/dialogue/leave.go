package dialogue

import (
	"context"
	"time"

	"onedoor/app/requests"
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
	wanted := !s.PersonAskedAt.IsZero() && s.PersonAt.IsZero() && s.number() != "" && s.Ending == ""
	if s.Filed == "" && (s.answered() || wanted) {
		if err := d.file(ctx, s); err != nil {
			d.failed(ctx, s, "what a caller had answered could not be kept", err)
		}
	}
	switch {
	case s.Ending != "":
	case s.Filed != "" && wanted:
		s.Ending = Callback
	case s.Filed != "":
		s.Ending = AbandonedKept
	default:
		s.Ending = AbandonedEmpty
	}
}

// alarmed records an emergency that was chosen in the very moment of hanging up.
func (d *Driver) alarmed(ctx context.Context, s *State) bool {
	if !s.open() || !d.emergencyAnswered(s) {
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
	in, err := d.callback(s)
	if err != nil {
		return err
	}
	receipt, err := requests.HandIn(ctx, d.requests, d.reachable(s, in))
	if err != nil {
		return err
	}
	s.Filed = receipt.Reference
	return nil
}
