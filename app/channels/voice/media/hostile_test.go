package media

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestSoundFromElsewhereOnlyCounts(t *testing.T) {
	t.Parallel()
	s, p, stranger := testSession(t), newPhone(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"))
	stranger.to, stranger.rtp.SSRC = p.to, p.rtp.SSRC
	p.send(8, Silence(FrameLength))
	eventually(t, "the telephone is latched", func() bool { return s.Stats().Received == 1 })
	for range 20 {
		stranger.send(101, []byte{9, 0, 0, 160})
	}
	eventually(t, "the stranger is counted", func() bool { return s.Stats().Foreign == 20 })
	if got := s.Stats(); got.Keys != 0 || got.Received != 1 || got.Spoofed() != 20 {
		t.Errorf("a stranger did more than count: %+v", got)
	}
	heard := s.LastHeard()
	stranger.send(8, Silence(FrameLength))
	eventually(t, "the stranger is counted again", func() bool { return s.Stats().Foreign == 21 })
	if s.LastHeard() != heard {
		t.Error("a stranger keeps a silent call alive")
	}
	if err := stranger.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := stranger.conn.Read(make([]byte, 1500)); err == nil {
		t.Errorf("a stranger was sent %d bytes of the call", n)
	}
}

func TestWhereSoundMayComeFrom(t *testing.T) {
	t.Parallel()
	named, trunk := addr("192.0.2.1:4000"), netip.MustParsePrefix("198.51.100.0/24")
	for name, c := range map[string]struct {
		from string
		may  bool
	}{
		"where SDP said":                        {"192.0.2.1:4000", true},
		"the same machine behind another port":  {"192.0.2.1:61000", true},
		"the trunk's network":                   {"198.51.100.77:4000", true},
		"anywhere else, even on the right port": {"203.0.113.5:4000", false},
	} {
		l := latch{}
		l.open(named)
		if got := l.may(addr(c.from), []netip.Prefix{trunk}); got != c.may {
			t.Errorf("%s: %t", name, got)
		}
	}
	var l latch
	l.open(named)
	if elsewhere := l.close(addr("198.51.100.77:5000")); !elsewhere || l.to != addr("198.51.100.77:5000") {
		t.Errorf("latched elsewhere %t, sends to %s", elsewhere, l.to)
	}
	if l.may(named, []netip.Prefix{trunk}) {
		t.Error("it was latched twice")
	}
	l.open(named)
	if !l.may(named, nil) || l.to != addr("198.51.100.77:5000") {
		t.Error("a new negotiation does not open the latch, or forgets where the caller is before it hears from elsewhere")
	}
	l.open(addr("192.0.2.2:4000"))
	if l.to != addr("192.0.2.2:4000") {
		t.Error("a new address is not sent to")
	}
}

func TestAnAddressBehindATranslatorIsLatchedOnce(t *testing.T) {
	t.Parallel()
	s := testSession(t, func(o *Options) { o.Sources = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	p, behind, late := newPhone(t), newPhone(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	behind.to, late.to = p.to, p.to
	behind.send(8, Silence(FrameLength))
	eventually(t, "it is latched", func() bool { return s.Stats().LatchedElsewhere == 1 })
	behind.receive()
	late.send(8, Silence(FrameLength))
	p.send(8, Silence(FrameLength))
	eventually(t, "the others are foreign", func() bool { return s.Stats().Foreign == 2 })
	// The same offer again is a refresh: it opens nothing.
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	late.send(8, Silence(FrameLength))
	eventually(t, "a refresh opens nothing", func() bool { return s.Stats().Foreign == 3 })
}

func TestPacketsThatAreNotTheCallsOnlyCount(t *testing.T) {
	t.Parallel()
	ours := rtp.Header{Version: 2, PayloadType: 8, SSRC: 7, SequenceNumber: 200, Timestamp: 3000}
	for name, c := range map[string]struct {
		raw   func() []byte
		count func(Stats) uint64
	}{
		"empty":                  {func() []byte { return []byte{} }, func(s Stats) uint64 { return s.Malformed }},
		"cut short":              {func() []byte { return []byte{0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0} }, func(s Stats) uint64 { return s.Malformed }},
		"another version":        {func() []byte { b := packet(ours, 160); b[0] = 0x48; return b }, func(s Stats) uint64 { return s.Malformed }},
		"sources beyond the end": {func() []byte { b := packet(ours, 0); b[0] |= 15; return b }, func(s Stats) uint64 { return s.Malformed }},
		"an extension beyond it": {func() []byte {
			b := packet(ours, 4)
			b[0] |= 0x10
			copy(b[12:], []byte{0xbe, 0xde, 0xff, 0xff})
			return b
		}, func(s Stats) uint64 { return s.Malformed }},
		"padding beyond it":     {func() []byte { b := packet(ours, 10); b[0] |= 0x20; b[len(b)-1] = 200; return b }, func(s Stats) uint64 { return s.Malformed }},
		"padding of nothing":    {func() []byte { b := packet(ours, 10); b[0] |= 0x20; b[len(b)-1] = 0; return b }, func(s Stats) uint64 { return s.Malformed }},
		"another codec":         {func() []byte { h := ours; h.PayloadType = 0; return packet(h, 160) }, func(s Stats) uint64 { return s.WrongPayload }},
		"control packets":       {func() []byte { b := packet(ours, 16); b[1] = 200; return b }, func(s Stats) uint64 { return s.WrongPayload }},
		"another stream":        {func() []byte { h := ours; h.SSRC = 8; return packet(h, 160) }, func(s Stats) uint64 { return s.WrongSource }},
		"a number far away":     {func() []byte { h := ours; h.SequenceNumber = 20000; return packet(h, 160) }, func(s Stats) uint64 { return s.Late }},
		"the same packet again": {func() []byte { h := ours; h.SequenceNumber = 100; return packet(h, 160) }, func(s Stats) uint64 { return s.Repeated }},
		"an event that is no key": {func() []byte {
			h := ours
			h.PayloadType, h.SequenceNumber = 101, 101
			return append(packet(h, 0), 99, 0, 0, 1)
		}, func(s Stats) uint64 { return s.KeysUnreadable }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := testSession(t), newPhone(t)
			p.call(s, p.offer("m=audio %d RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"))
			p.send(8, Silence(FrameLength)) // number 100
			eventually(t, "the call is heard", func() bool { return s.Stats().Received == 1 })
			p.raw(c.raw())
			eventually(t, "it counts", func() bool { return c.count(s.Stats()) == 1 })
			p.rtp.SequenceNumber = 150
			p.send(101, []byte{4, 0, 0, 160})
			if d := <-s.Digits(); d.Key != '4' {
				t.Errorf("then a key was heard as %c", d.Key)
			}
			if n := s.Stats().Keys; n != 1 {
				t.Errorf("%d keys were heard", n)
			}
		})
	}
}

func packet(h rtp.Header, length int) []byte {
	raw, err := (&rtp.Packet{Header: h, Payload: make([]byte, length)}).Marshal()
	if err != nil {
		panic(err)
	}
	return raw
}

func TestAnotherStreamTakesOverOnlyAfterSilenceAndInARow(t *testing.T) {
	t.Parallel()
	var st stream32
	at := fixed()
	place := func(name uint32, number uint16) streamVerdict { return st.place(name, number, at).verdict }
	if place(1, 65535) != streamOurs || place(1, 0) != streamOurs || place(1, 3) != streamOurs || place(1, 2) != streamOurs {
		t.Error("the first stream is not ours, or numbers do not go round")
	}
	for n := range uint16(10) {
		if place(2, n) != streamOther {
			t.Error("another stream took over while ours speaks")
		}
	}
	at = at.Add(silentFor)
	for _, n := range []uint16{10, 12, 14, 99} {
		if place(2, n) != streamOther {
			t.Error("another stream took over with packets that do not follow each other")
		}
	}
	if place(2, 20) != streamOther || place(2, 21) != streamOther || place(2, 22) != streamOurs || place(1, 4) != streamOther {
		t.Error("another stream cannot take over after a silence")
	}
	for _, n := range []uint16{30000, 40000, 30001} {
		if place(2, n) != streamFar {
			t.Error("a jump of numbers is followed at once")
		}
	}
	if place(2, 30002) != streamFar || place(2, 30003) != streamOurs {
		t.Error("a telephone that begins to count anew is never heard again")
	}
}

func TestAFloodOnlyCounts(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"))
	p.send(8, Silence(FrameLength))
	eventually(t, "the call is heard", func() bool { return s.Stats().Received == 1 })
	stop := make(chan struct{})
	stranger := newPhone(t)
	flooding := make(chan struct{})
	go func() {
		defer close(flooding)
		random := mathrand.New(mathrand.NewPCG(3, 4))
		raw := make([]byte, 400)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for range 50 {
				for i := range raw {
					raw[i] = byte(random.Uint32())
				}
				_, _ = stranger.conn.WriteToUDPAddrPort(raw[:12+random.IntN(380)], p.to)
			}
			<-time.After(time.Millisecond)
		}
	}()
	eventually(t, "the flood is on", func() bool { return s.Stats().Foreign > 500 })
	// A key is told by several packets, over and over: some of them come through.
	for deadline := time.Now().Add(time.Minute); s.Stats().Keys == 0 && time.Now().Before(deadline); {
		p.rtp.Timestamp = 9000
		p.send(101, []byte{6, 0, 1, 0})
		<-time.After(5 * time.Millisecond)
	}
	close(stop)
	<-flooding
	select {
	case d := <-s.Digits():
		if d.Key != '6' {
			t.Errorf("in a flood %c was heard", d.Key)
		}
	case <-time.After(time.Minute):
		t.Fatal("in a flood no key was heard")
	}
	if got := s.Stats(); got.Keys != 1 || got.Sent == 0 {
		t.Errorf("the flood did something: %+v", got)
	}
}

// FuzzRTP gives a session packets as a network may: none of them may break it, and only whole ones of its own count as
// received.
func FuzzRTP(f *testing.F) {
	f.Add(packet(rtp.Header{Version: 2, PayloadType: 8, SSRC: 7, SequenceNumber: 1}, 160), true, false)
	f.Add(append(packet(rtp.Header{Version: 2, PayloadType: 101, SSRC: 7, SequenceNumber: 2, Marker: true}, 0), 5, 0x80, 1, 0), true, false)
	f.Add(packet(rtp.Header{Version: 2, PayloadType: 8, SSRC: 7, SequenceNumber: 1}, 170), true, true)
	f.Fuzz(func(t *testing.T, raw []byte, keyed, secure bool) {
		s := &Session{options: Options{IP: loopback, Random: rand.Reader, Now: fixed}}
		s.keys.fetched = make(chan Digit, mostKeys)
		a := agreement{to: addr("127.0.0.1:4000"), codec: ALaw, payload: 8, keyed: keyed, events: 101, listens: true, speaks: true}
		if secure {
			a.crypto = &cryptoLine{tag: "1", suite: "AES_CM_128_HMAC_SHA1_80"}
		}
		if err := s.agree(a); err != nil {
			t.Fatal(err)
		}
		s.taking = &taking{options: RecordOptions{Longest: time.Second}, began: fixed(), quiet: fixed(), done: make(chan struct{})}
		w := &worker{}
		packets := 0
		for at := 0; at < len(raw); packets++ {
			size := min(len(raw)-at, 12+int(raw[at]))
			one := raw[at : at+size]
			if size > 8 {
				binary.BigEndian.PutUint32(one[4:], binary.BigEndian.Uint32(one[4:])&0xffff) // times that are near enough to matter
			}
			s.packet(w, one, addr("127.0.0.1:4000"), fixed())
			at += size
		}
		c := s.counted
		if c.Received+c.Malformed+c.WrongPayload+c.WrongSource+c.Unauthentic+c.Repeated+c.Late < uint64(packets) {
			t.Fatalf("of %d packets some were not counted: %+v", packets, c)
		}
		if secure && c.Received > 0 {
			t.Fatal("a packet without the key was received")
		}
	})
}
