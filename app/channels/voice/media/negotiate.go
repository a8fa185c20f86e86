package media

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/pion/srtp/v3"

	"onedoor/app/fault"
)

// Offer and answer (RFC 3264), as the side of a call that has one stream of sound.

// description is our own side.
type description struct {
	at      netip.AddrPort
	session uint64
	version uint64
	key     key
	said    []byte // the last one, as it was sent
	body    []byte // the same without its version, to see whether anything changed
}

// eventsNumber is ours for telephone events when we offer.
const eventsNumber = 101

// Answer answers the first offer of a call. From then on frames are sent: silence, until something is played.
func (s *Session) Answer(o Offer) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed()
	}
	chosen, err := s.choose(o)
	if err != nil {
		return nil, err
	}
	if err := s.agree(o.streams[chosen].sound); err != nil {
		return nil, err
	}
	return s.describe(o, chosen), nil
}

// Renegotiate answers a later offer: hold and resume, another address or codec. Refused, it leaves everything as it was.
// The same offer again, as session timers send it, changes nothing and opens nothing.
func (s *Session) Renegotiate(o Offer) ([]byte, error) { return s.Answer(o) }

// Offer is for an INVITE that came without one: what we can do, to be answered in its ACK; see Accept.
func (s *Session) Offer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	proto, crypto := "RTP/AVP", ""
	if s.options.Secure == SecureRequired {
		proto = "RTP/SAVP"
		crypto = "a=crypto:" + cryptoLine{tag: "1", suite: "AES_CM_128_HMAC_SHA1_80"}.attribute(s.local.key) + "\r\n"
	}
	return s.say(fmt.Sprintf("m=audio %d %s 8 0 %d\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\na=ptime:20\r\n%sa=sendrecv\r\n",
		s.local.at.Port(), proto, eventsNumber, eventsNumber, eventsNumber, crypto))
}

// Accept takes the answer to our Offer.
func (s *Session) Accept(answer []byte) error {
	o, err := ParseOffer(answer)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed()
	}
	if len(o.streams) != 1 {
		return fault.New(fault.Malformed, CodeSDPMalformed, "The answer has other streams than the offer.")
	}
	chosen, err := s.choose(o)
	if err != nil {
		return err
	}
	return s.agree(o.streams[chosen].sound)
}

// Description is our side as it was last sent, for a session's refresh.
func (s *Session) Description() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.local.said)
}

// choose takes the stream that the call will have: encrypted before plain, else the first.
func (s *Session) choose(o Offer) (int, error) {
	chosen, refused := -1, noAudio()
	for i, st := range o.streams {
		switch {
		case st.refused != nil:
		case s.options.Secure == SecureRequired && st.sound.crypto == nil:
			refused = fault.New(fault.Invalid, CodeSDPNotSecure, "This line takes encrypted sound only.")
		case s.options.Secure == SecureNever && st.sound.crypto != nil:
			refused = fault.New(fault.Invalid, CodeSDPNotSecure, "This line does not encrypt sound.")
		case !s.reachable(st.sound.to.Addr()):
			refused = fault.New(fault.Invalid, CodeSDPAddress, "Sound cannot be sent to the address in the session description.")
		case chosen < 0 || st.sound.crypto != nil && o.streams[chosen].sound.crypto == nil:
			chosen = i
		}
	}
	if chosen < 0 {
		return 0, refused
	}
	return chosen, nil
}

// reachable refuses what our socket cannot send to, and what a stranger must not make it send to: this machine itself,
// unless the session is a test's or a demonstration's on this machine.
func (s *Session) reachable(ip netip.Addr) bool {
	own := s.options.IP
	return ip.Is4() == own.Is4() && (!ip.IsLoopback() || own.IsLoopback())
}

// agree makes an agreement the one that holds.
func (s *Session) agree(a agreement) error {
	opened, sealed := s.in.crypto, s.out.crypto
	fresh := s.local.key
	switch before := s.remote.crypto; {
	case a.crypto == nil:
		opened, sealed = nil, nil
	case before == nil || before.key != a.crypto.key || before.suite != a.crypto.suite || sealed == nil:
		if sealed == nil || before.suite != a.crypto.suite {
			// Our key serves one context only: a second one would count from zero again and repeat its stream.
			if before != nil || s.out.sealedOnce {
				if _, err := io.ReadFull(s.options.Random, fresh[:]); err != nil {
					return fmt.Errorf("drawing a key: %w", err)
				}
			}
			c, err := a.crypto.context(fresh)
			if err != nil {
				return fmt.Errorf("preparing to encrypt: %w", err)
			}
			sealed = c
		}
		c, err := a.crypto.context(a.crypto.key, srtp.SRTPReplayProtection(replayWindow))
		if err != nil {
			return fmt.Errorf("preparing to decrypt: %w", err)
		}
		opened = c
	}
	same := s.agreed && s.remote.origin == a.origin && s.remote.to == a.to
	if !same {
		s.latch.open(a.to)
		s.in.stream = stream32{}
		s.in.heard = s.options.Now()
	}
	if !s.agreed || s.remote.codec != a.codec {
		s.keys.tones = toneDetector{}
	}
	s.in.crypto, s.out.crypto, s.local.key = opened, sealed, fresh
	s.out.sealedOnce = s.out.sealedOnce || sealed != nil
	s.remote, s.agreed = a, true
	return nil
}

// replayWindow is how far back a packet may be and still be told from a replay.
const replayWindow = 128

// describe answers: the chosen stream with ours, and every other one refused, in their order.
func (s *Session) describe(o Offer, chosen int) []byte {
	var b strings.Builder
	for i, st := range o.streams {
		if i != chosen {
			fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", st.kind, st.proto, strings.Join(st.formats, " "))
			continue
		}
		a := st.sound
		fmt.Fprintf(&b, "m=audio %d %s %d", s.local.at.Port(), a.proto, a.payload)
		if a.keyed {
			fmt.Fprintf(&b, " %d", a.events)
		}
		fmt.Fprintf(&b, "\r\na=rtpmap:%d %s/8000\r\n", a.payload, a.codec)
		if a.keyed {
			fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", a.events, a.events)
		}
		b.WriteString("a=ptime:20\r\n")
		if a.crypto != nil {
			fmt.Fprintf(&b, "a=crypto:%s\r\n", a.crypto.attribute(s.local.key))
		}
		fmt.Fprintf(&b, "a=%s\r\n", a.answered())
	}
	return s.say(b.String())
}

// answered is the direction as our answer says it.
func (a agreement) answered() string {
	switch {
	case a.listens && a.speaks:
		return "sendrecv"
	case a.listens:
		return "sendonly"
	case a.speaks:
		return "recvonly"
	}
	return "inactive"
}

// say puts the session's part before the streams. Its version rises when, and only when, something else is said.
func (s *Session) say(streams string) []byte {
	family := "IP4"
	if s.local.at.Addr().Is6() {
		family = "IP6"
	}
	ip := s.local.at.Addr()
	if streams != string(s.local.body) {
		s.local.version++
		s.local.body = []byte(streams)
	}
	s.local.said = fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n%s", s.local.session, s.local.version, family, ip, family, ip, streams)
	return bytes.Clone(s.local.said)
}
