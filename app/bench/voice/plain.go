package voice

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// plain is how a call is usually carried: a goroutine that reads, and one with a ticker that sends. It does much less
// than a session does, and is here to be compared with.
type plain struct {
	conns   []*net.UDPConn
	stop    chan struct{}
	running sync.WaitGroup
	packets atomic.Uint64
}

func newPlain() *plain { return &plain{stop: make(chan struct{})} }

func (p *plain) answer(telephone netip.AddrPort) (netip.AddrPort, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(telephone.Addr(), 0)))
	if err != nil {
		return netip.AddrPort{}, err
	}
	p.conns = append(p.conns, conn)
	p.running.Go(func() {
		into := make([]byte, 1500)
		for {
			if _, _, err := conn.ReadFromUDPAddrPort(into); err != nil {
				return
			}
			p.packets.Add(1)
		}
	})
	p.running.Go(func() { p.send(conn, telephone) })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

func (p *plain) send(conn *net.UDPConn, to netip.AddrPort) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	packet := make([]byte, 172)
	packet[0], packet[1] = 0x80, 8
	began := time.Now()
	for sent := uint32(0); ; {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		for due := uint32(time.Since(began) / (20 * time.Millisecond)); sent < due; sent++ { //nolint:gosec // G115: minutes
			binary.BigEndian.PutUint32(packet[2:], sent<<16) // the sequence, which is all that is looked at
			if _, err := conn.WriteToUDPAddrPort(packet, to); err != nil {
				return
			}
		}
	}
}

func (p *plain) received() uint64 { return p.packets.Load() }

func (p *plain) close() {
	close(p.stop)
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.running.Wait()
}
