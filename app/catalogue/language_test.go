package catalogue

import (
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/app/nhs"
)

func TestEveryLineOfTheCatalogueIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	lines := 0
	for _, k := range c.Kinds() {
		for _, it := range k.Questionnaire.everyItem() {
			for _, english := range it.lines() {
				if english == "" {
					continue
				}
				lines++
				for _, language := range Languages() {
					words, ok := c.Words(language, english)
					if !ok || words == "" || (language == English) != (words == english) {
						// Some words are the same in both; none of a question is.
						t.Errorf("%s: item %s: %q in %s is %q", k.Code, it.LinkID, english, language, words)
					}
				}
			}
		}
	}
	if lines < 500 {
		t.Errorf("only %d lines were looked at", lines)
	}
	if words, ok := c.Words(Welsh, "Pain, pressure or tightness in the chest"); !ok || words != "Poen, pwysau neu dyndra yn y frest" {
		t.Errorf("what begins a sentence is %q", words)
	}
	if words, ok := c.Words("fr", "Yes"); ok {
		t.Errorf("French is not spoken here, and yet says %q", words)
	}
	if words, ok := c.Words(Welsh, "Not of the catalogue"); ok {
		t.Errorf("what the catalogue does not say is %q", words)
	}
}

func TestTheWelshOfTheCatalogueReadsAsItsEnglishDoes(t *testing.T) {
	t.Parallel()
	for english, welsh := range mustLoad(t).languages[Welsh] {
		last := func(s string) rune { r := []rune(s); return r[len(r)-1] }
		if e, w := last(english), last(welsh); (strings.ContainsRune(".?!:", e) || strings.ContainsRune(".?!:", w)) && e != w {
			t.Errorf("%q ends otherwise than %q", welsh, english)
		}
		upper := func(s string) bool { return strings.ToUpper(s[:1]) == s[:1] && s[0] > '9' }
		if english[0] > '9' && upper(english) != upper(welsh) {
			t.Errorf("%q begins otherwise than %q", welsh, english)
		}
		if strings.ContainsAny(welsh, "'\"<>{}[]") {
			t.Errorf("%q: an apostrophe is ’, and nothing here is markup", welsh)
		}
		for _, number := range []string{"999", "111"} {
			if strings.Contains(english, number) != strings.Contains(welsh, number) {
				t.Errorf("%q and %q do not both say %s", english, welsh, number)
			}
		}
	}
}

func TestLoadRefusesACatalogueThatIsNotWholeInWelsh(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, old, new, says string }{
		{"a text is missing", "Which pharmacy?\n    Pa fferyllfa?\n", "", `repeat-prescription: item "other-pharmacy": there are no words for "Which pharmacy?"`},
		{"a group is missing", "the skin\n    y croen\n", "", `symptoms: item "condition": there are no words for "the skin"`},
		{"a title is missing", "Book an appointment\n    Trefnu apwyntiad\n", "", `appointment-book: there are no words for "Book an appointment"`},
		{"a safety question is missing", "None of these\n    Dim un o’r rhain\n", "", `item "red-flags-adult": there are no words for "None of these"`},
		{"the English changed", "Which pharmacy?", "Which chemist?", `nothing says "Which chemist?"`},
		{"no Welsh follows", "    Pa fferyllfa?\n", "", "the line before it has no words"},
		{"no English stands before", "Which pharmacy?\n", "", "there is no English before it"},
		{"English twice", "Which pharmacy?\n", "Yes\n    Ydy\nWhich pharmacy?\n", "this English stands twice"},
		{"nothing after the last", "a mental health crisis\n    gwenwyno, hunan-niweidio neu argyfwng iechyd meddwl\n", "a mental health crisis\n", "the last line has no words"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := folder(t)
			old := string(m["cy.txt"].Data)
			if !strings.Contains(old, tt.old) {
				t.Fatalf("there is no %q to spoil", tt.old)
			}
			m["cy.txt"] = &fstest.MapFile{Data: []byte(strings.Replace(old, tt.old, tt.new, 1))}
			wantRefusal(t, m, "cy.txt", tt.says)
		})
	}
	m := folder(t)
	delete(m, "cy.txt")
	wantRefusal(t, m, "cy.txt", "not exist")
}

func TestAnswersAreReadOutInALanguage(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	symptoms, booking := mustKind(t, "symptoms"), mustKind(t, "appointment-book")
	item := func(q *Questionnaire, id string) *Item {
		it, ok := q.Item(id)
		if !ok {
			t.Fatalf("there is no item %s", id)
		}
		return it
	}
	for name, tt := range map[string]struct {
		it             *Item
		value          Value
		english, welsh string
	}{
		"an option":     {item(symptoms, "condition"), Text("shingles"), "Shingles: a painful rash on one side of the body", "Yr eryr: brech boenus ar un ochr o’r corff"},
		"yes":           {item(symptoms, "chronic"), Bool(true), "Yes", "Ie"},
		"no":            {item(symptoms, "chronic"), Bool(false), "No", "Na"},
		"a date":        {item(booking, "preferred-date"), Text("2027-04-27"), "27 April 2027", "27 Ebrill 2027"},
		"own words":     {item(symptoms, "describe"), Text("It hurts."), "It hurts.", "It hurts."},
		"a whole thing": {item(mustKind(t, "repeat-prescription"), "days-left"), Int(3), "3", "3"},
	} {
		if got := c.Answer(English, tt.it, tt.value); got != tt.english {
			t.Errorf("%s in English: %q", name, got)
		}
		if got := c.Answer(Welsh, tt.it, tt.value); got != tt.welsh {
			t.Errorf("%s in Welsh: %q", name, got)
		}
	}
	if got := DateIn(Welsh, nhs.Date{}); got != "" {
		t.Errorf("no date is %q", got)
	}
}

func FuzzParseDictionary(f *testing.F) {
	f.Add("# a\nYes\n  Ie\n")
	f.Add("Yes\nNo\n\t\n")
	f.Add("  Ie\n\r\nYes")
	f.Fuzz(func(t *testing.T, document string) {
		words, err := parseDictionary("cy.txt", document)
		for english, welsh := range words {
			if err == nil && (english == "" || welsh == "") {
				t.Errorf("%q is %q", english, welsh)
			}
		}
	})
}
