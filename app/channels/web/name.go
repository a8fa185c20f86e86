package web

import (
	"net/url"
	"unicode/utf8"

	"onedoor/app/intake"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

const nameMost = 100 // characters

// namePage asks for a first and a last name.
func namePage() detailPage {
	return detailPage{
		slug: "name", title: "name-heading", details: []intake.Detail{intake.Name},
		filled: func(d intake.Details) url.Values {
			return url.Values{"given-name": {d.GivenName}, "family-name": {d.FamilyName}}
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			field := func(name, label, fill string) pages.Control {
				return pages.Control{Text: &components.Field{
					ID: name, Name: name, Label: v.say(label), Error: components.ErrorFor(problems, name), Value: form.Get(name),
					Autocomplete: fill, NoSpellcheck: true, Width: 20,
				}}
			}
			return []pages.Control{field("given-name", "name-given", "given-name"), field("family-name", "name-family", "family-name")}, true
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			first, family := trimmed(form, "given-name"), trimmed(form, "family-name")
			var problems []components.Problem
			for _, part := range []struct{ name, text, missing string }{
				{"given-name", first, "name-given-error"}, {"family-name", family, "name-family-error"},
			} {
				switch {
				case part.text == "":
					problems = append(problems, v.problemAt(part.name, part.missing))
				case utf8.RuneCountInString(part.text) > nameMost:
					problems = append(problems, v.problemAt(part.name, "name-long-error"))
				}
			}
			return []given{{intake.Name, []string{first, family}}}, problems
		},
		refused: map[string]refusal{"name_characters": {"given-name", "name-characters-error"}},
	}
}
