package speech_test

import (
	"testing"

	"onedoor/app/speech"
)

func TestNumbersThatAreNamesAreSaidDigitByDigit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"the emergency number":       {"Call 999 now.", "Call 9 9 9 now."},
		"111":                        {"ffoniwch 111, neu 999", "ffoniwch 1 1 1, neu 9 9 9"},
		"at the end of a sentence":   {"Call 999.", "Call 9 9 9."},
		"a mobile":                   {"07700 900123", "0 7 7 0 0 9 0 0 1 2 3"},
		"an international number":    {"+44 7700 900123", "4 4 7 7 0 0 9 0 0 1 2 3"},
		"an NHS number":              {"999 000 1006", "9 9 9 0 0 0 1 0 0 6"},
		"digits already apart":       {"9 9 9", "9 9 9"},
		"an amount stays":            {"press 3, or wait 14 days", "press 3, or wait 14 days"},
		"a hundred that is no name":  {"within 100 days", "within 100 days"},
		"a date stays":               {"27 April 2027", "27 April 2027"},
		"a time stays":               {"at 10:30", "at 10:30"},
		"a sum stays":                {"12,000 people", "12,000 people"},
		"the number within a longer": {"room 9991", "room 9991"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := speech.Aloud(c.in); got != c.want {
				t.Errorf("Aloud(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestReferencesAreSaidSlowly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"a reference":        {"4820 5173 96", "4. 8. 2. 0. 5. 1. 7. 3. 9. 6."},
		"a postcode":         {"rs1 1ad", "R. S. 1. 1. A. D."},
		"letters alone":      {"B D", "B. D."},
		"words stay":         {"Your reference is 48.", "Your reference is 4. 8."},
		"marks are not said": {"12-34", "1. 2. 3. 4."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := speech.Slowly(c.in); got != c.want {
				t.Errorf("Slowly(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzAloudAndSlowlyNeverLoseADigit(f *testing.F) {
	f.Add("Call 999, or +44 7700 900123 at 10:30.")
	f.Add("RS1 1AD 1,000.50")
	f.Fuzz(func(t *testing.T, text string) {
		digits := func(s string) (n int) {
			for _, r := range s {
				if '0' <= r && r <= '9' {
					n++
				}
			}
			return n
		}
		if digits(speech.Aloud(text)) != digits(text) || digits(speech.Slowly(text)) != digits(text) {
			t.Errorf("%q lost a digit", text)
		}
	})
}
