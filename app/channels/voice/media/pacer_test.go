package media

import (
	"context"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// byHand is a session that nobody paces, and what would.
func byHand(t *testing.T) (*Session, *phone, *worker) {
	t.Helper()
	still := NewPacer(1, time.Now)
	still.Close()
	s, p := testSession(t, func(o *Options) { o.Pacer = still }), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 0"))
	return s, p, &worker{}
}

func TestABusyMachineSendsWhatItMissedUpToABound(t *testing.T) {
	t.Parallel()
	s, p, w := byHand(t)
	var last rtp.Packet
	for _, c := range []struct {
		round         int64
		sent, skipped uint16
	}{{100, 1, 0}, {101, 1, 0}, {104, 3, 0}, {104, 0, 0}, {120, mostBehind, 16 - mostBehind}, {121, 1, 0}} {
		before := s.Stats()
		s.serve(w, c.round)
		after := s.Stats()
		if got := uint16(after.Sent - before.Sent); got != c.sent {
			t.Fatalf("in round %d %d frames were sent, want %d", c.round, got, c.sent)
		}
		if got := uint16(after.Skipped - before.Skipped); got != c.skipped {
			t.Errorf("in round %d %d frames were left out, want %d", c.round, got, c.skipped)
		}
		for i := range c.sent {
			next := p.receive()
			gap := uint32(frameSamples)
			if i == 0 {
				gap += uint32(c.skipped) * frameSamples
			}
			if last.Version != 0 && (next.SequenceNumber != last.SequenceNumber+1 || next.Timestamp != last.Timestamp+gap) {
				t.Errorf("in round %d a frame has number +%d and time +%d", c.round, next.SequenceNumber-last.SequenceNumber, next.Timestamp-last.Timestamp)
			}
			last = next
		}
	}
}

func TestAPromptLosesNothingToABusyMachine(t *testing.T) {
	t.Parallel()
	s, p, w := byHand(t)
	prompt := Tone(440, 20*FrameLength)
	done := make(chan error, 1)
	go func() {
		_, err := s.Play(context.Background(), prompt, false)
		done <- err
	}()
	eventually(t, "it begins", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.playing != nil })
	var heard Audio
	for round := int64(0); len(heard) < len(prompt); round += 9 {
		before := s.Stats().Sent
		s.serve(w, round)
		for range s.Stats().Sent - before {
			heard = append(heard, p.receive().Payload...)
		}
	}
	if string(heard[:len(prompt)]) != string(prompt) {
		t.Error("a prompt lost frames")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestManyCallsShareFewGoroutinesEvenly(t *testing.T) {
	t.Parallel()
	pacer := NewPacer(2, time.Now)
	t.Cleanup(pacer.Close)
	for range 16 {
		testSession(t, func(o *Options) { o.Pacer = pacer })
	}
	for _, w := range pacer.workers {
		for i := range w.slots {
			if n := len(w.slots[i]); n != 2 {
				t.Errorf("a slot carries %d of 16 calls", n)
			}
		}
	}
}
