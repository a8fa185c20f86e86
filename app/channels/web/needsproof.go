package web

import (
	"net/url"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// askWhose asks who somebody is, and how they want to prove it, before what is recorded of them is read. Everybody sees the
// same pages, whoever they say that they are.
func (h *Handlers) askWhose(v *visit) error {
	form := url.Values{}
	d := v.claimed()
	form.Set("nhs-number", d.NHSNumber.Spaced())
	setDate(form, "birth", d.BirthDate)
	return h.showWhose(v, form, nil)
}

func (h *Handlers) showWhose(v *visit, form url.Values, problems []components.Problem) error {
	date := dateControl("birth", v.say("check-birth-date"), v.say("birth-hint"), form, problems)
	date.Size, date.Heading, date.Birthday = "s", false, true
	f := pages.Form{
		Page: v.asking(v.say("by-self-who"), problems), Problems: problems, Action: v.path("needs/recorded"), Heading: v.say("by-self-who"),
		Intro: []locales.Text{v.say("needs-who-says")},
		Controls: []pages.Control{
			{Text: &components.Field{
				ID: "nhs-number", Name: "nhs-number", Label: v.say("nhs-number-label"), Size: "s", Hint: v.say("nhs-number-hint"),
				Error: components.ErrorFor(problems, "nhs-number"), Value: form.Get("nhs-number"), Code: true, Width: 10, InputMode: "numeric",
			}},
			{Date: &date},
			{Radios: &components.Choice{
				ID: "by", Name: "by", Legend: v.say("by-self-who-legend"), Size: "s", Error: components.ErrorFor(problems, "by"),
				Options: []components.Option{
					{Value: "code", Text: v.say("by-self-who-code"), Hint: v.say("by-self-who-code-hint"), Checked: form.Get("by") == "code"},
					{Value: "pin", Text: v.say("by-self-who-pin"), Hint: v.say("by-self-who-pin-hint"), Checked: form.Get("by") == "pin"},
				},
			}},
		},
		After: []pages.Link{{Text: v.say("needs-without"), Href: v.path("needs")}},
	}
	f.Back = v.path("needs")
	return v.show(problems, pages.Ask(f))
}

// chooseWhose keeps who somebody says that they are, and sends a code or asks for the PIN.
func (h *Handlers) chooseWhose(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	var problems []components.Problem
	number, err := nhs.ParseNumber(trimmed(form, "nhs-number"))
	if err != nil {
		problems = append(problems, v.problemAt("nhs-number", "needs-who-number"))
	}
	text, problem := readDate(v, form, birthWords)
	if problem != nil {
		problems = append(problems, *problem)
	}
	birth, err := nhs.ParseBirthDate(text, nhs.DateOf(h.Now().In(tenants.London())))
	if err != nil && problem == nil {
		problems = append(problems, v.problemAt("birth-day", "birth-real"))
	}
	by := form.Get("by")
	if by != "code" && by != "pin" {
		problems = append(problems, v.problemAt("by", "by-self-who-error"))
	}
	if len(problems) > 0 {
		return h.showWhose(v, form, problems)
	}
	v.talk.Claimed = &intake.Claimed{NHSNumber: number, BirthDate: birth}
	if by == "code" {
		err := h.Needs.SendCode(v.ctx(), v.directory.Neighbourhood().ID, v.talk.ID, v.claimant(), v.lang)
		if fault.Is(err, "too_many_tries") {
			return h.showWhose(v, form, []components.Problem{v.problemAt("by", "by-self-tries")})
		}
		if err != nil {
			return err
		}
	}
	if err := v.save(); err != nil {
		return err
	}
	return v.to("needs/" + by)
}

// claimant is whom the person says to be. Their name and postcode are not asked: a number and a date of birth find them, and
// prove nothing.
func (v *visit) claimant() patients.Given {
	return patients.Given{NHSNumber: v.talk.Claimed.NHSNumber, BirthDate: v.talk.Claimed.BirthDate}
}

// askNeedsProof asks for the code or the PIN; which says which.
func (h *Handlers) askNeedsProof(which string) page {
	return func(v *visit) error {
		if v.talk.Claimed == nil {
			return v.to("needs/recorded")
		}
		return h.showNeedsProof(v, which, nil)
	}
}

func (h *Handlers) showNeedsProof(v *visit, which string, problems []components.Problem) error {
	f := pages.Form{
		Page: v.asking(v.say("by-self-"+which), problems), Problems: problems, Action: v.path("needs/" + which),
		Controls: []pages.Control{{Text: &components.Field{
			ID: "proof", Name: "proof", Label: v.say("by-self-" + which), Size: "l", Heading: true, Hint: v.say("by-self-" + which + "-hint"), Width: 10,
			Error: components.ErrorFor(problems, "proof"), Code: true, InputMode: "numeric", Autocomplete: "one-time-code",
		}}},
		After: []pages.Link{{Text: v.say("by-self-again"), Href: v.path("needs/recorded")}, {Text: v.say("needs-without"), Href: v.path("needs")}},
	}
	f.Back = v.path("needs/recorded")
	return v.show(problems, pages.Ask(f))
}

// giveNeedsProof checks it, and reads what is recorded. Whatever is wrong, the answer is the same one.
func (h *Handlers) giveNeedsProof(which string) page {
	return func(v *visit) error {
		if v.talk.Claimed == nil {
			return v.to("needs/recorded")
		}
		form, err := routes.ReadForm(v.Context)
		if err != nil {
			return err
		}
		given := trimmed(form, "proof")
		if given == "" {
			return h.showNeedsProof(v, which, []components.Problem{v.problemAt("proof", "by-self-"+which+"-missing")})
		}
		recorded, err := h.Needs.Prove(v.ctx(), v.directory.Neighbourhood().ID, v.talk.ID, v.claimant(), given)
		switch {
		case fault.Is(err, "not_proved"):
			return h.showNeedsProof(v, which, []components.Problem{v.problemAt("proof", "by-self-not-proved")})
		case fault.Is(err, "too_many_tries"):
			return h.showNeedsProof(v, which, []components.Problem{v.problemAt("proof", "by-self-tries")})
		case err != nil:
			return err
		}
		if err := h.keepNeeds(v, recorded); err != nil {
			return err
		}
		return v.to("needs")
	}
}
