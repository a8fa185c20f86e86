package catalogue

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"onedoor/app/nhs"
)

// The languages that every word of the catalogue is in, as BCP 47. Questionnaires are written in English; each other language
// has a file of its own beside them, such as cy.txt. Codes, and what is stored of an answer, are the same in all.
const (
	English = "en"
	Welsh   = "cy"
)

// Languages are all of them, English first.
func Languages() []string { return []string{English, Welsh} }

// dictionary is English and its words in one other language.
type dictionary map[string]string

// Words are a line of a Questionnaire in a language: a title, text, hint, what is said, an option or a group, given in English
// just as the Questionnaire has it, or beginning with a capital. It reports false for another language, and for a line that is not of the catalogue: what
// is, always has its words, because Load refuses a catalogue that lacks any.
func (c *Catalogue) Words(language, english string) (string, bool) {
	if language == English {
		return english, true
	}
	words, ok := c.languages[language][english]
	if !ok { // what stands in a menu is in lower case, and may begin a sentence of its own
		if words, ok = c.languages[language][withFirst(unicode.ToLower, english)]; ok {
			words = withFirst(unicode.ToUpper, words)
		}
	}
	return words, ok
}

func withFirst(change func(rune) rune, text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(change(first)) + text[size:]
}

// Answer is an answer as a person reads or hears it in a language, as Item.Words is in English. Words that a person wrote
// themselves stay as they wrote them.
func (c *Catalogue) Answer(language string, it *Item, v Value) string {
	if language != Welsh {
		return it.Words(v)
	}
	switch it.Type {
	case TypeChoice:
		if o, ok := it.Option(v.text); ok {
			words, _ := c.Words(Welsh, o.Display)
			return words
		}
	case TypeBoolean:
		if yes, _ := v.Bool(); yes {
			return "Ie"
		}
		return "Na"
	case TypeDate:
		return DateIn(Welsh, v.Date())
	}
	return it.Words(v)
}

// DateIn is a day as people write it in a language: 27 April 2027, 27 Ebrill 2027.
func DateIn(language string, d nhs.Date) string {
	if language != Welsh || d.IsZero() {
		return SpokenDate(d)
	}
	months := [13]string{
		1: "Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr",
	}
	return fmt.Sprintf("%d %s %d", d.Day, months[d.Month], d.Year)
}

// readLanguages reads the file of each language but English, and refuses a catalogue that is not whole in all of them.
func (c *Catalogue) readLanguages(folder fs.FS) error {
	c.languages = make(map[string]dictionary)
	var wrong []error
	for _, language := range Languages()[1:] {
		name := language + ".txt"
		document, err := fs.ReadFile(folder, name)
		if err != nil {
			return fmt.Errorf("catalogue: %w", err)
		}
		words, err := parseDictionary(name, string(document))
		wrong = append(wrong, err)
		wrong = append(wrong, c.checkDictionary(name, words)...)
		c.languages[language] = words
	}
	return errors.Join(wrong...)
}

// parseDictionary reads lines of English, each with its words in another language set in on the next line. A line that begins
// with # says something to its reader.
func parseDictionary(name, document string) (dictionary, error) {
	words := make(dictionary)
	var wrong []error
	english := ""
	for i, line := range strings.Split(strings.TrimSuffix(document, "\n"), "\n") {
		trimmed := strings.TrimSpace(line)
		refuse := func(says string) {
			wrong = append(wrong, fmt.Errorf("catalogue: %s: line %d: %s", name, i+1, says))
		}
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
		case trimmed == line && english != "":
			refuse("the line before it has no words in this language")
			english = line
		case trimmed == line:
			english = line
			if _, twice := words[english]; twice {
				refuse("this English stands twice")
			}
		case english == "":
			refuse("there is no English before it")
		default:
			words[english], english = trimmed, ""
		}
	}
	if english != "" {
		wrong = append(wrong, fmt.Errorf("catalogue: %s: the last line has no words in this language", name))
	}
	return words, errors.Join(wrong...)
}

// checkDictionary names every line of the catalogue that has no words, and every line of the file that nothing says.
func (c *Catalogue) checkDictionary(name string, words dictionary) []error {
	var wrong []error
	said := make(map[string]bool, len(words))
	check := func(place, english string) {
		if english == "" || said[english] {
			return
		}
		said[english] = true
		if words[english] == "" {
			wrong = append(wrong, fmt.Errorf("catalogue: %s: %s: there are no words for %q", name, place, english))
		}
	}
	for _, k := range c.kinds {
		for _, english := range []string{k.Title, k.Description, k.Say, k.Group} {
			check(k.Code, english)
		}
		for _, o := range k.Outcomes {
			check(k.Code, o.Title)
		}
		for _, it := range k.Questionnaire.everyItem() {
			for _, english := range it.lines() {
				check(fmt.Sprintf("%s: item %q", k.Code, it.LinkID), english)
			}
		}
	}
	spare := make([]string, 0, len(words))
	for english := range words {
		if !said[english] {
			spare = append(spare, english)
		}
	}
	slices.Sort(spare)
	for _, english := range spare {
		wrong = append(wrong, fmt.Errorf("catalogue: %s: nothing says %q", name, english))
	}
	return wrong
}

// lines are all words of an item, without those of the items that it holds.
func (it *Item) lines() []string {
	lines := []string{it.Text, it.Hint, it.Say}
	for _, o := range it.Options {
		lines = append(lines, o.Display, o.Say, o.Group)
	}
	return lines
}

// everyItem is every item, groups too, in document order.
func (q *Questionnaire) everyItem() []*Item {
	var all []*Item
	var walk func([]*Item)
	walk = func(items []*Item) {
		for _, it := range items {
			all = append(all, it)
			walk(it.Items)
		}
	}
	walk(q.items)
	return all
}
