package messages_test

import (
	"fmt"
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/messages"
)

// gsm are the letters of a telephone network's own alphabet, of which a text can hold 160; any other makes it 70.
const gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

func full(template messages.Template, language string) messages.Text {
	return messages.Text{
		Template: template, Language: language, From: "Riverside", Reference: "123 456 7894", Address: "https://onedoor.example.nhs.uk/riverside/status", Code: "482 915", Minutes: 10,
	}
}

func TestEveryTextFitsATelephoneInBothLanguages(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, language := range []string{"en", "cy"} {
		for _, template := range messages.Templates() {
			words, err := full(template, language).Words()
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(words, "{}") {
				t.Errorf("%s in %s has a place left: %s", template, language, words)
			}
			if said[words] {
				t.Errorf("%s in %s is said in another language too", template, language)
			}
			said[words] = true
			if len(words) > 160 {
				t.Errorf("%s in %s has %d letters: two texts", template, language, len(words))
			}
			for _, r := range words {
				if !strings.ContainsRune(gsm, r) {
					t.Errorf("%s in %s has %q, which makes every letter of it count twice", template, language, r)
				}
			}
			for _, clinical := range []string{"symptom", "prescription", "doctor", "GP", "surgery", "clinic", "health", "meddyg", "iechyd", "feddygfa", "presgripsiwn"} {
				if strings.Contains(strings.ToLower(words), strings.ToLower(clinical)) {
					t.Errorf("%s in %s says %q", template, language, clinical)
				}
			}
		}
	}
}

func TestATextWithoutItsFactsIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		template messages.Template
		change   func(*messages.Text)
	}{
		"no sender":                    {messages.ReferenceText, func(x *messages.Text) { x.From = "" }},
		"a reference text without one": {messages.ReferenceText, func(x *messages.Text) { x.Reference = "" }},
		"nowhere to look":              {messages.ReferenceText, func(x *messages.Text) { x.Address = "" }},
		"nowhere to go on":             {messages.GoOnText, func(x *messages.Text) { x.Address = "" }},
		"a code text without one":      {messages.CodeText, func(x *messages.Text) { x.Code = "" }},
		"a code for no time":           {messages.CodeText, func(x *messages.Text) { x.Minutes = 0 }},
		"a text that is none":          {"greeting", func(*messages.Text) {}},
	} {
		text := full(test.template, "en")
		test.change(&text)
		if words, err := text.Words(); fault.As(err).Kind != fault.Invalid {
			t.Errorf("%s: %q, %v", name, words, err)
		}
	}
}

func TestALanguageWithoutATextGetsEnglishAndALogGetsNeither(t *testing.T) {
	t.Parallel()
	polish, err := full(messages.CodeText, "pl").Words()
	if err != nil {
		t.Fatal(err)
	}
	if english, err := full(messages.CodeText, "en").Words(); err != nil || polish != english {
		t.Errorf("%q is not %q, %v", polish, english, err)
	}
	if logged := fmt.Sprint(full(messages.CodeText, "en")); strings.Contains(logged, "482") {
		t.Errorf("a log would say %s", logged)
	}
}
