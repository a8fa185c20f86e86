package media

// Stats counts what a call, or all of them, sent and received. What is refused is named by the reason.
type Stats struct {
	Received uint64 // packets that were what was agreed, from where they may come
	Sent     uint64
	Keys     uint64 // digits heard, by whichever way

	Malformed    uint64 // not RTP: too short, another version, a header or padding beyond the packet
	Foreign      uint64 // from an address that is not the call's
	WrongSource  uint64 // from the call's address, and another stream (SSRC)
	WrongPayload uint64 // a payload type that was not agreed, or more than a packet holds
	Unauthentic  uint64 // SRTP whose authentication fails
	Repeated     uint64 // had before: a network's duplicate, or a replay
	Late         uint64 // came after it was of use
	Lost         uint64 // never came, by sequence numbers
	Flooded      uint64 // moments when more waited than is read of one call at a time

	Unsent           uint64 // packets that the kernel did not take
	Skipped          uint64 // frames that were never sent, because the machine was busy for too long
	KeysDropped      uint64 // digits that nobody fetched
	KeysTwice        uint64 // digits that came by a second way and were one
	KeysUnreadable   uint64 // telephone events that are no digit, or are cut short
	LatchedElsewhere uint64 // negotiations after which sound came from another port or address than SDP said
}

// Spoofed is how many packets claimed to belong to a call and did not.
func (s Stats) Spoofed() uint64 { return s.Foreign + s.WrongSource + s.Unauthentic }

func (s *Stats) add(o Stats) {
	s.Received += o.Received
	s.Sent += o.Sent
	s.Keys += o.Keys
	s.Malformed += o.Malformed
	s.Foreign += o.Foreign
	s.WrongSource += o.WrongSource
	s.WrongPayload += o.WrongPayload
	s.Unauthentic += o.Unauthentic
	s.Repeated += o.Repeated
	s.Late += o.Late
	s.Lost += o.Lost
	s.Flooded += o.Flooded
	s.Unsent += o.Unsent
	s.Skipped += o.Skipped
	s.KeysDropped += o.KeysDropped
	s.KeysTwice += o.KeysTwice
	s.KeysUnreadable += o.KeysUnreadable
	s.LatchedElsewhere += o.LatchedElsewhere
}
