package web

import (
	"net/url"
	"slices"

	"onedoor/app/intake"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// nhsNumberPage asks for the NHS number, which nobody needs to know.
func nhsNumberPage() detailPage {
	return detailPage{
		slug: "nhs-number", title: "nhs-number-heading", details: []intake.Detail{intake.NHSNumber},
		filled: func(d intake.Details) url.Values {
			form := url.Values{"nhs-number": {d.NHSNumber.Spaced()}}
			if slices.Contains(d.Unknown, intake.NHSNumber) {
				form.Set("nhs-number-unknown", "yes")
			}
			return form
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			return []pages.Control{
				{Text: &components.Field{
					ID: "nhs-number", Name: "nhs-number", Label: v.say("nhs-number-label"), Hint: v.say("nhs-number-hint"),
					Error: components.ErrorFor(problems, "nhs-number"), Value: form.Get("nhs-number"), Code: true, Width: 10, InputMode: "numeric",
				}},
				orNone(v, "nhs-number-unknown", "nhs-number-no", form),
			}, true
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			number, problems := textOrNone(v, form, "nhs-number", "nhs-number-unknown", "nhs-number-missing", "nhs-number-both")
			return []given{{intake.NHSNumber, []string{number}}}, problems
		},
		refused: map[string]refusal{
			"nhs_number_format": {"nhs-number", "nhs-number-format"}, "nhs_number_check_digit": {"nhs-number", "nhs-number-check"},
		},
	}
}
