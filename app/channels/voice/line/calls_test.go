package line_test

import (
	"context"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
)

func TestACallIsAnsweredByEachTransportAndHungUpByTheLine(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"u1", "t1"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(ctx context.Context, call line.Call) error { return call.HangUp(ctx) })
			r.sipp(t, "answered", "-t", transport)
			call := r.next(t)
			if got, ok := call.Caller(); !ok || got != "+447700900123" {
				t.Errorf("the caller is %q, %v", got, ok)
			}
			if call.Line().Name != "riverside" || call.At().IsZero() || call.ID().String() == "" {
				t.Errorf("the call is %+v at %s", call.Line(), call.At())
			}
			r.endsWith(t, line.ErrHungUp)
			eventually(t, "no call is active", func() bool { return r.Stats().Active == 0 })
			if got := r.Stats(); got.Answered != 1 {
				t.Errorf("the figures are %+v", got)
			}
		})
	}
}

func TestACallThatItsHandlerLeavesIsHungUp(t *testing.T) {
	t.Parallel()
	r := start(t, func(context.Context, line.Call) error { return nil })
	r.sipp(t, "answered")
}

func TestACallWhoseHandlerBreaksEndsAndTheLineGoesOn(t *testing.T) {
	t.Parallel()
	r := start(t, func(context.Context, line.Call) error { panic("a mistake") })
	r.sipp(t, "answered")
	r.sipp(t, "answered")
	eventually(t, "both were counted", func() bool { return r.Stats().Panics == 2 && r.Stats().Active == 0 })
}

func TestACallerHangsUp(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds)
	r.sipp(t, "hangs_up")
	r.endsWith(t, line.ErrCallerHungUp)
}

func TestKeysByInfo(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		keys <- collect(ctx, call, '#')
		return nil
	})
	r.sipp(t, "info")
	if got := <-keys; got != "1234567890*#" {
		t.Errorf("the keys were %q", got)
	}
}

func TestKeysByTelephoneEvent(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		keys <- collect(ctx, call, '#')
		return nil
	})
	phone := linetest.NewTelephone(t)
	ended := make(chan error, 1)
	go func() { ended <- r.trySipp(t, "answered", "-key", "rtp_port", phone.Port()) }()
	r.next(t)
	phone.Hear(t)
	phone.Quiet(t)
	phone.Key(t, "9434765919#")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := <-keys; got != "9434765919#" {
		t.Errorf("the keys were %q", got)
	}
}

func TestASessionIsChanged(t *testing.T) {
	t.Parallel()
	for scenario, what := range map[string]string{
		"hold": "hold and resume", "hold_zero": "old ways to hold", "reinvite_empty": "an offer is asked for", "reinvite_codec": "a codec that is not known",
		"update": "UPDATE", "order": "a request out of order", "refer_within": "a REFER within a call",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := start(t, untilItEnds)
			r.sipp(t, scenario)
			r.endsWith(t, line.ErrCallerHungUp)
		})
	}
}

func TestACallWithoutAnOfferIsGivenOne(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		keys <- collect(ctx, call, '#')
		return nil
	})
	phone := linetest.NewTelephone(t)
	ended := make(chan error, 1)
	go func() { ended <- r.trySipp(t, "late_offer", "-key", "rtp_port", phone.Port()) }()
	r.next(t)
	phone.Hear(t)
	phone.Key(t, "42#")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := <-keys; got != "42#" {
		t.Errorf("the keys were %q", got)
	}
}

func TestACallerWhoHangsUpWhileItRingsReachesNobody(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds, func(c *line.Config) { c.Ring = 5 * time.Second })
	r.sipp(t, "cancel")
	eventually(t, "the call is over", func() bool { return r.Stats().Active == 0 && r.Stats().Cancelled == 1 })
	eventually(t, "it was counted", func() bool { return len(r.handler.reasons()) == 1 })
	if got := r.handler.reasons()[0]; got != "cancelled" {
		t.Errorf("it was counted as %q", got)
	}
	if got := r.Stats(); got.Answered != 0 {
		t.Errorf("the figures are %+v", got)
	}
}

func TestACallThatNobodyAcknowledgesIsEnded(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds, func(c *line.Config) { c.AckWait = 1200 * time.Millisecond })
	r.sipp(t, "no_ack")
	eventually(t, "the call is over", func() bool { return r.Stats().Active == 0 })
	if got := r.Stats(); got.NoAck != 1 || got.Answered != 0 {
		t.Errorf("the figures are %+v", got)
	}
}

func TestACallThatFallsSilentIsHungUpUnlessItIsHeld(t *testing.T) {
	t.Parallel()
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		r := start(t, untilItEnds, func(c *line.Config) { c.SilenceWait = 150 * time.Millisecond })
		r.sipp(t, "answered")
		r.endsWith(t, line.ErrSilent)
		if got := r.Stats(); got.Silent != 1 {
			t.Errorf("the figures are %+v", got)
		}
	})
	t.Run("held", func(t *testing.T) {
		t.Parallel()
		r := start(t, untilItEnds, func(c *line.Config) { c.SilenceWait = 500 * time.Millisecond })
		r.sipp(t, "hold") // held for longer than that
		r.endsWith(t, line.ErrCallerHungUp)
	})
}

func TestSessionTimers(t *testing.T) {
	t.Parallel()
	short := func(c *line.Config) { c.SessionLeast, c.SessionTime = time.Second, 3*time.Second }
	for name, scenario := range map[string]struct {
		file string
		end  error
	}{
		"the caller's side stops refreshing":         {"timer", line.ErrSessionExpired},
		"the line refreshes by UPDATE":               {"timer_ours", line.ErrCallerHungUp},
		"the line refreshes by INVITE until refused": {"timer_reinvite", line.ErrSessionExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, untilItEnds, short)
			r.sipp(t, scenario.file)
			r.endsWith(t, scenario.end)
		})
	}
}

func TestTransfers(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]struct {
		file    string
		through bool
	}{
		"answered":                  {"refer_answered", true},
		"taken over without a word": {"refer_bye", true},
		"said to have failed, and taken over all the same": {"refer_late_failure", true},
		"busy":           {"refer_busy", false},
		"refused":        {"refer_refused", false},
		"nobody answers": {"refer_silent", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			through := make(chan bool, 1)
			r := start(t, func(ctx context.Context, call line.Call) error {
				if !call.CanTransfer() {
					t.Error("the call cannot be transferred")
				}
				ok, err := call.Transfer(ctx)
				if err != nil {
					t.Error(err)
				}
				through <- ok
				return nil
			}, func(c *line.Config) { c.TransferWait = 1500 * time.Millisecond })
			r.sipp(t, scenario.file)
			if got := <-through; got != scenario.through {
				t.Errorf("the transfer went through: %v, want %v", got, scenario.through)
			}
		})
	}
}

func TestALineWithoutReceptionTransfersNobody(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		_, err := call.Transfer(ctx)
		failed <- err
		return nil
	}, func(c *line.Config) { c.Lines[0].Reception = nil })
	r.sipp(t, "answered") // which fails when a REFER comes
	if err := <-failed; err == nil {
		t.Error("it did")
	}
}
