package reception

import (
	"context"
	"net/url"
	"strings"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/wording"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// misroutedCommand is the name of the command in paths, forms and the access rules.
const misroutedCommand = "misrouted"

func misrouted(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
	err := required(form, fault.Field{Pointer: "/reason", Code: "required", Says: "Select why this was the wrong place"})
	if err != nil {
		return requests.View{}, err
	}
	return s.Misrouted(ctx, by, c, form.Get("reason"), form.Get("note"))
}

// misroutedForm lets a person say that a request was sent to the wrong place; nil when none of their roles may. What they
// said before is filled in.
func misroutedForm(k *call, v requests.View, tried attempt, problems []components.Problem) *pages.MoreForm {
	mayHere := k.mayIn(k.organisation(v.Accountable), misroutedCommand)
	mayThere := v.Offered != nil && k.mayIn(k.organisation(v.Offered.Named), misroutedCommand)
	if !mayHere && !mayThere {
		return nil
	}
	sent := filled(tried, misroutedCommand)
	if tried.form != misroutedCommand && v.Staff != nil {
		for _, m := range v.Staff.Misrouted {
			if m.ByID == k.by.ID {
				sent = url.Values{"reason": {string(m.Reason)}, "note": {m.Note}}
			}
		}
	}
	options := make([]components.Option, 0, len(requests.MisrouteReasons()))
	for _, reason := range requests.MisrouteReasons() {
		options = append(options, components.Option{Value: string(reason), Text: locales.Plain(reason.Title()), Checked: sent.Get("reason") == string(reason)})
	}
	form := reasonForm(v, misroutedCommand, tried, problems, pages.MoreForm{
		Summary: "This was sent to the wrong place", Button: "Say that it was the wrong place",
		Hint: "It moves nothing. Those who keep the rules see how often each rule is found wrong and why, and never a request or a note.",
	})
	form.Radios = &components.Choice{
		ID: misroutedCommand + "-reason", Name: "reason", Legend: locales.Plain("Why was it the wrong place?"), Small: true, Options: options,
		Error: components.ErrorFor(problems, misroutedCommand+"-reason"),
	}
	form.Reason = components.Field{
		ID: misroutedCommand + "-note", Name: "note", Label: locales.Plain("Note (optional)"), Hint: locales.Plain("It stays with this request."), Rows: 2,
		Value: sent.Get("note"), Error: components.ErrorFor(problems, misroutedCommand+"-note"),
	}
	return &form
}

// misroutedLines are who said so, for the panel and the explanation.
func misroutedLines(k *call, v requests.View) []pages.TimelineLine {
	if v.Staff == nil {
		return nil
	}
	var lines []pages.TimelineLine
	for _, m := range v.Staff.Misrouted {
		who := m.By
		if m.ByID == k.by.ID {
			who = "You"
		}
		lines = append(lines, pages.TimelineLine{
			At: wording.ShortMoment(m.At, k.now), Stamp: m.At.UTC().Format("2006-01-02T15:04:05Z"),
			Says: who + ": " + strings.TrimSuffix(lowerFirst(m.Reason.Title()), ".") + ".", Note: m.Note,
		})
	}
	return lines
}
