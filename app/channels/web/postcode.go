package web

import (
	"net/url"

	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// postcodePage asks where the person lives, and takes that they live nowhere fixed.
func postcodePage() detailPage {
	return detailPage{
		slug: "postcode", title: "postcode-heading", details: []intake.Detail{intake.Postcode},
		filled: func(d intake.Details) url.Values {
			if d.Postcode == nhs.NoFixedAbode {
				return url.Values{"no-fixed-address": {"yes"}}
			}
			return url.Values{"postcode": {string(d.Postcode)}}
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			return []pages.Control{
				{Text: &components.Field{
					ID: "postcode", Name: "postcode", Label: v.say("postcode-label"), Hint: v.say("postcode-hint"),
					Error: components.ErrorFor(problems, "postcode"), Value: form.Get("postcode"), Width: 10, Autocomplete: "postal-code", NoSpellcheck: true,
				}},
				orNone(v, "no-fixed-address", "postcode-none", form),
			}, true
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			postcode, problems := textOrNone(v, form, "postcode", "no-fixed-address", "postcode-missing", "postcode-both")
			if postcode == "" {
				postcode = string(nhs.NoFixedAbode)
			}
			return []given{{intake.Postcode, []string{postcode}}}, problems
		},
		refused: map[string]refusal{"postcode_format": {"postcode", "postcode-error"}},
	}
}
