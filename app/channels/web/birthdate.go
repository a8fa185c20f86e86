package web

import (
	"net/url"

	"onedoor/app/intake"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// birthDatePage asks when the person was born.
func birthDatePage() detailPage {
	return detailPage{
		slug: "date-of-birth", title: "birth-heading", details: []intake.Detail{intake.BirthDate},
		filled: func(d intake.Details) url.Values {
			form := url.Values{}
			setDate(form, "birth", d.BirthDate)
			return form
		},
		controls: func(v *visit, form url.Values, problems []components.Problem) ([]pages.Control, bool) {
			date := dateControl("birth", v.say("birth-heading"), v.say("birth-hint"), form, problems)
			date.Birthday = true
			return []pages.Control{{Date: &date}}, false
		},
		read: func(v *visit, form url.Values) ([]given, []components.Problem) {
			date, problem := readDate(v, form, birthWords)
			if problem != nil {
				return nil, []components.Problem{*problem}
			}
			return []given{{intake.BirthDate, []string{date}}}, nil
		},
		refused: map[string]refusal{
			"birth_date_future": {"birth-day", "birth-future"}, "birth_date_too_early": {"birth-day", "birth-early"}, "date_format": {"birth-day", "birth-real"},
		},
	}
}

var birthWords = dateWords{"birth", "birth-missing", "birth-missing-day", "birth-missing-month", "birth-missing-year", "birth-real"}
