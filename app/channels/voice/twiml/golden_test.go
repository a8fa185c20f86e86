package twiml

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
)

var update = flag.Bool("update", false, "write the golden files")

func TestTurnsAsTwiML(t *testing.T) {
	t.Parallel()
	c := &Channel{base: "https://onedoor.example"}
	say := []dialogue.Phrase{
		{ID: "greeting", Text: "Hello. This is Mill & Lane <Surgery>.", Language: "en"},
		{ID: "welsh", Text: "Am Gymraeg, pwyswch 8.", Language: "cy"},
		{Text: "1, 2, 3", Language: "en", Private: true, Slow: true},
	}
	keys := func(most int, fixed bool) dialogue.Expect {
		return dialogue.Expect{Kind: dialogue.ExpectKeys, Most: most, First: 20 * time.Second, Between: 6 * time.Second, Fixed: fixed}
	}
	for name, a := range map[string]webhook.Answer{
		"menu":        {Turn: dialogue.Turn{Say: say, Expect: keys(1, false)}},
		"ten-digits":  {Turn: dialogue.Turn{Say: say[:1], Expect: keys(10, false)}},
		"until-hash":  {Turn: dialogue.Turn{Say: say[:1], Expect: keys(0, false)}},
		"fixed-words": {Turn: dialogue.Turn{Say: say[:1], Expect: keys(1, true)}},
		"more-time":   {Turn: dialogue.Turn{Say: say[:1], Expect: dialogue.Expect{Kind: dialogue.ExpectKeys, Most: 1, First: 60 * time.Second}}},
		"recording":   {Turn: dialogue.Turn{Say: say[:1], Expect: dialogue.Expect{Kind: dialogue.ExpectRecording, First: 20 * time.Second, Longest: 2 * time.Minute}}},
		"transfer":    {Turn: dialogue.Turn{Say: say[:1], Expect: dialogue.Expect{Kind: dialogue.ExpectTransfer}}},
		"end":         {Turn: dialogue.Turn{Say: say[:1], Expect: dialogue.Expect{Kind: dialogue.ExpectEnd}}},
		"our-sound":   {Turn: dialogue.Turn{Say: say, Expect: keys(1, false)}, Sound: "https://onedoor.example/voice/sound/x.wav?signature=s&until=1"},
		"over":        {Over: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.CallID, a.Step = uuid.MustParse("0199a2c4-7d00-7c11-8a55-3f0f6c1d2e01"), 7
			a.Line = webhook.Line{Name: "riverside", Reception: []string{"+441632960101", "sip:desk@192.0.2.10"}}
			got, err := xml.MarshalIndent(c.response(a), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", name+".xml")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
