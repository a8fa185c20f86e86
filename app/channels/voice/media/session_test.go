package media

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// loopback is where tests talk.
var loopback = netip.MustParseAddr("127.0.0.1")

// testPacer runs for one test.
func testPacer(t *testing.T) *Pacer {
	t.Helper()
	p := NewPacer(1, time.Now)
	t.Cleanup(p.Close)
	return p
}

func testSession(t *testing.T, change ...func(*Options)) *Session {
	t.Helper()
	ports, err := NewPorts(0, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{IP: loopback, Ports: ports, Pacer: testPacer(t), Random: rand.Reader, Now: time.Now}
	for _, c := range change {
		c(&o)
	}
	s, err := NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// phone is the other side: a real UDP socket.
type phone struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
	rtp  rtp.Packet
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &phone{t: t, conn: conn, rtp: rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 7, SequenceNumber: 100, Timestamp: 1000}}}
}

func (p *phone) at() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// offer is what this phone proposes; lines come after its m= line.
func (p *phone) offer(media string, lines ...string) []byte {
	return []byte(fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+media+"\r\n", p.at().Port()) + strings.Join(append(lines, ""), "\r\n"))
}

// call offers, takes the answer and knows where to send.
func (p *phone) call(s *Session, offer []byte) string {
	p.t.Helper()
	o, err := ParseOffer(offer)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := s.Answer(o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.to = s.local.at
	return string(answer)
}

func (p *phone) send(payloadType uint8, payload []byte) {
	p.t.Helper()
	p.rtp.PayloadType, p.rtp.Payload = payloadType, payload
	raw, err := p.rtp.Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	p.raw(raw)
	p.rtp.SequenceNumber++
	p.rtp.Timestamp += uint32(len(payload))
}

func (p *phone) raw(b []byte) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort(b, p.to); err != nil {
		p.t.Fatal(err)
	}
}

// receive waits for the next packet.
func (p *phone) receive() rtp.Packet {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		p.t.Fatal(err)
	}
	raw := make([]byte, 1500)
	n, err := p.conn.Read(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	var packet rtp.Packet
	if err := packet.Unmarshal(raw[:n]); err != nil {
		p.t.Fatal(err)
	}
	return packet
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

func TestWhatIsPlayedArrivesFrameByFrameInTheAgreedLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format  string
		payload uint8
		law     Codec
	}{{"8 0", 8, ALaw}, {"0 8", 0, MuLaw}} {
		t.Run(c.law.String(), func(t *testing.T) {
			t.Parallel()
			s, p := testSession(t), newPhone(t)
			answer := p.call(s, p.offer("m=audio %d RTP/AVP "+c.format+" 96", "a=rtpmap:96 telephone-event/8000"))
			if !strings.Contains(answer, fmt.Sprintf("RTP/AVP %d 96\r\n", c.payload)) {
				t.Fatalf("the answer agrees to something else:\n%s", answer)
			}
			before := p.receive() // silence
			said := make(chan error, 1)
			tone := Tone(440, 100*time.Millisecond)
			go func() {
				_, err := s.Play(context.Background(), tone, false)
				said <- err
			}()
			var heard Audio
			for frames := 0; len(heard) < len(tone); frames++ {
				if frames > 500 {
					t.Fatalf("of %d samples %d were heard", len(tone), len(heard))
				}
				next := p.receive()
				if next.SequenceNumber != before.SequenceNumber+1 || (next.Timestamp-before.Timestamp)%160 != 0 || next.PayloadType != c.payload || len(next.Payload) != 160 {
					t.Fatalf("a frame does not follow the one before: %v, %v", before.Header, next.Header)
				}
				if strings.Trim(string(next.Payload), string([]byte{c.law.silence()})) != "" {
					heard = append(heard, next.Payload...)
				}
				before = next
			}
			for i, b := range heard {
				want := tone[i]
				if c.law == ALaw {
					want = muLawToALaw[want]
				}
				if b != want {
					t.Fatalf("sample %d is %#x, want %#x", i, b, want)
				}
			}
			if err := <-said; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAKeyByEventArrivesOnceAndInterrupts(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8 111", "a=rtpmap:111 telephone-event/8000"))
	said := make(chan bool, 1)
	go func() {
		interrupted, _ := s.Play(context.Background(), Tone(440, time.Minute), true)
		said <- interrupted
	}()
	for p.receive().Payload[80] == aLawSilence { // until it is said
	}
	for i := range 6 {
		p.rtp.Timestamp = 5000
		p.send(111, []byte{7, map[bool]byte{true: 0x80}[i > 3], 0, byte(i * 100)})
	}
	if !<-said {
		t.Error("a key did not interrupt")
	}
	if d := <-s.Digits(); d.Key != '7' || d.By != ByEvent {
		t.Errorf("the key was heard as %c", d.Key)
	}
	eventually(t, "all packets are read", func() bool { return s.Stats().Received == 6 })
	if n := s.Stats().Keys; n != 1 {
		t.Errorf("one press counted as %d", n)
	}
}
