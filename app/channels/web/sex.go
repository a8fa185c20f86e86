package web

import (
	"net/url"
	"slices"

	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// unknownSex is what the form sends for "I do not know, or I prefer not to say".
const unknownSex = "unknown"

// sexPage asks for the person's sex, as some services are for one only.
func sexPage() detailPage {
	return detailPage{
		slug: "sex", title: "sex-heading", details: []intake.Detail{intake.Sex},
		filled: func(d intake.Details) url.Values {
			if slices.Contains(d.Unknown, intake.Sex) {
				return url.Values{"sex": {unknownSex}}
			}
			return url.Values{"sex": {string(d.Sex)}}
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			option := func(value, says string) components.Option {
				return components.Option{Value: value, Text: v.say(says), Checked: form.Get("sex") == value}
			}
			return []pages.Control{{Radios: &components.Choice{
				ID: "sex", Name: "sex", Legend: v.say("sex-heading"), Hint: v.say("sex-hint"), Size: "l", Heading: true,
				Error: components.ErrorFor(problems, "sex"),
				Options: []components.Option{
					option(string(nhs.Female), "sex-female"), option(string(nhs.Male), "sex-male"), option(string(nhs.Other), "sex-other"),
					{Divider: v.say("or")},
					option(unknownSex, "sex-unknown"),
				},
			}}}, false
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			switch sex := form.Get("sex"); sex {
			case unknownSex:
				return []given{{detail: intake.Sex}}, nil
			case string(nhs.Female), string(nhs.Male), string(nhs.Other):
				return []given{{intake.Sex, []string{sex}}}, nil
			}
			return nil, []components.Problem{v.problemAt("sex", "sex-error")}
		},
	}
}
