package voice

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// The telephones' signalling: as much of SIP as a call needs that goes well, over UDP on this machine.

// dialled is one call's signalling.
type dialled struct {
	id     string // Call-ID
	at     netip.AddrPort
	to     string // their To, with its tag
	target string // their Contact
	sound  netip.AddrPort
}

type exchange struct {
	conn *net.UDPConn
	line netip.AddrPort
	all  map[string]*dialled
}

// dial places all calls, a hundred a second, and returns where each sends its sound, in their order.
func dial(line netip.AddrPort, at []netip.AddrPort, calls int) (*exchange, []netip.AddrPort, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	x := &exchange{conn: conn, line: line, all: map[string]*dialled{}}
	var order []*dialled
	answers := make(chan error, 1)
	for i := range calls {
		d := &dialled{id: fmt.Sprintf("bench-%d@127.0.0.1", i), at: at[i%len(at)]}
		order, x.all[d.id] = append(order, d), d
	}
	go func() { answers <- x.answers(calls) }()
	for _, d := range order { // in their pace; what is lost on this machine is not sent again
		if err := x.send("INVITE", d, offer(d.at)); err != nil {
			return nil, nil, err
		}
		<-time.After(10 * time.Millisecond)
	}
	if err := <-answers; err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	var sound []netip.AddrPort
	for _, d := range order {
		sound = append(sound, d.sound)
	}
	return x, sound, nil
}

// answers acknowledges each 200, until all calls stand.
func (x *exchange) answers(calls int) error {
	raw := make([]byte, 8192)
	for answered := 0; answered < calls; {
		_ = x.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, err := x.conn.Read(raw)
		if err != nil {
			return fmt.Errorf("%d of %d calls were answered: %w", answered, calls, err)
		}
		head, body, _ := bytes.Cut(raw[:n], []byte("\r\n\r\n"))
		status, _, _ := strings.Cut(strings.TrimPrefix(string(head), "SIP/2.0 "), " ")
		d := x.all[field(head, "Call-ID")]
		switch {
		case d == nil || status < "200" || !strings.HasSuffix(field(head, "CSeq"), "INVITE"):
			continue
		case status != "200":
			return fmt.Errorf("a call was refused with %s", status)
		}
		fresh := d.to == ""
		d.to, d.target = field(head, "To"), strings.Trim(field(head, "Contact"), "<>")
		if d.sound, err = answeredAt(body); err != nil {
			return err
		}
		if err := x.send("ACK", d, nil); err != nil {
			return err
		}
		if fresh {
			answered++
		}
	}
	return nil
}

// hangUp ends all calls.
func (x *exchange) hangUp() {
	for _, d := range x.all {
		_ = x.send("BYE", d, nil)
		<-time.After(2 * time.Millisecond)
	}
	_ = x.conn.Close()
}

func (x *exchange) send(method string, d *dialled, body []byte) error {
	own, target, to := x.conn.LocalAddr().String(), d.target, d.to
	if target == "" {
		target, to = "sip:riverside@"+x.line.String(), "<sip:riverside@"+x.line.String()+">"
	}
	sequence, kind := 1, ""
	if method == "BYE" {
		sequence = 2
	}
	if body != nil {
		kind = "Content-Type: application/sdp\r\n"
	}
	message := fmt.Appendf(nil, "%[1]s %[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;branch=z9hG4bK-%[4]s-%[1]s\r\nFrom: <sip:07700900123@%[3]s>;tag=bench\r\nTo: %[5]s\r\nCall-ID: %[4]s\r\n"+
		"CSeq: %[6]d %[1]s\r\nContact: <sip:07700900123@%[3]s>\r\nMax-Forwards: 70\r\n%[7]sContent-Length: %[8]d\r\n\r\n", method, target, own, d.id, to, sequence, kind, len(body))
	_, err := x.conn.WriteToUDPAddrPort(append(message, body...), x.line)
	return err
}

// field is a header's value.
func field(head []byte, name string) string {
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
