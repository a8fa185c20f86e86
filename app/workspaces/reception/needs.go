package reception

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/ui/pages"
)

// Needs open what was sealed of what people need. It is needs.Service.
type Needs interface {
	Open(ctx context.Context, neighbourhood uuid.UUID, k *patients.KeptNeeds) (patients.Needs, error)
}

// supportFacts are what somebody needs so that care reaches them: what they said themselves, and what is recorded nationally.
// Whoever has the request sees it.
func (w *Workspace) supportFacts(k *call, v requests.View) (facts []pages.Fact) {
	s := v.Staff
	if s == nil {
		return nil
	}
	recorded := false
	for _, kept := range s.Needs {
		if w.Needs == nil {
			break
		}
		n, err := w.Needs.Open(k.ctx(), k.who.NeighbourhoodID, &kept)
		switch {
		case err != nil:
			facts = append(facts, pages.Fact{Key: "Support needed", Values: []string{"It cannot be read now. Ask them what they need."}, Raised: true})
		case kept.Told && n.None():
			facts = append(facts, pages.Fact{Key: "Support needed", Values: []string{"None, they say"}})
		case kept.Told:
			facts = append(facts, pages.Fact{Key: "Support needed", Values: needWords(n), Raised: true})
		default:
			recorded = true
			facts = append(facts, pages.Fact{Key: "Support on the national record", Values: needWords(n)})
		}
	}
	if recorded || w.Traces == nil {
		return facts
	}
	if n, err := w.Traces.Needs(k.ctx(), k.who.NeighbourhoodID, s.Patient.NHSNumber); err == nil && !n.None() {
		facts = append(facts, pages.Fact{Key: "Support on the national record", Values: needWords(n)})
	}
	return facts
}

// supportWords say what to do about something that can be acted on.
func supportWords(s patients.Support) string {
	switch s {
	case patients.LargePrint:
		return "Large print"
	case patients.EasyRead:
		return "Easy read"
	case patients.Braille:
		return "Braille"
	case patients.Interpreter:
		return "An interpreter"
	case patients.SignLanguage:
		return "British Sign Language"
	case patients.MoreTime:
		return "More time: book a longer appointment, and wait for answers"
	case patients.NoTelephone:
		return "Cannot use the telephone: write, do not ring"
	}
	return ""
}

// needWords say what somebody needs, a line each: a register's own words where there are any, ours for the rest.
func needWords(n patients.Needs) []string {
	var lines []string
	var said []patients.Support
	for _, a := range n.Adjustments {
		line := a.Says
		if a.Note != "" {
			line += " (" + a.Note + ")"
		}
		lines, said = append(lines, line), append(said, a.Support())
	}
	for _, s := range n.Supports() {
		if !slices.Contains(said, s) || s == patients.MoreTime || s == patients.NoTelephone { // what to do says more than its name
			lines = append(lines, supportWords(s))
		}
	}
	if tag, err := language.Parse(n.Language); err == nil && n.Language != "" && n.Language != "en" {
		lines = append(lines, "Language: "+display.English.Languages().Name(tag))
	}
	if n.ContactMethod != "" {
		lines = append(lines, "Prefers to be contacted by: "+n.ContactMethod)
	}
	if n.WrittenFormat != "" && !slices.Contains(n.Supports(), patients.LargePrint) && !slices.Contains(n.Supports(), patients.Braille) {
		lines = append(lines, "Written information: "+n.WrittenFormat)
	}
	if n.Words != "" {
		lines = append(lines, "In their own words: “"+n.Words+"”")
	}
	return lines
}
