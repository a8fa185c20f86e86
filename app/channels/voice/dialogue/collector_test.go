package dialogue_test

import (
	"testing"
	"time"

	"onedoor/app/channels/voice/dialogue"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func menu() dialogue.Expect {
	return dialogue.Expect{Kind: dialogue.ExpectKeys, Most: 1, First: 20 * time.Second, Between: 6 * time.Second}
}

func field(most int) dialogue.Expect {
	e := menu()
	e.Most = most
	return e
}

// Each step is a key at a second, or a tick; want is what it gives, "-" for nothing.
func TestTheCollectorMakesKeysAndMomentsIntoEvents(t *testing.T) {
	t.Parallel()
	type step struct {
		at   float64
		key  byte // 0: look at the clock
		want string
	}
	for _, tt := range []struct {
		name   string
		expect dialogue.Expect
		steps  []step
	}{
		{"one key completes a menu", menu(), []step{{1, '3', "3"}}},
		{"0 alone in a menu at once", menu(), []step{{1, '0', "0"}}},
		{"a star alone at once", menu(), []step{{1, '*', "*"}}},
		{"a hash alone is an answer without keys", menu(), []step{{1, '#', ""}}},
		{"a field is full by its length", field(3), []step{{1, '1', "-"}, {2, '2', "-"}, {3, '3', "123"}}},
		{"a hash completes a field early", field(3), []step{{1, '1', "-"}, {2, '#', "1"}}},
		{"a star in a field completes it at once", field(8), []step{{1, '1', "-"}, {2, '*', "1*"}}},
		{"a pause completes a field", field(3), []step{{1, '1', "-"}, {6.9, 0, "-"}, {7, 0, "1"}}},
		{"each key begins the pause anew", field(3), []step{{1, '1', "-"}, {6, '2', "-"}, {11, 0, "-"}, {12, 0, "12"}}},
		{"without a length the hash is needed, or a pause", field(0), []step{{1, '1', "-"}, {2, '2', "-"}, {3, '3', "-"}, {4, '#', "123"}}},
		{"0 in a field waits for more", field(2), []step{{1, '0', "-"}, {2, '0', "00"}}},
		{"silence", menu(), []step{{19.9, 0, "-"}, {20, 0, "silence"}}},
		{"letters are no keys", menu(), []step{{1, 'A', "-"}, {2, ' ', "-"}, {3, '2', "2"}}},
		{"nothing after it is complete", menu(), []step{{1, '1', "1"}, {2, '2', "-"}, {60, 0, "-"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c dialogue.Collector
			c.Begin(tt.expect)
			c.Said(noon)
			for _, s := range tt.steps {
				var e dialogue.Event
				var ok bool
				if s.key == 0 {
					e, ok = c.Tick(after(s.at))
				} else {
					e, ok = c.Key(s.key, after(s.at))
				}
				got := "-"
				switch {
				case ok && e.Kind == dialogue.Silence:
					got = "silence"
				case ok:
					got = e.Keys
				}
				if got != s.want {
					t.Fatalf("at %v: %q, want %q", s.at, got, s.want)
				}
			}
		})
	}
}

func TestALateHashOfAFullFieldDoesNotAnswerTheNextQuestion(t *testing.T) {
	t.Parallel()
	hash := menu()
	hash.Hash = true
	for _, tt := range []struct {
		name  string
		first dialogue.Expect
		keys  string
		next  dialogue.Expect
		at    float64
		taken bool
	}{
		{"after a full field", field(2), "12", menu(), 2, false},
		{"after a menu", menu(), "1", menu(), 2, false},
		{"three seconds are over", field(2), "12", menu(), 4.5, true},
		{"a field that a hash completed had it already", field(3), "12#", menu(), 2, true},
		{"a menu in which the hash is an answer", menu(), "1", hash, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c dialogue.Collector
			c.Begin(tt.first)
			c.Said(noon)
			for i := range len(tt.keys) {
				c.Key(tt.keys[i], after(1))
			}
			c.Begin(tt.next)
			if _, taken := c.Key('#', after(tt.at)); taken != tt.taken {
				t.Errorf("taken: %v", taken)
			}
			// Only one hash is late: the second is meant.
			if _, taken := c.Key('#', after(tt.at)); taken == tt.taken {
				t.Errorf("a second hash is taken: %v", taken)
			}
		})
	}
}

func TestKeysStopWordsThatAreNotFixed(t *testing.T) {
	t.Parallel()
	var c dialogue.Collector
	c.Begin(menu())
	if !c.Deadline().IsZero() {
		t.Error("silence counts while words are said")
	}
	if _, ok := c.Key('1', after(0)); !ok || !c.Began() {
		t.Error("a key does not stop the words")
	}
	fixed := menu()
	fixed.Fixed = true
	c.Begin(fixed)
	if _, ok := c.Key('1', after(1)); ok || c.Began() {
		t.Error("a key stops fixed words")
	}
	c.Said(after(2))
	if _, ok := c.Key('1', after(3)); !ok {
		t.Error("no key is taken after fixed words")
	}
}
