package web

import (
	"slices"

	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// checkAnswers shows everything that will be sent.
func (h *Handlers) checkAnswers(v *visit) error {
	step, err := h.Walker.Next(v.ctx(), v.talk)
	if err != nil {
		return err
	}
	if step.Kind != intake.StepCheck {
		return h.resume(v)
	}
	lines, err := h.Walker.Review(v.talk)
	if err != nil {
		return err
	}
	kind, _ := h.Catalogue.Kind(v.talk.Kind)
	asked := v.words(kind.Title)
	if o, linked := v.directory.Organisation(v.talk.GoOnAt); linked {
		asked = v.say("tool-asked", locales.Args{"Organisation": o.Name})
	}
	request := []components.SummaryRow{{Key: v.say("check-what"), Values: []locales.Text{asked}}}
	var about []components.SummaryRow
	for _, line := range lines {
		if line.Place.LinkID != "" {
			request = append(request, h.questionRow(v, line))
			continue
		}
		about = append(about, h.detailRow(v, line.Place.Detail))
	}
	if h.Needs != nil {
		about = append(about, h.needsRow(v))
	}
	c := pages.Check{
		Page: v.asking(v.say("check-heading"), nil), Action: v.path("check-answers"),
		Sections: []pages.Section{
			{Heading: v.say("check-request"), List: components.SummaryList{Rows: request}},
			{Heading: v.say("check-about"), List: components.SummaryList{Rows: about}},
		},
	}
	if len(lines) > 0 {
		c.Back = v.path(h.pageAt(v.talk, lines[len(lines)-1].Place))
	}
	return v.show(nil, pages.CheckAnswers(c))
}

// send hands the request in. Sent twice, it is one request.
func (h *Handlers) send(v *visit) error {
	step, err := h.Walker.Next(v.ctx(), v.talk)
	if err != nil {
		return err
	}
	if step.Kind != intake.StepCheck {
		return h.resume(v)
	}
	receipt, err := h.submit(v.ctx(), v.talk)
	if err != nil {
		return err
	}
	if err := h.Walker.Submit(v.talk, string(receipt.Reference)); err != nil {
		return err
	}
	if err := v.save(); err != nil {
		return err
	}
	h.sendOn(v, receipt)
	if receipt.Status == requests.Diverted {
		return v.to("emergency")
	}
	return v.to("sent")
}

func (h *Handlers) change(v *visit, place intake.Place, what locales.Text) []components.SummaryAction {
	return []components.SummaryAction{{Href: v.path(h.pageAt(v.talk, place)), Text: v.say("change"), Hidden: what}}
}

func (h *Handlers) questionRow(v *visit, line intake.Line) components.SummaryRow {
	row := components.SummaryRow{Key: v.words(line.Question), Actions: h.change(v, line.Place, v.words(line.Question))}
	row.Values = h.answers(v, line.Place.LinkID)
	if line.Recorded {
		row.Values = []locales.Text{v.say("check-recorded")}
	}
	if len(row.Values) == 0 {
		row.Values = []locales.Text{v.say("check-not-given")}
	}
	return row
}

// answers are what was said to a question, in the visitor's language; own words stay as they were written.
func (h *Handlers) answers(v *visit, linkID string) []locales.Text {
	kind, ok := h.Catalogue.Kind(v.talk.Kind)
	if !ok {
		return nil
	}
	it, ok := kind.Questionnaire.Item(linkID)
	if !ok {
		return nil
	}
	var said []locales.Text
	for _, value := range v.talk.Answers[linkID] {
		said = append(said, locales.Plain(h.Catalogue.Answer(v.lang, it, value)))
	}
	return said
}

func (h *Handlers) detailRow(v *visit, detail intake.Detail) components.SummaryRow {
	d := v.talk.Details
	key, value := v.say("check-"+string(detail)), v.say("check-not-given")
	if !slices.Contains(d.Unknown, detail) {
		value = detailValue(v, detail)
	} else if detail == intake.NHSNumber {
		value = v.say("check-not-known")
	} else if detail == intake.Pharmacy {
		value = v.say("check-none")
	}
	return components.SummaryRow{Key: key, Values: []locales.Text{value}, Actions: h.change(v, intake.Place{Detail: detail}, key)}
}

func detailValue(v *visit, detail intake.Detail) locales.Text {
	d := v.talk.Details
	switch detail {
	case intake.Name:
		return locales.Plain(d.GivenName + " " + d.FamilyName)
	case intake.BirthDate:
		return locales.Plain(locales.Day(v.lang, d.BirthDate))
	case intake.NHSNumber:
		return locales.Plain(d.NHSNumber.Spaced())
	case intake.Postcode:
		if d.Postcode == nhs.NoFixedAbode {
			return v.say("check-no-address")
		}
		return locales.Plain(string(d.Postcode))
	case intake.Sex:
		return v.say("sex-" + string(d.Sex))
	case intake.Mobile:
		return locales.Plain(d.Mobile.Local())
	case intake.SafeToText:
		if d.SafeToText != nil && *d.SafeToText {
			return v.say("check-text-yes")
		}
		return v.say("check-text-no")
	case intake.Pharmacy:
		if o, ok := v.directory.ByODS(d.ChosenPharmacy); ok {
			return locales.Plain(o.Name)
		}
		return locales.Plain(string(d.ChosenPharmacy))
	}
	return v.say("check-not-given")
}
