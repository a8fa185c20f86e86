package parity

import (
	"encoding/json"
	"fmt"
	"testing"

	"onedoor/app/demo/demotest"
	"onedoor/policy"
)

// sets is how many sets of answers are tried for each Questionnaire.
const sets = 200

// For every Questionnaire and many sets of answers, the same answers by pages, keypad, telephony webhook and API are the same
// request: kind, person, answers, facts, decision, urgency and when an answer is due.
func TestEveryChannelHandsInTheSameRequest(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	for n, kind := range w.Catalogue.Kinds() {
		t.Run(kind.Code, func(t *testing.T) {
			t.Parallel()
			c := open(t, w)
			stops, pharmacies, spoken := 0, 0, 0
			urgencies := map[policy.Urgency]int{}
			for set := range sets {
				s := newSaid(t, w.Catalogue, kind, w.Patients, uint64(n*sets+set))
				c.domain.said = s
				chose := c.byWeb(s)
				web := c.domain.take(t)
				s.drawn = true
				c.byAPI(s, chose)
				c.same(s, set, web, "API")
				acts := c.byKeypad(s)
				c.same(s, set, web, "keypad")
				c.byTwiML(acts)
				c.same(s, set, web, "TwiML")

				urgencies[web.Decision.Urgency]++
				if web.Decision.Stop {
					stops++
				}
				if chose {
					pharmacies++
				}
				for _, a := range acts {
					if a.speak {
						spoken++
					}
				}
			}
			t.Logf("%d sets: %d emergencies, %d pharmacies chosen, %d recordings, %v", sets, stops, pharmacies, spoken, urgencies)
			if stops < 3 || stops > sets/2 || spoken == 0 || len(urgencies) < 3 || (kind.Code == "symptoms") != (pharmacies > 0) {
				t.Errorf("too little was compared")
			}
		})
	}
}

func (c *channels) same(s *said, set int, web outcome, channel string) {
	c.t.Helper()
	other := c.domain.take(c.t)
	want, got := written(c.t, web), written(c.t, other)
	if want == got {
		return
	}
	c.t.Fatalf("set %d of %s: by the pages\n%s\nand by %s\n%s", set, s.kind.Code, want, channel, got)
}

func written(t *testing.T, o outcome) string {
	t.Helper()
	raw, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		t.Fatal(fmt.Errorf("an outcome cannot be written: %w", err))
	}
	return string(raw)
}
