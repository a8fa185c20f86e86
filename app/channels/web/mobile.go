package web

import (
	"net/url"
	"slices"

	"onedoor/app/intake"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// mobilePage asks for a mobile phone, and whether it is safe to text it: somebody else may read the messages.
func mobilePage() detailPage {
	return detailPage{
		slug: "mobile", title: "mobile-heading", details: []intake.Detail{intake.Mobile, intake.SafeToText},
		filled: func(d intake.Details) url.Values {
			form := url.Values{"mobile": {d.Mobile.Local()}}
			if slices.Contains(d.Unknown, intake.Mobile) {
				form.Set("no-mobile", "yes")
			}
			if d.SafeToText != nil {
				form.Set("safe", yesNo(*d.SafeToText))
			}
			return form
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			return []pages.Control{
				{Text: &components.Field{
					ID: "mobile", Name: "mobile", Label: v.say("mobile-label"), Hint: v.say("mobile-hint"),
					Error: components.ErrorFor(problems, "mobile"), Value: form.Get("mobile"), Type: "tel", Width: 20, Autocomplete: "tel",
				}},
				orNone(v, "no-mobile", "mobile-none", form),
				{Radios: &components.Choice{
					ID: "safe", Name: "safe", Legend: v.say("safe-heading"), Size: "s", Hint: v.say("safe-hint"), Error: components.ErrorFor(problems, "safe"),
					Options: []components.Option{
						{Value: "yes", Text: v.say("safe-yes"), Checked: form.Get("safe") == "yes"},
						{Value: "no", Text: v.say("safe-no"), Checked: form.Get("safe") == "no"},
					},
				}},
			}, true
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			mobile, problems := textOrNone(v, form, "mobile", "no-mobile", "mobile-missing", "mobile-both")
			if len(problems) > 0 {
				return nil, problems
			}
			if mobile == "" {
				return []given{{detail: intake.Mobile}}, nil
			}
			safe := form.Get("safe")
			if safe != "yes" && safe != "no" {
				return nil, []components.Problem{v.problemAt("safe", "safe-error")}
			}
			return []given{{intake.Mobile, []string{mobile}}, {intake.SafeToText, []string{safe}}}, nil
		},
		refused: map[string]refusal{"phone_format": {"mobile", "mobile-error"}},
	}
}
