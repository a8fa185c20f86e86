package dialogue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/app/catalogue"
)

func TestEveryPhraseIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	if len(w) < 50 {
		t.Fatalf("only %d phrases were read", len(w))
	}
	for id, texts := range w {
		if len(texts) != 2 {
			t.Errorf("%s is in %d languages", id, len(texts))
		}
		if texts[english] == texts[welsh] {
			t.Errorf("%s is the same in both languages", id)
		}
		if strings.ContainsAny(texts[english], "’“”—–") {
			t.Errorf("%s has signs that a speech engine may read out", id)
		}
	}
}

func TestAPhraseWithoutALanguageOrWithOtherBlanksIsNamed(t *testing.T) {
	t.Parallel()
	for says, texts := range map[string]map[string]string{
		"the phrase x lacks the language cy": {english: "Hello."},
		"the phrase x lacks the language en": {welsh: "Helo."},
		"the phrase x has other blanks":      {english: "{one}", welsh: "{dau}"},
	} {
		if err := complete("x", texts); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", texts, err)
		}
	}
}

// Only safety.toml says how to reach emergency services.
func TestEmergencyNumbersStandInTheSafetyFileOnly(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"999", "111", "116 123"} {
		if strings.Contains(wordsFile, number) {
			t.Errorf("words.toml says %s", number)
		}
		if !strings.Contains(safetyFile, number) {
			t.Errorf("safety.toml does not say %s", number)
		}
	}
}

// A phrase that nothing says is one that nobody reviews.
func TestEveryPhraseIsSaid(t *testing.T) {
	t.Parallel()
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	said := sources(t)
	for id := range w {
		if !strings.Contains(said, `"`+id+`"`) && !strings.HasPrefix(id, "check-") && !strings.HasPrefix(id, "sex-") {
			t.Errorf("nothing says %s", id)
		}
	}
}

// What a caller has to keep in mind at once is bounded. A question of the catalogue and its choices are its own.
func TestPromptsAreShort(t *testing.T) {
	t.Parallel()
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	const most = 45
	longest, words := "", 0
	for id, texts := range w {
		for _, language := range []string{english, welsh} {
			n := len(strings.Fields(texts[language]))
			if n > words {
				longest, words = id+" in "+language, n
			}
			if n > most {
				t.Errorf("%s has %d words in %s", id, n, language)
			}
		}
	}
	t.Logf("the longest phrase is %s, with %d words", longest, words)
}

func TestEveryMenuHasFiveKeysAtMost(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	var check func(name string, entries []catalogue.MenuEntry)
	check = func(name string, entries []catalogue.MenuEntry) {
		if len(entries) > 5 {
			t.Errorf("%s has %d keys", name, len(entries))
		}
		for _, e := range entries {
			check(name+" "+e.Say, e.Entries)
		}
	}
	check("kinds", c.Menu())
	for _, k := range c.Kinds() {
		for _, it := range k.Questionnaire.Questions() {
			check(k.Code+" "+it.LinkID, it.Menu())
		}
	}
}

// sources is the program's own text, where phrases are named.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}
