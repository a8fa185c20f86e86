package dialogue

import "time"

// lateHash is how long after a field was full a hash still belongs to it: people press it out of habit, and it would answer
// the next question.
const lateHash = 3 * time.Second

// Collector makes keys and moments into events, as one Expect asks after another. It is pure: time is an argument, and it
// waits for nothing. One Collector serves a whole call, since a late hash of one field reaches into the next.
type Collector struct {
	expect Expect
	keys   []byte
	// waiting is the moment from which silence counts: the last word, or the last key; zero while words are said.
	waiting time.Time
	full    time.Time // when the last field was completed by its length; zero when it was not
	done    bool
}

// Begin takes the next Expect. Keys can come at once; silence counts only from Said.
func (c *Collector) Begin(e Expect) {
	c.expect, c.keys, c.waiting, c.done = e, nil, time.Time{}, false
}

// Said tells that the last word was said.
func (c *Collector) Said(at time.Time) {
	if c.waiting.IsZero() {
		c.waiting = at
	}
}

// Key takes one key, 0 to 9, * or #; others are ignored, as are keys while fixed words are said. When it completes the
// answer, the event is what the dialogue is given.
func (c *Collector) Key(key byte, at time.Time) (Event, bool) {
	if c.done || (c.expect.Fixed && c.waiting.IsZero()) {
		return Event{}, false
	}
	switch {
	case key == '#':
		if c.late(at) {
			c.full = time.Time{}
			return Event{}, false
		}
		return c.complete(time.Time{})
	case key == '*':
		// A star begins again, wherever it stands.
		c.keys = append(c.keys, key)
		return c.complete(time.Time{})
	case key < '0' || key > '9':
		return Event{}, false
	}
	c.keys = append(c.keys, key)
	c.waiting = at
	if c.expect.Most > 0 && len(c.keys) >= c.expect.Most {
		return c.complete(at)
	}
	return Event{}, false
}

// late reports whether a hash belongs to the field before.
func (c *Collector) late(at time.Time) bool {
	return len(c.keys) == 0 && !c.expect.Hash && !c.full.IsZero() && at.Sub(c.full) <= lateHash
}

func (c *Collector) complete(full time.Time) (Event, bool) {
	c.done, c.full = true, full
	return Event{Kind: Keys, Keys: string(c.keys)}, true
}

// Began reports whether a key was taken: words that are being said stop.
func (c *Collector) Began() bool { return len(c.keys) > 0 || c.done }

// Deadline is when Tick has something to say; zero when only a key does.
func (c *Collector) Deadline() time.Time {
	switch {
	case c.done || c.waiting.IsZero():
		return time.Time{}
	case len(c.keys) > 0:
		return c.waiting.Add(c.expect.Between)
	}
	return c.waiting.Add(c.expect.First)
}

// Tick looks at the clock: keys that nobody followed are an answer, and none at all is silence.
func (c *Collector) Tick(at time.Time) (Event, bool) {
	deadline := c.Deadline()
	if deadline.IsZero() || at.Before(deadline) {
		return Event{}, false
	}
	if len(c.keys) > 0 {
		return c.complete(time.Time{})
	}
	c.done, c.full = true, time.Time{}
	return Event{Kind: Silence}, true
}
