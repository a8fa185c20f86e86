package patients

import (
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Support is something that a person needs and that staff or the product itself can act on.
type Support string

// What somebody can say that they need.
const (
	LargePrint   Support = "large-print"
	EasyRead     Support = "easy-read"
	Braille      Support = "braille"
	Interpreter  Support = "interpreter" // for a spoken language; Needs.Language says which, where it is known
	SignLanguage Support = "sign-language"
	MoreTime     Support = "more-time"
	NoTelephone  Support = "no-telephone" // cannot use a telephone: write instead
)

// Supports are all of them, in the order in which they are asked.
func Supports() []Support {
	return []Support{MoreTime, NoTelephone, Interpreter, SignLanguage, LargePrint, EasyRead, Braille}
}

// recordedAs are words by which a register's own wording is known for a support, where it has no code that codedAs knows. What
// is not known here either is shown as it is worded there.
var recordedAs = []struct {
	words   []string
	support Support
}{
	{[]string{"large print"}, LargePrint},
	{[]string{"easy read", "easyread", "easy-read"}, EasyRead},
	{[]string{"braille"}, Braille},
	{[]string{"sign language", "bsl"}, SignLanguage},
	{[]string{"interpreter"}, Interpreter},
	{[]string{"additional time", "extra time", "more time", "longer appointment", "extended appointment", "double appointment"}, MoreTime},
	{[]string{"unable to use telephone", "unable to use the telephone", "does not use telephone", "no telephone", "not by telephone"}, NoTelephone},
}

// supportOf is what a register's words ask for; empty where the product knows nothing to do but to show them.
func supportOf(words string) Support {
	words = strings.ToLower(words)
	for _, r := range recordedAs {
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(words, w) }) {
			return r.support
		}
	}
	return ""
}

// Support is what an adjustment asks for, by its code, or else by its words; empty where the product can only show it.
func (a Adjustment) Support() Support {
	if s, known := codedAs(a.Code); known {
		return s
	}
	return supportOf(a.Says)
}

// Supports are everything of the needs that can be acted on, in the order in which it is asked: what the person said and what
// is recorded.
func (n Needs) Supports() []Support {
	has := map[Support]bool{Interpreter: n.Interpreter, supportOf(n.WrittenFormat): true, supportOf(n.ContactMethod): true}
	for _, s := range n.Said {
		has[s] = true
	}
	for _, a := range n.Adjustments {
		has[a.Support()] = true
	}
	return slices.DeleteFunc(Supports(), func(s Support) bool { return !has[s] })
}

// Corrected are the needs as a person says that they are: what they ticked of supports and of recorded adjustments, and words
// of their own. Anything recorded that they left out is gone.
func (n Needs) Corrected(supports []Support, adjustments []string, words string) Needs {
	said := Needs{Language: n.Language, Words: words, Confirmed: true}
	for _, s := range Supports() {
		if slices.Contains(supports, s) {
			said.Said = append(said.Said, s)
		}
	}
	said.Interpreter = slices.Contains(said.Said, Interpreter)
	if s := supportOf(n.WrittenFormat); s == "" || slices.Contains(said.Said, s) {
		said.WrittenFormat = n.WrittenFormat
	}
	if s := supportOf(n.ContactMethod); s == "" || slices.Contains(said.Said, s) {
		said.ContactMethod = n.ContactMethod
	}
	for _, a := range n.Adjustments {
		s := a.Support()
		if slices.Contains(said.Said, s) || (s == "" && slices.Contains(adjustments, a.Code)) {
			said.Adjustments = append(said.Adjustments, a)
		}
	}
	return said
}

// KeptNeeds are somebody's needs as they travel with what they ask for: sealed, so that only who shows them opens them.
type KeptNeeds struct {
	// About names what they were sealed for, a conversation or a person's look-up; nothing else opens them.
	About  uuid.UUID `json:"about"`
	Told   bool      `json:"told,omitempty"` // the person said or confirmed them; otherwise they are as a register has them
	Sealed []byte    `json:"sealed"`
}

// OpenedNeeds are KeptNeeds as the staff of an organisation concerned see them.
type OpenedNeeds struct {
	Needs
	Supports   []Support `json:"supports,omitempty"`   // what of them can be acted on
	Told       bool      `json:"told"`                 // the person said or confirmed them; otherwise they are as a register has them
	Unreadable bool      `json:"unreadable,omitempty"` // they cannot be opened now: ask the person
}
