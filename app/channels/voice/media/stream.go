package media

import "time"

// stream32 follows one stream of packets by its 32-bit name (SSRC) and its sequence numbers, as RFC 3550's appendix A.1
// does. A stranger who can forge the call's address must still guess its name, which changes only when it has been
// silent for a while and the new one has shown several packets in a row.
type stream32 struct {
	name    uint32
	any     bool
	highest uint16
	seen    uint64 // of the 64 numbers up to highest: which have come, the newest in the lowest bit
	last    time.Time

	// A stream, or a place in it, that may become ours: the number that would follow, and how many have.
	otherName uint32
	otherNext uint16
	others    int
}

const (
	// silentFor is how long our stream must be silent before another can take its place.
	silentFor = 100 * time.Millisecond
	// inARow is how many packets of another stream, or of ours at another place, make it the one.
	inARow = 3
	// farthest is a jump in numbers that loss can explain: a minute.
	farthest = 3000
)

type streamVerdict uint8

const (
	streamOurs streamVerdict = iota
	streamOther
	streamRepeated
	streamFar
)

type streamPlace struct {
	verdict   streamVerdict
	restarted bool   // numbers begin anew with this packet
	lost      uint64 // how many before it are missing; one that still comes makes it too many by one
}

// place says what a packet is to the stream.
func (t *stream32) place(name uint32, number uint16, now time.Time) streamPlace {
	switch {
	case !t.any:
		t.begin(name, number, now)
		return streamPlace{restarted: true}
	case name != t.name:
		if now.Sub(t.last) < silentFor || !t.another(name, number) {
			return streamPlace{verdict: streamOther}
		}
		t.begin(name, number, now)
		return streamPlace{restarted: true}
	}
	switch ahead := int16(number - t.highest); { //nolint:gosec // G115: serial numbers
	case ahead > 0 && ahead <= farthest:
		t.others = 0
		t.last, t.highest = now, number
		t.seen = t.seen<<uint(ahead) | 1
		return streamPlace{lost: uint64(ahead) - 1}
	case ahead <= 0 && ahead > -64:
		bit := uint64(1) << uint(-ahead)
		if t.seen&bit != 0 {
			return streamPlace{verdict: streamRepeated}
		}
		t.seen |= bit
		t.last = now
		return streamPlace{}
	}
	if !t.another(name, number) {
		return streamPlace{verdict: streamFar}
	}
	t.begin(name, number, now)
	return streamPlace{restarted: true}
}

func (t *stream32) begin(name uint32, number uint16, now time.Time) {
	*t = stream32{name: name, any: true, highest: number, seen: 1, last: now}
}

// another counts packets in a row that are elsewhere.
func (t *stream32) another(name uint32, number uint16) bool {
	if t.others > 0 && t.otherName == name && t.otherNext == number {
		t.others++
	} else {
		t.others, t.otherName = 1, name
	}
	t.otherNext = number + 1
	return t.others >= inARow
}
