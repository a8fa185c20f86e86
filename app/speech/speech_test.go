package speech_test

import (
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/speech"
)

func TestTextIsMadeReadyToBeSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"plain words stay":                     {"Press 1 for yes.", "Press 1 for yes."},
		"white space is one space":             {"  Press\t1\n\nfor  yes. ", "Press 1 for yes."},
		"what cannot be heard is left out":     {"Pre\u00adss\u200b 1\ufeff", "Press 1"},
		"control characters part words":        {"one\x00two\x1bthree", "one two three"},
		"Welsh letters stay":                   {"Dŵr, tŷ a môr.", "Dŵr, tŷ a môr."},
		"markup is words, for engines to read": {"<b>1</b>", "<b>1</b>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := speech.Text(c.in, speech.English)
			if err != nil || got != c.want {
				t.Errorf("Text(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestTextThatCannotBeSaidIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, language, code string }{
		"nothing":                  {"", speech.English, "speech_empty"},
		"only what makes no sound": {" \u200b\n", speech.Welsh, "speech_empty"},
		"too long":                 {strings.Repeat("a ", speech.LongestText), speech.English, "speech_too_long"},
		"not text":                 {"a\xff", speech.English, "speech_not_text"},
		"another language":         {"Guten Tag", "de", "speech_language"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := speech.Text(c.text, c.language); !fault.Is(err, c.code) {
				t.Errorf("Text = %q, %v; want %s", got, err, c.code)
			}
		})
	}
}
