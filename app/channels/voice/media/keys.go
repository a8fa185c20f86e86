package media

import (
	"strings"
	"time"
)

// Source is the way that a key came.
type Source uint8

const (
	ByEvent Source = iota // a telephone event in RTP (RFC 4733)
	ByInfo                // a SIP INFO, pushed in by the line
	ByTone                // its two tones in the sound, the last resort
)

// Digit is one key that the caller pressed.
type Digit struct {
	Key byte // 0 to 9, * and #; A to D where a telephone has them
	By  Source
	At  time.Time // when it was first heard
}

const (
	// mostKeys are kept for who fetches them; more are dropped and counted.
	mostKeys = 64
	// twins is how far apart the same key may come by two ways and be one: some gateways send an event and an INFO.
	twins = time.Second
	// eventKeys are the telephone events that are keys, in RFC 4733's order.
	eventKeys = "0123456789*#ABCD"
)

// keypad gathers keys from every way that they come.
type keypad struct {
	fetched chan Digit
	events  eventReader
	tones   toneDetector
	recent  [8]heardKey // a ring
	next    int
}

type heardKey struct {
	digit  Digit
	paired bool // its twin came
}

// Digits are the keys that were pressed, in their order. It closes with the session.
func (s *Session) Digits() <-chan Digit { return s.keys.fetched }

// PushDigit takes a key that came in the signalling; what is no key is counted.
func (s *Session) PushDigit(key byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if strings.IndexByte(eventKeys, key) < 0 {
		s.counted.KeysUnreadable++
		return
	}
	s.pressed(Digit{Key: key, By: ByInfo, At: s.options.Now()})
}

// pressed is what a key does, whichever way it came.
func (s *Session) pressed(d Digit) {
	if s.keys.twin(d) {
		s.counted.KeysTwice++
		return
	}
	s.counted.Keys++
	if p := s.playing; p != nil && p.bargeIn {
		p.interrupted = true
		s.endPlaying(nil)
	}
	if t := s.taking; t != nil && strings.IndexByte(t.options.EndOnKey, d.Key) >= 0 {
		s.endTaking(EndedByKey, d.Key)
		return
	}
	select {
	case s.keys.fetched <- d:
	default:
		s.counted.KeysDropped++
	}
}

// twin says whether the same press came already by another way. Each press pairs once, so that a key pressed twice is
// two whichever ways both come.
func (k *keypad) twin(d Digit) bool {
	for i := range k.recent {
		r := &k.recent[(k.next+i)%len(k.recent)] // the oldest first
		if r.digit.Key == d.Key && r.digit.By != d.By && !r.paired && d.At.Sub(r.digit.At) < twins {
			r.paired = true
			return true
		}
	}
	k.recent[k.next] = heardKey{digit: d}
	k.next = (k.next + 1) % len(k.recent)
	return false
}
