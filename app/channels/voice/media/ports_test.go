package media

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"onedoor/app/fault"
)

// freePorts finds a range of which every even port is free now.
func freePorts(t *testing.T, calls uint16) (low, high uint16) {
	t.Helper()
	for low := uint16(42000); low < 60000; low += 50 {
		free := true
		for port := low; port < low+2*calls && free; port += 2 {
			s, err := openSocket(netip.AddrPortFrom(loopback, port))
			free = err == nil
			if free {
				s.close()
			}
		}
		if free {
			return low, low + 2*calls - 1
		}
	}
	t.Fatal("no free range of ports")
	return 0, 0
}

func TestPortsAreEvenLentOnceAndRestLongest(t *testing.T) {
	t.Parallel()
	low, high := freePorts(t, 5)
	ports, err := NewPorts(low, high, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pacer := testPacer(t)
	open := func() (*Session, error) {
		return NewSession(Options{IP: loopback, Ports: ports, Pacer: pacer, Random: rand.Reader, Now: time.Now})
	}
	var sessions []*Session
	var seen []uint16
	for range 5 {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		port := s.local.at.Port()
		if port%2 != 0 || port < low || port > high || slices.Contains(seen, port) {
			t.Errorf("port %d was lent", port)
		}
		sessions, seen = append(sessions, s), append(seen, port)
	}
	if _, err := open(); err == nil || fault.As(err).Code != CodePortsExhausted || fault.As(err).Kind != fault.Unavailable {
		t.Fatalf("a sixth call was carried: %v", err)
	}
	if ports.Free() != 0 || pacer.Active() != 5 {
		t.Errorf("%d free, %d active", ports.Free(), pacer.Active())
	}
	sessions[3].Close()
	sessions[1].Close()
	again, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if again.local.at.Port() != seen[3] {
		t.Error("the port that has rested longest was not the next")
	}
	again.Close()
	for _, s := range sessions {
		s.Close()
	}
	if ports.Free() != 5 || pacer.Active() != 0 {
		t.Errorf("after all calls %d ports are free and %d calls active", ports.Free(), pacer.Active())
	}
}

func TestAPortThatAnotherProgramHasIsLeftOut(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.LocalAddr().(*net.UDPAddr).AddrPort().Port() &^ 1
	blocked, err := openSocket(netip.AddrPortFrom(loopback, port))
	if err == nil {
		defer blocked.close()
	}
	ports, err := NewPorts(port, port+4, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ports.listen(loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if s.local.Port() == port || s.local.Port()%2 != 0 {
		t.Errorf("port %d was lent", s.local.Port())
	}
}

func TestPortsMustBeARange(t *testing.T) {
	t.Parallel()
	for _, r := range [][2]uint16{{80, 90}, {2000, 1999}, {2001, 2001}, {0, 10}} {
		if _, err := NewPorts(r[0], r[1], rand.Reader); err == nil {
			t.Errorf("%v is taken for a range", r)
		}
	}
	if _, err := NewPorts(2000, 2010, broken{}); err == nil {
		t.Error("without randomness ports can be guessed")
	}
	if _, err := NewSession(Options{}); err == nil {
		t.Error("a session of nothing")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestASessionWithoutRandomnessIsRefusedAndKeepsNoPort(t *testing.T) {
	t.Parallel()
	low, high := freePorts(t, 2)
	ports, err := NewPorts(low, high, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewSession(Options{IP: loopback, Ports: ports, Pacer: testPacer(t), Random: broken{}, Now: time.Now}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("refused with %v", err)
	}
	if ports.Free() != 2 {
		t.Error("it kept a port")
	}
}

func TestStatsOfEndedCallsAreKept(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	p.send(8, Silence(FrameLength))
	eventually(t, "it is heard", func() bool { return s.Stats().Received == 1 })
	s.Close()
	if got := s.options.Pacer.Stats(); got.Received != 1 || got.Sent == 0 {
		t.Errorf("of a call that is over only %+v is known", got)
	}
}

func TestTwentyCallsAreHeardToTheLastKey(t *testing.T) {
	t.Parallel()
	pacer := testPacer(t)
	ports, err := NewPorts(0, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			s, p := testSession(t, func(o *Options) { o.Pacer, o.Ports = pacer, ports }), newPhone(t)
			events := uint8(96 + n)
			p.call(s, p.offer("m=audio %d RTP/AVP 0 8 "+itoa(events), "a=rtpmap:"+itoa(events)+" telephone-event/8000"))
			want := "9434765919#1*0" + itoa(events)
			go func() {
				for i, key := range []byte(want) {
					p.rtp.Timestamp = uint32(i) * 1600
					for part := range 4 {
						if (i+part+n)%5 != 0 { // a fifth is lost
							p.rtp.Marker = part == 0
							p.send(events, []byte{eventCode(key), map[bool]byte{true: 0x80}[part > 1], 0, byte(part * 50)})
							p.rtp.Timestamp = uint32(i) * 1600
						} else {
							p.rtp.SequenceNumber++
						}
					}
				}
			}()
			got := ""
			for len(got) < len(want) {
				select {
				case d := <-s.Digits():
					got += string(d.Key)
				case <-time.After(time.Minute):
					t.Fatalf("heard %q of %q, %+v", got, want, s.Stats())
				}
			}
			if got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		})
	}
}
