package media

import (
	"net/netip"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// receiver is the state of what we hear.
type receiver struct {
	heard  time.Time // the last packet that was the call's
	crypto *srtp.Context
	stream stream32
}

const (
	maxPacket = 2048 // more than any network carries in one piece
	// mostWaiting is how many packets are read of one call at a time; the kernel keeps no more of ordinary ones.
	mostWaiting = 256
	// comfortNoise says that there is nothing to hear (RFC 3389); it comes without having been agreed.
	comfortNoise = 13
)

// receive reads what waits.
func (s *Session) receive(w *worker, now time.Time) {
	for range mostWaiting {
		n, from, err := s.socket.read(w.packet[:])
		if err != nil {
			return
		}
		s.packet(w, w.packet[:n], from, now)
	}
	s.counted.Flooded++
}

// packet is one that came. The cheap questions are asked first.
func (s *Session) packet(w *worker, raw []byte, from netip.AddrPort, now time.Time) {
	if !s.agreed || !s.latch.may(from, s.options.Sources) {
		s.counted.Foreign++
		return
	}
	var header rtp.Header
	size, err := header.Unmarshal(raw)
	if err != nil || header.Version != 2 {
		s.counted.Malformed++
		return
	}
	event := s.remote.keyed && header.PayloadType == s.remote.events
	if !event && header.PayloadType != s.remote.payload && header.PayloadType != comfortNoise {
		s.counted.WrongPayload++
		return
	}
	if s.in.crypto != nil {
		if raw, err = s.in.crypto.DecryptRTP(w.sealed[:0], raw, &header); err != nil {
			s.counted.Unauthentic++
			return
		}
	}
	payload, ok := unpadded(raw[size:], header.Padding)
	if !ok {
		s.counted.Malformed++
		return
	}
	place := s.in.stream.place(header.SSRC, header.SequenceNumber, now)
	s.counted.Lost += place.lost
	switch place.verdict {
	case streamOther:
		s.counted.WrongSource++
		return
	case streamRepeated:
		s.counted.Repeated++
		return
	case streamFar:
		s.counted.Late++
		return
	}
	if !s.latch.from.IsValid() && s.latch.close(from) {
		s.counted.LatchedElsewhere++
	}
	s.counted.Received++
	s.in.heard = now
	switch {
	case event:
		s.event(payload, &header, place.restarted, now)
	case header.PayloadType == s.remote.payload:
		s.sound(payload, header.Timestamp, now)
	}
}

// unpadded takes the padding off a payload, when there is any; its last byte says how much.
func unpadded(payload []byte, padded bool) ([]byte, bool) {
	if !padded {
		return payload, true
	}
	if len(payload) == 0 {
		return nil, false
	}
	padding := int(payload[len(payload)-1])
	if padding == 0 || padding > len(payload) {
		return nil, false
	}
	return payload[:len(payload)-padding], true
}

func (s *Session) event(payload []byte, h *rtp.Header, restarted bool, now time.Time) {
	key, verdict := s.keys.events.read(payload, h.Timestamp, h.SequenceNumber, h.Marker, restarted)
	switch verdict {
	case eventPress:
		s.pressed(Digit{Key: key, By: ByEvent, At: now})
	case eventLate:
		s.counted.Late++
	case eventNoKey:
		s.counted.KeysUnreadable++
	}
}

// sound is speech, or what else is to be heard. Music that a caller's own system plays while it holds us is neither
// recorded nor listened to for tones.
func (s *Session) sound(payload []byte, timestamp uint32, now time.Time) {
	if !s.remote.listens {
		return
	}
	if !s.remote.keyed {
		linear := s.remote.codec.linear()
		for _, b := range payload {
			if key, ok := s.keys.tones.push(linear[b]); ok {
				s.pressed(Digit{Key: key, By: ByTone, At: now})
			}
		}
	}
	if t := s.taking; t != nil {
		t.take(payload, s.remote.codec, timestamp, now)
	}
}
