package dialogue

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed words.toml
var wordsFile string

//go:embed safety.toml
var safetyFile string

// The languages of the line.
const (
	english = "en"
	welsh   = "cy"
)

// words are what the line says, by id and language.
type words map[string]map[string]string

// loadWords reads both files, and refuses an id that stands in both, and a text that lacks a language or whose blanks differ
// between languages.
func loadWords() (words, error) {
	w := make(words)
	var wrong []error
	for _, file := range []string{wordsFile, safetyFile} {
		var part words
		if _, err := toml.Decode(file, &part); err != nil {
			return nil, fmt.Errorf("dialogue: words: %w", err)
		}
		for id, texts := range part {
			if w[id] != nil {
				wrong = append(wrong, fmt.Errorf("dialogue: the phrase %s stands twice", id))
			}
			w[id] = texts
			wrong = append(wrong, complete(id, texts))
		}
	}
	return w, errors.Join(wrong...)
}

func complete(id string, texts map[string]string) error {
	for _, language := range []string{english, welsh} {
		if strings.TrimSpace(texts[language]) == "" {
			return fmt.Errorf("dialogue: the phrase %s lacks the language %s", id, language)
		}
		if !maps.Equal(blanks(texts[language]), blanks(texts[english])) {
			return fmt.Errorf("dialogue: the phrase %s has other blanks in %s", id, language)
		}
	}
	return nil
}

func blanks(text string) map[string]bool {
	found := make(map[string]bool)
	for _, part := range strings.Split(text, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		found[name] = true
	}
	return found
}

// ids are those of all phrases, in order.
func (w words) ids() []string { return slices.Sorted(maps.Keys(w)) }

// fixed reports whether a phrase is always the same.
func (w words) fixed(id string) bool { return len(blanks(w[id][english])) == 0 }

// text is a phrase's words with its blanks filled: name, value, name, value.
func (w words) text(language, id string, fill ...string) string {
	pairs := make([]string, len(fill))
	for i := range fill {
		pairs[i] = fill[i]
		if i%2 == 0 {
			pairs[i] = "{" + fill[i] + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(w[id][known(language)])
}

// known is the language of the line for a tag: Welsh, or English for every other.
func known(language string) string {
	if language == welsh || strings.HasPrefix(language, welsh+"-") {
		return welsh
	}
	return english
}

func otherThan(language string) string {
	if known(language) == welsh {
		return english
	}
	return welsh
}
