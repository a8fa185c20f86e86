package media

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestACallOverIPv6(t *testing.T) {
	t.Parallel()
	six := netip.IPv6Loopback()
	conn, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(netip.AddrPortFrom(six, 0)))
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	t.Cleanup(func() { _ = conn.Close() })
	p := &phone{t: t, conn: conn}
	p.rtp.Version, p.rtp.SSRC = 2, 7
	s := testSession(t, func(o *Options) { o.IP = six })
	answer := p.call(s, []byte(strings.ReplaceAll(string(p.offer("m=audio %d RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000")), "IN IP4 127.0.0.1", "IN IP6 ::1")))
	if !strings.Contains(answer, "c=IN IP6 ::1\r\n") {
		t.Errorf("the answer:\n%s", answer)
	}
	if got := p.receive(); got.PayloadType != 8 {
		t.Errorf("heard %d", got.PayloadType)
	}
	p.send(101, []byte{5, 0, 0, 160})
	select {
	case d := <-s.Digits():
		if d.Key != '5' {
			t.Errorf("heard %c", d.Key)
		}
	case <-time.After(time.Minute):
		t.Errorf("no key came: %+v", s.Stats())
	}
}
