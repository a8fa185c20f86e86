package web

import (
	"net/url"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// askReference asks for the reference of answers that were begun by telephone.
func (h *Handlers) askReference(v *visit) error { return h.showReference(v, url.Values{}, nil) }

// takeUp goes on with them on this device, in place of any that it had. Whatever does not fit, the answer is the same one, but
// for a date of birth that is missing: who has the reference of another's answers has still to know it.
func (h *Handlers) takeUp(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	var problems []components.Problem
	reference, err := requests.ParseReference(form.Get("reference"))
	if err != nil {
		problems = append(problems, v.problemAt("reference", "status-reference-error"))
	}
	birth, problem := optionalBirth(v, form)
	if problem != nil {
		problems = append(problems, *problem)
	}
	if len(problems) > 0 {
		return h.showReference(v, form, problems)
	}
	token, err := newToken(h.Random)
	if err != nil {
		return err
	}
	talk, err := h.Conversations.ByReference(v.ctx(), v.directory.Neighbourhood().ID, "", string(reference), birth, token.hash())
	switch {
	case fault.Is(err, "conversation_birth_date"):
		return h.showReference(v, form, []components.Problem{{Target: "birth-day", Says: v.say("go-on-birth-wanted")}})
	case fault.Is(err, "too_many_tries"):
		return h.showReference(v, form, []components.Problem{v.problemAt("reference", "go-on-tries")})
	case absent(err):
		return h.showReference(v, form, []components.Problem{v.problemAt("reference", "go-on-not-found")})
	case err != nil:
		return err
	}
	if v.talk != nil && v.talk.ID != talk.ID {
		if err := v.erase(); err != nil {
			return err
		}
	}
	v.token, v.talk = token, talk
	if err := h.Walker.GoOn(v.talk, intake.ChannelWeb); err != nil {
		return err
	}
	if v.talk.Details.BirthDate.IsZero() && !birth.IsZero() {
		if err := h.Walker.Give(v.talk, intake.BirthDate, birth.String()); err != nil && fault.As(err).Kind != fault.Invalid {
			return err // one that cannot be is asked for in its turn
		}
	}
	return h.goOn(v)
}

// optionalBirth reads a date of birth, of which nothing at all is fine.
func optionalBirth(v *visit, form url.Values) (nhs.Date, *components.Problem) {
	if trimmed(form, "birth-day")+trimmed(form, "birth-month")+trimmed(form, "birth-year") == "" {
		return nhs.Date{}, nil
	}
	text, problem := readDate(v, form, birthWords)
	if problem != nil {
		return nhs.Date{}, problem
	}
	birth, err := nhs.ParseDate(text)
	if err != nil {
		return nhs.Date{}, &components.Problem{Target: "birth-day", Says: v.say(birthWords.real)}
	}
	return birth, nil
}

func (h *Handlers) showReference(v *visit, form url.Values, problems []components.Problem) error {
	date := dateControl("birth", v.say("go-on-birth"), v.say("go-on-birth-hint"), form, problems)
	date.Size, date.Heading = "s", false
	f := pages.Form{
		Page: v.frame(v.say("go-on-title"), problems), Problems: problems, Action: v.path("go-on"),
		Heading: v.say("go-on-title"), Intro: []locales.Text{v.say("go-on-says")}, Button: v.say("go-on-button"),
		Controls: []pages.Control{
			{Text: &components.Field{
				ID: "reference", Name: "reference", Label: v.say("status-reference"), Size: "s", Hint: v.say("status-reference-hint"), Width: 10,
				Error: components.ErrorFor(problems, "reference"), Value: form.Get("reference"), Code: true, InputMode: "numeric",
			}},
			{Date: &date},
		},
	}
	f.Back = v.path("")
	return v.show(problems, pages.Ask(f))
}
