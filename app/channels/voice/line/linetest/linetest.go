// Package linetest is the other side of a telephone line in tests: sipp for the signalling, by scenarios in
// app/channels/voice/line/testdata, and a Telephone for what sipp does not send without a privilege, audio and keys.
package linetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"
)

// patience bounds what a test waits for; nothing waits so long unless it fails.
const patience = 30 * time.Second

// Sipp plays a scenario against a line, and says how it went otherwise than it should. More arguments of sipp's can follow;
// a call is of 07700 900123 to riverside, with audio at a port where nobody is, unless they say.
func Sipp(t testing.TB, scenario string, to netip.AddrPort, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	all := []string{
		to.String(), "-sf", scenario, "-i", "127.0.0.1", "-nostdin", "-nd", "-timeout", strconv.Itoa(int(patience/time.Second)) + "s", "-timeout_error",
		"-trace_err", "-error_file", "/dev/stderr",
	}
	for _, usual := range [][]string{{"-key", "caller", "07700900123"}, {"-key", "rtp_port", "40000"}, {"-m", "1"}, {"-s", "riverside"}} { // of two, sipp takes either
		if !slices.Contains(args, usual[len(usual)-2]) {
			all = append(all, usual...)
		}
	}
	cmd := exec.CommandContext(ctx, "sipp", append(all, args...)...) //nolint:gosec // G204: the tests' own arguments
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sipp %s: %w\n%s%s", scenario, err, wrong.String(), Tail(said.String()))
	}
	return nil
}

// Tail is the end of what sipp prints: its counts.
func Tail(s string) string { return s[max(0, len(s)-2500):] }

// Telephone is the audio of a caller whose signalling is sipp's: it sends speech and keys, and hears.
type Telephone struct {
	Conn *net.UDPConn
	seq  uint16
	at   uint32
	To   *net.UDPAddr // where the line hears
}

// NewTelephone listens on loopback until the test ends.
func NewTelephone(t testing.TB) *Telephone {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Telephone{Conn: conn, seq: 100, at: 8000}
}

// Port is where it hears.
func (p *Telephone) Port() string {
	return strconv.Itoa(p.Conn.LocalAddr().(*net.UDPAddr).Port)
}

// Hear waits for a packet of the line's, and learns where it sends from.
func (p *Telephone) Hear(t testing.TB) {
	t.Helper()
	_ = p.Conn.SetReadDeadline(time.Now().Add(patience))
	_, from, err := p.Conn.ReadFromUDP(make([]byte, 2048))
	if err != nil {
		t.Fatal("the line sent no audio:", err)
	}
	p.To = from
}

func (p *Telephone) packet(t testing.TB, kind byte, marker bool, at uint32, payload []byte) {
	t.Helper()
	head := make([]byte, 12, 12+len(payload))
	head[0], head[1] = 0x80, kind
	if marker {
		head[1] |= 0x80
	}
	p.seq++
	binary.BigEndian.PutUint16(head[2:], p.seq)
	binary.BigEndian.PutUint32(head[4:], at)
	binary.BigEndian.PutUint32(head[8:], 0x0DECADE)
	if _, err := p.Conn.WriteToUDP(append(head, payload...), p.To); err != nil {
		t.Error(err)
	}
}

// Quiet sends 20 ms of a-law silence.
func (p *Telephone) Quiet(t testing.TB) {
	t.Helper()
	p.at += 160
	p.packet(t, 8, false, p.at, bytes.Repeat([]byte{0xD5}, 160))
}

// Key sends keys by RFC 4733, with the end of each three times, as that asks.
func (p *Telephone) Key(t testing.TB, keys string) {
	t.Helper()
	for _, k := range []byte(keys) {
		event := byte(bytes.IndexByte([]byte("0123456789*#ABCD"), k)) //nolint:gosec // G115: the tests' own keys
		p.at += 1600
		for i, length := range []byte{0, 80, 160} {
			p.packet(t, 101, i == 0, p.at, []byte{event, 10, 0, length})
		}
		for range 3 {
			p.packet(t, 101, false, p.at, []byte{event, 0x80 | 10, 3, 0x20})
		}
		time.Sleep(15 * time.Millisecond) // a caller's finger: packets faster than anybody sends are refused as a flood
	}
}

// Speak sends so much of a voice, or nearly: a tone that swells and fades, in a-law, at the pace of speech.
func (p *Telephone) Speak(t testing.TB, length time.Duration) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for sent := time.Duration(0); sent < length; sent += 20 * time.Millisecond {
		payload := make([]byte, 160)
		for i := range payload {
			at := float64(sent/time.Millisecond)/1000 + float64(i)/8000
			payload[i] = alaw(int(9000 * (0.6 + 0.4*math.Sin(25*at)) * math.Sin(2*math.Pi*210*at)))
		}
		p.at += 160
		p.packet(t, 8, false, p.at, payload)
		<-ticker.C
	}
}

// alaw is ITU-T G.711, by its definition.
func alaw(sample int) byte {
	sign := byte(0x80)
	if sample < 0 {
		sign, sample = 0, -sample-1
	}
	sample = min(sample>>3, 4095)
	segment, step := 0, sample>>1
	for limit := 32; sample >= limit && segment < 7; limit <<= 1 {
		segment++
	}
	if segment > 1 {
		step = sample >> segment
	}
	return (sign | byte(segment<<4) | byte(step&15)) ^ 0x55
}
