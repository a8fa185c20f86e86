package media

import (
	"context"
	"strings"
	"time"

	"onedoor/app/fault"
)

// RecordOptions say when a recording ends. A zero duration means no such bound, but for Longest.
type RecordOptions struct {
	First    time.Duration // to wait for speech to begin
	Silence  time.Duration // after speech, how much silence ends it
	Longest  time.Duration // in all; two minutes when zero, ten at most
	EndOnKey string        // the keys that end it, such as "#"; they are not given to Digits
}

// Ending is why a recording ended.
type Ending string

const (
	EndedByKey      Ending = "key"
	EndedBySilence  Ending = "silence"
	EndedByLongest  Ending = "longest"
	EndedByNoSpeech Ending = "no-speech" // nobody spoke within First
	EndedByContext  Ending = "context"
	EndedByClose    Ending = "close" // the call is over; what was said until then is there
)

// Recording is what was heard.
type Recording struct {
	WAV    []byte // 16-bit, one channel, 8 kHz: what every browser and transcriber reads
	Length time.Duration
	Spoken bool // somebody spoke: a recording that a key ended at once holds nothing
	Ended  Ending
	Key    byte // that ended it
}

const (
	longestRecording = 10 * time.Minute
	usualRecording   = 2 * time.Minute
	// kept is how much of the silence that ended a recording stays in it.
	kept = 500 * time.Millisecond
	// displaced is how far a packet's time may be from where the recording is before it counts as a new beginning.
	displaced = Rate
)

// taking is one Record.
type taking struct {
	options  RecordOptions
	began    time.Time
	quiet    time.Time // since when nobody speaks
	spoken   bool
	detector speechDetector
	codec    Codec
	sound    []byte // in codec
	base     uint32 // the timestamp of sound's first sample
	anchored bool
	anchor   time.Time // when it was anchored
	from     int       // and where in sound
	result   Recording
	done     chan struct{}
}

// Record takes what the caller says until a key, silence or a bound ends it. It never fails for how it ended: when the
// caller hangs up, or ctx ends, what was said until then comes back. The error is for a session that cannot record at all.
func (s *Session) Record(ctx context.Context, o RecordOptions) (Recording, error) {
	if o.Longest <= 0 {
		o.Longest = usualRecording
	}
	o.Longest = min(o.Longest, longestRecording)
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return Recording{}, ErrClosed()
	case !s.agreed:
		s.mu.Unlock()
		return Recording{}, fault.New(fault.Conflict, CodeNoTalk, "Nothing has been agreed with the other side yet.")
	case s.taking != nil:
		s.mu.Unlock()
		return Recording{}, fault.New(fault.Conflict, CodeBusy, "This call is being recorded already.")
	}
	now := s.options.Now()
	t := &taking{options: o, began: now, quiet: now, codec: s.remote.codec, done: make(chan struct{})}
	s.taking = t
	s.endByWaitingKey()
	s.mu.Unlock()

	select {
	case <-t.done:
	case <-ctx.Done():
		s.mu.Lock()
		if s.taking == t {
			s.endTaking(EndedByContext, 0)
		}
		s.mu.Unlock()
		<-t.done
	}
	t.result.WAV = wav(t.sound, t.codec)
	return t.result, nil
}

// endByWaitingKey lets a key that was pressed a moment before the recording end it, as it would have a moment later.
func (s *Session) endByWaitingKey() {
	for range len(s.keys.fetched) {
		select {
		case d := <-s.keys.fetched:
			if s.taking != nil && strings.IndexByte(s.taking.options.EndOnKey, d.Key) >= 0 {
				s.endTaking(EndedByKey, d.Key)
				continue
			}
			s.keys.fetched <- d // there is room: only this side fills it, and it is locked
		default:
			return
		}
	}
}

// take puts a packet where its time says.
func (t *taking) take(payload []byte, c Codec, timestamp uint32, now time.Time) {
	if t.detector.hear(payload, c) {
		t.spoken, t.quiet = true, now
	}
	at := len(t.sound)
	if t.anchored {
		at = int(int32(timestamp - t.base)) //nolint:gosec // G115: serial numbers
		clock := t.from + samples(now.Sub(t.anchor))
		if at < 0 || at < len(t.sound)-displaced || at > clock+displaced {
			t.anchored, at = false, len(t.sound) // its clock jumped: go on where we are
		}
	}
	if !t.anchored {
		t.anchored, t.anchor, t.from, t.base = true, now, at, timestamp-uint32(at) //nolint:gosec // G115: timestamps wrap
	}
	end := min(at+len(payload), samples(t.options.Longest))
	for len(t.sound) < end {
		t.sound = append(t.sound, t.codec.silence())
	}
	if at >= end {
		return
	}
	copied := t.sound[at:end]
	copy(copied, payload)
	if c != t.codec {
		law := &muLawToALaw
		if c == ALaw {
			law = &aLawToMuLaw
		}
		for i, b := range copied {
			copied[i] = law[b]
		}
	}
}

// watchTaking ends a recording whose time has come. On hold no silence counts.
func (s *Session) watchTaking(now time.Time) {
	t := s.taking
	if t == nil {
		return
	}
	if !s.remote.listens {
		t.quiet = now
	}
	switch o := t.options; {
	case now.Sub(t.began) >= o.Longest:
		s.endTaking(EndedByLongest, 0)
	case !t.spoken && o.First > 0 && now.Sub(t.quiet) >= o.First:
		s.endTaking(EndedByNoSpeech, 0)
	case t.spoken && o.Silence > 0 && now.Sub(t.quiet) >= o.Silence:
		s.endTaking(EndedBySilence, 0)
	}
}

// endTaking ends a recording, if one is made. The file is made by who waits for it, not by the pacer.
func (s *Session) endTaking(why Ending, key byte) {
	t := s.taking
	if t == nil {
		return
	}
	s.taking = nil
	sound := t.sound
	if why == EndedBySilence && t.options.Silence > kept {
		sound = sound[:max(0, len(sound)-samples(t.options.Silence-kept))]
	}
	t.result = Recording{Length: Audio(sound).Length(), Spoken: t.spoken, Ended: why, Key: key}
	t.sound = sound
	close(t.done)
}
