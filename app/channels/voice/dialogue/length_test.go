package dialogue_test

import (
	"slices"
	"strings"
	"testing"

	"onedoor/app/channels/voice/dialogue"
)

// How long the longest prompts are, in words: those of questions, as they are asked the first time. What a menu says at once
// is bounded; a caller need not hear it to the end.
func TestNoPromptIsLongerThanCanBeKeptInMind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	type prompt struct {
		name  string
		words int
	}
	var all []prompt
	hear := func(name string, c *call) {
		n := 0
		for _, p := range c.turn.Say {
			n += len(strings.Fields(p.Text))
		}
		all = append(all, prompt{name, n})
	}
	for _, language := range []string{"en", "cy"} {
		for _, kind := range r.Catalogue.Kinds() {
			c := r.call(func(s *dialogue.Start) { s.Language = language })
			hear(language+" greeting", c)
			c.press("1")
			hear(language+" kinds", c)
			c.press(kind.Key)
			for range 40 {
				hear(language+" "+kind.Code+" "+c.state.Place.LinkID+string(c.state.Place.Detail)+" "+c.state.Menu, c)
				switch {
				case c.state.Place.LinkID == "age-band":
					c.press("3")
				case strings.HasPrefix(c.state.Place.LinkID, "red-flags"):
					for _, group := range "1234" { // listen to each group and go back
						c.press(string(group))
						hear(language+" danger signs "+string(group), c)
						c.hash()
					}
					c.press("5")
				case c.state.Step == "question" && c.turn.Expect.Most == 1 && c.turn.Expect.Kind == dialogue.ExpectKeys && !c.turn.Expect.Hash:
					c.press("1")
				case c.state.Step == "question":
					c.hash()
				}
				if c.state.Step != "question" {
					break
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b prompt) int { return b.words - a.words })
	seen := map[string]bool{}
	for _, p := range all {
		if !seen[p.name] && len(seen) < 8 {
			seen[p.name] = true
			t.Logf("%3d words: %s", p.words, p.name)
		}
	}
	if all[0].words > 90 || len(seen) < 8 {
		t.Errorf("the longest, %s, has %d words", all[0].name, all[0].words)
	}
}
