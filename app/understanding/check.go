package understanding

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"onedoor/app/catalogue"
)

// checked refuses a proposal that is not one: a kind that the catalogue lacks, a confidence that is none. Of its answers it
// keeps what could be put to a person and drops the rest: an answer that cannot be is no reason to lose the kind.
func checked(c *catalogue.Catalogue, p *Proposal, words string) error {
	p.Use, p.Crisis = [16]byte{}, false
	if math.IsNaN(p.Confidence) || p.Confidence < 0 || p.Confidence > 1 {
		return fmt.Errorf("a confidence of %v", p.Confidence)
	}
	if p.Kind == "" {
		p.Answers = nil
		return nil
	}
	kind, ok := c.Kind(p.Kind)
	if !ok {
		p.Kind, p.Answers = "", nil
		return fmt.Errorf("a kind that the catalogue does not have")
	}
	kept := make(catalogue.Answers, len(p.Answers))
	for id, values := range p.Answers {
		it, ok := kind.Questionnaire.Item(id)
		if !ok || !Proposable(it) {
			continue
		}
		values, err := it.Check(values)
		if err != nil || len(values) == 0 {
			continue
		}
		if it.FreeText() && !slices.ContainsFunc(values, func(v catalogue.Value) bool { return within(v.String(), words) }) {
			continue
		}
		kept[id] = values
	}
	p.Answers = kept
	return nil
}

// Proposable reports whether an answer to an item may be proposed at all: never to a safety question, nor to what follows from
// who the person is.
func Proposable(it *catalogue.Item) bool {
	return it.Asked() && !it.Safety() && !it.RedFlag && !it.Derived
}

// within reports whether words of a proposal are the person's own: they stand in what was said, in that order. A model writes
// nothing on anybody's behalf.
func within(part, whole string) bool {
	if strings.ContainsAny(part, "[]") { // what stands where something was taken out
		return false
	}
	part, whole = plain(part), plain(whole)
	return strings.TrimSpace(part) != "" && strings.Contains(whole, part)
}

// plain is words with a space around each, in lower case and without marks.
func plain(s string) string {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(fields, " ") + " "
}
