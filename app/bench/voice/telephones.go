package voice

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// sockets are how many the telephones share: the calls of one socket are told apart by where packets come from. Few, so
// that the telephones cost little beside what is measured.
const sockets = 16

// Telephones are the process that calls: it says where it is, reads where to send and for how long, and says what it heard.
func Telephones(in io.Reader, out io.Writer) error {
	var shared []*socket
	var h hello
	for range sockets {
		s, err := open()
		if err != nil {
			return err
		}
		defer func() { _ = s.conn.Close() }()
		shared, h.At = append(shared, s), append(h.At, s.conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	if err := json.NewEncoder(out).Encode(h); err != nil {
		return err
	}
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return fmt.Errorf("reading where to call: %w", err)
	}
	if o.Calls > 0 {
		x, sound, err := dial(o.Line, h.At, o.Calls)
		if err != nil {
			return err
		}
		defer x.hangUp()
		o.To = sound
	}
	for i, to := range o.To {
		shared[i%sockets].add(to, uint32(i))
	}
	ends := time.Now().Add(time.Duration(o.Seconds) * time.Second)
	var listening sync.WaitGroup
	for _, s := range shared {
		listening.Go(func() { s.listen(ends) })
	}
	sent := speak(shared, ends)
	listening.Wait()
	if err := json.NewEncoder(out).Encode(sum(shared, sent)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, in) // the calls stand until they were weighed
	return err
}

// socket is some of the calls.
type socket struct {
	conn  *net.UDPConn
	batch *ipv4.PacketConn
	calls map[uint16]*call // by the port that they come from
	out   [4][]ipv4.Message
}

// call is one as it is heard.
type call struct {
	last     int64 // nanoseconds
	first    int64
	sequence uint16
	gaps     []float64
	received uint64
	lost     uint64
}

func open() (*socket, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var refused error
	if err := raw.Control(func(fd uintptr) { // the kernel's time of arrival, not ours of reading
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}); err != nil || refused != nil {
		return nil, fmt.Errorf("asking for times: %w, %w", err, refused)
	}
	_ = conn.SetReadBuffer(4 << 20)
	return &socket{conn: conn, batch: ipv4.NewPacketConn(conn), calls: map[uint16]*call{}}, nil
}

// add gives a call its packet, in one of four moments of each frame.
func (s *socket) add(to netip.AddrPort, ssrc uint32) {
	packet := make([]byte, 172)
	packet[0], packet[1] = 0x80, 8
	binary.BigEndian.PutUint32(packet[8:], ssrc)
	for i, sound := 0, packet[12:]; i < len(sound); i++ {
		sound[i] = byte(i*7) ^ 0x55
	}
	moment := len(s.calls) % len(s.out)
	s.out[moment] = append(s.out[moment], ipv4.Message{Buffers: [][]byte{packet}, Addr: net.UDPAddrFromAddrPort(to)})
	s.calls[to.Port()] = &call{}
}

// speak sends every call's packet each 20 ms.
func speak(all []*socket, ends time.Time) (sent uint64) {
	const moment = 5 * time.Millisecond
	began := time.Now()
	for n := 0; ; n++ {
		at := began.Add(time.Duration(n) * moment)
		if at.After(ends) {
			return sent
		}
		<-time.After(time.Until(at))
		for _, s := range all {
			messages := s.out[n%len(s.out)]
			for i := range messages {
				packet := messages[i].Buffers[0]
				binary.BigEndian.PutUint16(packet[2:], binary.BigEndian.Uint16(packet[2:])+1)
				binary.BigEndian.PutUint32(packet[4:], binary.BigEndian.Uint32(packet[4:])+160)
			}
			for left := messages; len(left) > 0; {
				k, err := s.batch.WriteBatch(left, 0)
				if err != nil || k == 0 {
					break
				}
				sent, left = sent+uint64(k), left[k:] //nolint:gosec // G115: a count
			}
		}
	}
}

// listen notes the gaps between packets.
func (s *socket) listen(ends time.Time) {
	messages := make([]ipv4.Message, 64)
	for i := range messages {
		messages[i] = ipv4.Message{Buffers: [][]byte{make([]byte, 256)}, OOB: make([]byte, 64)}
	}
	_ = s.conn.SetReadDeadline(ends)
	for {
		n, err := s.batch.ReadBatch(messages, 0)
		if err != nil {
			return
		}
		for _, m := range messages[:n] {
			from, ok := m.Addr.(*net.UDPAddr)
			if !ok || m.NN < 32 || m.N < 12 {
				continue
			}
			if c := s.calls[uint16(from.Port)]; c != nil { //nolint:gosec // G115: a port
				// A control message: its length, level and kind, then seconds and nanoseconds.
				stamp := int64(binary.NativeEndian.Uint64(m.OOB[16:]))*1e9 + int64(binary.NativeEndian.Uint64(m.OOB[24:])) //nolint:gosec // G115: a time
				c.hear(stamp, binary.BigEndian.Uint16(m.Buffers[0][2:]))
			}
		}
	}
}

// settle is left out of the gaps: all calls begin at once there, as no calls do.
const settle = int64(time.Second)

func (c *call) hear(at int64, sequence uint16) {
	c.received++
	if c.first == 0 {
		c.first = at
	} else {
		if at-c.first > settle {
			c.gaps = append(c.gaps, float64(at-c.last)/1e6)
		}
		c.lost += uint64(sequence - c.sequence - 1)
	}
	c.last, c.sequence = at, sequence
}

func sum(all []*socket, sent uint64) Heard {
	h := Heard{Sent: sent}
	var gaps []float64
	var lost uint64
	for _, s := range all {
		for _, c := range s.calls {
			h.Received += c.received
			lost += c.lost
			gaps = append(gaps, c.gaps...)
		}
	}
	if len(gaps) == 0 {
		return h
	}
	slices.Sort(gaps)
	at := func(share float64) float64 { return gaps[min(len(gaps)-1, int(share*float64(len(gaps))))] }
	h.P50, h.P90, h.P99, h.Max = at(0.5), at(0.9), at(0.99), gaps[len(gaps)-1]
	h.Lost = float64(lost) / float64(lost+h.Received)
	return h
}
