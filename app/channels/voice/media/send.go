package media

import (
	"context"
	"encoding/binary"

	"github.com/pion/srtp/v3"

	"onedoor/app/fault"
)

// sender is the state of what we send.
type sender struct {
	ssrc       uint32
	timestamp  uint32
	sequence   uint16
	talking    bool  // the last frame was sent: the next one continues it
	round      int64 // of the pacer, up to which frames were sent
	started    bool
	crypto     *srtp.Context
	sealedOnce bool // a context has used our key
}

const (
	headerLength = 12
	// mostBehind is how many frames are sent at once after the machine was busy; more would only be jitter to the listener.
	mostBehind = 5
)

// send sends the frames that are due.
func (s *Session) send(w *worker, round int64) {
	o := &s.out
	if !o.started {
		o.started, o.round = true, round-1
	}
	due := round - o.round
	o.round = round
	if due <= 0 {
		return
	}
	if !s.agreed || !s.remote.listens || !s.latch.to.IsValid() {
		o.timestamp += uint32(due) * frameSamples //nolint:gosec // G115: timestamps wrap
		o.talking = false
		return
	}
	if due > mostBehind {
		o.timestamp += uint32(due-mostBehind) * frameSamples //nolint:gosec // G115: timestamps wrap
		s.counted.Skipped += uint64(due - mostBehind)
		due = mostBehind
	}
	for range due {
		s.sendFrame(w)
	}
}

func (s *Session) sendFrame(w *worker) {
	o := &s.out
	packet := w.packet[:headerLength+frameSamples]
	packet[0], packet[1] = 2<<6, s.remote.payload
	if !o.talking {
		packet[1] |= 0x80 // the marker: speech begins
	}
	binary.BigEndian.PutUint16(packet[2:], o.sequence)
	binary.BigEndian.PutUint32(packet[4:], o.timestamp)
	binary.BigEndian.PutUint32(packet[8:], o.ssrc)
	s.nextFrame(packet[headerLength:])
	o.talking = true
	o.sequence++
	o.timestamp += frameSamples
	if o.crypto != nil {
		sealed, err := o.crypto.EncryptRTP(w.sealed[:0], packet, nil)
		if err != nil {
			s.counted.Unsent++
			return
		}
		packet = sealed
	}
	if err := s.socket.write(packet, s.latch.toSocket); err != nil {
		s.counted.Unsent++
		return
	}
	s.counted.Sent++
}

// nextFrame fills a frame with what is played, and with silence after it.
func (s *Session) nextFrame(frame []byte) {
	n := 0
	if p := s.playing; p != nil {
		n = copy(frame, p.audio[p.at:])
		p.at += n
		if p.at == len(p.audio) {
			s.endPlaying(nil)
		}
	}
	if s.remote.codec == ALaw {
		for i, b := range frame[:n] {
			frame[i] = muLawToALaw[b]
		}
	}
	silence := s.remote.codec.silence()
	for i := n; i < len(frame); i++ {
		frame[i] = silence
	}
}

// playing is one Play.
type playing struct {
	audio       Audio
	at          int
	bargeIn     bool
	interrupted bool
	err         error
	done        chan struct{}
}

// Play says the audio, and returns when its last frame was sent. With bargeIn a key ends it at once, a key that nobody has
// fetched yet as well, and interrupted is true; the key itself is fetched from Digits. When ctx ends, so does the audio, and
// its error is returned; who wants to be interrupted by some keys only reads Digits beside it and ends ctx. While the call
// is held the audio waits.
func (s *Session) Play(ctx context.Context, audio Audio, bargeIn bool) (interrupted bool, err error) {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return false, ErrClosed()
	case s.playing != nil:
		s.mu.Unlock()
		return false, fault.New(fault.Conflict, CodeBusy, "This call is being spoken to already.")
	case bargeIn && len(s.keys.fetched) > 0:
		s.mu.Unlock()
		return true, nil
	case len(audio) == 0:
		s.mu.Unlock()
		return false, ctx.Err()
	}
	p := &playing{audio: audio, bargeIn: bargeIn, done: make(chan struct{})}
	s.playing = p
	s.mu.Unlock()

	select {
	case <-p.done:
	case <-ctx.Done():
		s.mu.Lock()
		if s.playing == p {
			s.endPlaying(ctx.Err())
		}
		s.mu.Unlock()
		<-p.done
	}
	return p.interrupted, p.err
}

// endPlaying ends what is played, if anything is.
func (s *Session) endPlaying(err error) {
	if p := s.playing; p != nil {
		p.err = err
		s.playing = nil
		close(p.done)
	}
}
