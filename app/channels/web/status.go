package web

import (
	"net/url"

	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// askStatus asks for a reference and the date of birth of the person.
func (h *Handlers) askStatus(v *visit) error { return h.showLookup(v, url.Values{}, nil) }

// showStatus shows how a request stands. Whatever is wrong, the answer is the same one. It is shown in reply to the form,
// so that neither the reference nor the date is ever in an address.
func (h *Handlers) showStatus(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	var problems []components.Problem
	reference, err := requests.ParseReference(form.Get("reference"))
	if err != nil {
		problems = append(problems, v.problemAt("reference", "status-reference-error"))
	}
	text, problem := readDate(v, form, birthWords)
	if problem != nil {
		problems = append(problems, *problem)
	}
	if len(problems) > 0 {
		return h.showLookup(v, form, problems)
	}
	birth, err := nhs.ParseDate(text)
	if err != nil {
		return err
	}
	view, err := h.Requests.Track(v.ctx(), v.directory.Neighbourhood().ID, reference, birth, v.lang)
	if absent(err) {
		return h.showLookup(v, form, []components.Problem{v.problemAt("reference", "status-not-found")})
	}
	if err != nil {
		return err
	}
	return h.showRequest(v, view)
}

func (h *Handlers) showLookup(v *visit, form url.Values, problems []components.Problem) error {
	date := dateControl("birth", v.say("check-birth-date"), v.say("birth-hint"), form, problems)
	date.Size, date.Heading, date.Birthday = "s", false, true
	f := pages.Form{
		Page: v.frame(v.say("status-title"), problems), Problems: problems, Action: v.path("status"),
		Heading: v.say("status-lookup-heading"), Intro: []locales.Text{v.say("status-lookup-says")}, Button: v.say("status-button"),
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

// statusColours are nhsuk-frontend's tags; the words beside them say the same.
var statusColours = map[requests.Status]string{
	requests.Queued: "blue", requests.ToVerify: "blue", requests.Offered: "blue", requests.Diverted: "red", requests.Closed: "grey",
}

func (h *Handlers) showRequest(v *visit, r requests.View) error {
	open := r.Status != requests.Closed
	late := open && h.Now().After(r.AnswerDue)
	says := []locales.Text{locales.Plain(r.WhatHappensNext)}
	if late {
		says = []locales.Text{v.say("status-late", locales.Args{"Accountable": r.Accountable.Name})}
	}
	row := func(key, value locales.Text) components.SummaryRow {
		return components.SummaryRow{Key: key, Values: []locales.Text{value}}
	}
	moment := func(id string, r requests.View) components.SummaryRow {
		at := r.Submitted
		if id == "status-due" {
			at = r.AnswerDue
		}
		return row(v.say(id), locales.Plain(locales.Moment(v.lang, at.In(tenants.London()))))
	}
	rows := []components.SummaryRow{
		row(v.say("status-reference"), locales.Plain(r.Reference.Spaced())),
		row(v.say("status-what"), v.words(r.KindTitle)),
		moment("status-sent", r),
		row(v.say("status-with"), locales.Plain(r.Accountable.Name)),
	}
	if r.Referred != nil {
		rows = append(rows, row(v.say("status-referred", locales.Args{"Organisation": r.Referred.Organisation.Name}), locales.Plain(r.Referred.Reference)))
	}
	if open && r.Status != requests.Diverted {
		rows = append(rows, moment("status-due", r))
	}
	l := pages.Lookup{
		Page: v.frame(v.say("status-title"), nil), Reference: string(r.Reference), Status: v.say("status-" + string(r.Status)), Colour: statusColours[r.Status],
		Says: says, Emergency: r.Status == requests.Diverted, Urgent111: open && !late && r.Message == messages.OutOfHours,
		List: components.SummaryList{Rows: rows}, Door: v.path(""),
	}
	l.Back = v.path("status")
	return v.show(nil, pages.Status(l))
}
