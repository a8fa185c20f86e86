package media

import "encoding/binary"

// eventReader makes keys of telephone events (RFC 4733): several packets tell of one press, any of them may be lost,
// doubled or late, and the first that comes is enough.
type eventReader struct {
	last  event
	any   bool
	past  [8]event // before the last, a ring
	index int
}

type event struct {
	timestamp uint32 // of its beginning: what makes packets one event
	code      byte
	sequence  uint16 // the newest packet of it
	duration  uint16
	ended     bool
}

// eventVerdict is what a packet meant.
type eventVerdict uint8

const (
	eventSame  eventVerdict = iota // one more packet of a press that was told
	eventPress                     // a key was pressed
	eventLate                      // of a press that never was told, and that another has overtaken
	eventNoKey                     // cut short, or an event that is no key
)

// read takes a packet's payload. restarted says that the stream's numbers began anew, so that order means nothing.
func (r *eventReader) read(payload []byte, timestamp uint32, sequence uint16, marker, restarted bool) (byte, eventVerdict) {
	if len(payload) < 4 || int(payload[0]) >= len(eventKeys) {
		return 0, eventNoKey
	}
	e := event{timestamp: timestamp, code: payload[0], sequence: sequence, duration: binary.BigEndian.Uint16(payload[2:]), ended: payload[1]&0x80 != 0}
	if !r.any {
		return r.press(e)
	}
	l := &r.last
	newer := restarted || int16(sequence-l.sequence) > 0 //nolint:gosec // G115: serial numbers
	switch {
	case e.timestamp == l.timestamp && e.code == l.code:
		// Some senders use a timestamp again: then only the marker of the next press, after an end, tells them apart.
		if marker && l.ended && newer && !e.ended {
			return r.press(e)
		}
		l.grow(e, newer)
		return 0, eventSame
	case !newer:
		if r.told(e) {
			return 0, eventSame
		}
		return 0, eventLate
	case l.continuedBy(e):
		l.timestamp = e.timestamp
		l.grow(e, true)
		l.duration = e.duration
		return 0, eventSame
	}
	return r.press(e)
}

func (r *eventReader) press(e event) (byte, eventVerdict) {
	if r.any {
		r.past[r.index] = r.last
		r.index = (r.index + 1) % len(r.past)
	}
	r.last, r.any = e, true
	return eventKeys[e.code], eventPress
}

// told says whether a late packet's press is known.
func (r *eventReader) told(e event) bool {
	for _, p := range r.past {
		if p.timestamp == e.timestamp && p.code == e.code {
			return true
		}
	}
	return false
}

func (e *event) grow(by event, newer bool) {
	if newer {
		e.sequence = by.sequence
	}
	e.duration = max(e.duration, by.duration)
	e.ended = e.ended || by.ended
}

// continuedBy says whether a packet with another timestamp still is the same press: the next part of one that is held
// for longer than a duration can say (RFC 4733, 2.5.1.3), or one of a sender that wrongly moves the timestamp along with
// the duration.
func (e *event) continuedBy(next event) bool {
	if e.code != next.code || e.ended {
		return false
	}
	moved := next.timestamp - e.timestamp
	return moved >= uint32(e.duration) && moved <= 0xffff && e.duration > 0xf000 || moved == uint32(next.duration)-uint32(e.duration)
}
