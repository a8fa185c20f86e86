package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// askQuestion shows one question of the catalogue.
func (h *Handlers) askQuestion(v *visit) error {
	it, ok := h.questionAt(v)
	if !ok {
		return h.resume(v)
	}
	reached, err := h.reached(v, intake.Place{LinkID: it.LinkID})
	if err != nil {
		return err
	}
	if !reached {
		return h.resume(v)
	}
	given := v.talk.Answers[it.LinkID]
	if len(given) == 0 {
		given = v.talk.Suggested[it.LinkID]
	}
	return h.showQuestion(v, it, formOf(it, given), nil)
}

// answerQuestion takes the answer to one.
func (h *Handlers) answerQuestion(v *visit) error {
	it, ok := h.questionAt(v)
	if !ok {
		return h.resume(v)
	}
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	values, problems := h.readAnswer(v, it, form)
	spoken := trimmed(form, "answer") == "" && v.talk.Recordings[it.LinkID] != ""
	if len(problems) > 0 && !spoken {
		return h.showQuestion(v, it, form, problems)
	}
	if spoken {
		return h.keepRecording(v, it.LinkID)
	}
	suggested := len(v.talk.Suggested[it.LinkID]) > 0
	if err := h.Walker.Answer(v.talk, it.LinkID, values); err != nil {
		if fault.Is(err, "not_asked") { // a page from before another answer was changed
			return h.resume(v)
		}
		return err
	}
	h.listen(v, it, values, suggested)
	return h.goOn(v)
}

// keepRecording leaves what was said by telephone as the answer.
func (h *Handlers) keepRecording(v *visit, linkID string) error {
	if err := h.Walker.Record(v.talk, linkID, v.talk.Recordings[linkID]); err != nil {
		if fault.Is(err, "not_asked") {
			return h.resume(v)
		}
		return err
	}
	return h.goOn(v)
}

func (h *Handlers) questionAt(v *visit) (*catalogue.Item, bool) {
	questions := h.questions(v.talk)
	n, err := strconv.Atoi(v.Param("number"))
	if err != nil || n < 1 || n > len(questions) {
		return nil, false
	}
	return questions[n-1], true
}

// readAnswer reads a form's fields as an answer to an item, or says what is wrong with them.
func (h *Handlers) readAnswer(v *visit, it *catalogue.Item, form url.Values) ([]catalogue.Value, []components.Problem) {
	fields := form["answer"]
	if it.Type == catalogue.TypeDate {
		date, problem := readDate(v, form, dateWords{"answer", "error-date-missing", "error-date-part", "error-date-part", "error-date-part", "error-date-real"})
		if problem != nil && (it.Required || problem.Says != v.say("error-date-missing")) {
			return nil, []components.Problem{*problem}
		}
		fields = []string{date}
	}
	refused := func(says locales.Text) ([]catalogue.Value, []components.Problem) {
		target := "answer"
		if it.Type == catalogue.TypeDate {
			target = "answer-day"
		}
		return nil, []components.Problem{{Target: target, Says: says}}
	}
	values, err := it.ParseForm(fields)
	if err != nil {
		return refused(v.wrongAnswer(it, err))
	}
	if len(values) == 0 && it.Required {
		return refused(v.noAnswer(it))
	}
	return values, nil
}

// noAnswer says what a required question wants.
func (v *visit) noAnswer(it *catalogue.Item) locales.Text {
	switch it.Type {
	case catalogue.TypeChoice:
		if it.Repeats {
			return v.say("error-choose-any")
		}
		return v.say("error-choose")
	case catalogue.TypeBoolean:
		return v.say("error-yes-no")
	case catalogue.TypeInteger:
		return v.say("error-number")
	}
	return v.say("error-text")
}

// wrongAnswer says what is wrong with an answer: in the visitor's language where we have the words, else as the catalogue does.
func (v *visit) wrongAnswer(it *catalogue.Item, err error) locales.Text {
	e := fault.As(err)
	code, says := e.Code, e.Says
	if len(e.Fields) > 0 {
		code, says = e.Fields[0].Code, e.Fields[0].Says
	}
	switch code {
	case "wrong_type", "unknown_code":
		return v.noAnswer(it)
	case "exclusive_with_others":
		return v.say("error-exclusive")
	case "too_long":
		return v.say("error-too-long", locales.Args{"Limit": it.MaxLength})
	case "out_of_range":
		return v.say("error-range", locales.Args{"Least": *it.Min, "Most": *it.Max})
	case "date_format":
		return v.say("error-date-real")
	case "too_many", "duplicate_code":
		return v.say("error-once")
	case "control_character", "not_utf8":
		return v.say("error-characters")
	}
	return english(says)
}

func (h *Handlers) showQuestion(v *visit, it *catalogue.Item, form url.Values, problems []components.Problem) error {
	f := pages.Form{
		Page:     v.asking(v.say("question-title", locales.Args{"Number": v.Param("number")}), problems),
		Problems: problems, Action: v.path("question/" + v.Param("number")),
		Controls: []pages.Control{controlOf(v, it, form, problems)},
	}
	if len(v.talk.Suggested[it.LinkID]) > 0 && len(problems) == 0 {
		f.Intro = []locales.Text{v.say("suggested")}
	}
	f.Back = h.back(v, intake.Place{LinkID: it.LinkID})
	f.After = h.needsLink(v, f.Back)
	return v.show(problems, pages.Ask(f))
}

// controlOf is the control that an item of each type is asked by.
func controlOf(v *visit, it *catalogue.Item, form url.Values, problems []components.Problem) pages.Control {
	label, hint := v.words(it.Text), v.words(it.Hint)
	if v.talk.Recordings[it.LinkID] != "" {
		hint = v.say("recorded-says")
	}
	if !it.Required {
		label.Says += " " + v.say("optional").Says
	}
	wrong := components.ErrorFor(problems, "answer")
	field := components.Field{ID: "answer", Name: "answer", Label: label, Size: "l", Heading: true, Hint: hint, Error: wrong, Value: form.Get("answer")}
	switch it.Type {
	case catalogue.TypeBoolean:
		return pages.Control{Radios: &components.Choice{
			ID: "answer", Name: "answer", Legend: label, Size: "l", Heading: true, Hint: hint, Error: wrong, Inline: true,
			Options: []components.Option{
				{Value: "true", Text: v.say("yes"), Checked: form.Get("answer") == "true"},
				{Value: "false", Text: v.say("no"), Checked: form.Get("answer") == "false"},
			},
		}}
	case catalogue.TypeChoice:
		choice := &components.Choice{
			ID: "answer", Name: "answer", Legend: label, Size: "l", Heading: true, Hint: hint, Error: wrong,
			Options: optionsOf(v, it, form["answer"]),
		}
		if it.Repeats {
			return pages.Control{Checkboxes: choice}
		}
		return pages.Control{Radios: choice}
	case catalogue.TypeInteger:
		field.InputMode, field.Width = "numeric", 4
		return pages.Control{Text: &field}
	case catalogue.TypeDate:
		date := dateControl("answer", label, hint, form, problems)
		if hint.Empty() {
			date.Hint = v.say("date-hint")
		}
		return pages.Control{Date: &date}
	case catalogue.TypeText:
		field.MaxLength = it.MaxLength
		return pages.Control{Area: &field}
	}
	return pages.Control{Text: &field}
}

func optionsOf(v *visit, it *catalogue.Item, chosen []string) []components.Option {
	var options, exclusive []components.Option
	for _, o := range it.Options {
		option := components.Option{Value: o.Code, Text: v.words(o.Display), Checked: slices.Contains(chosen, o.Code), Exclusive: o.Exclusive}
		if o.Exclusive {
			exclusive = append(exclusive, option)
			continue
		}
		options = append(options, option)
	}
	if len(exclusive) > 0 {
		options = append(options, components.Option{Divider: v.say("or")})
	}
	return append(options, exclusive...)
}

// formOf is an earlier answer as its form would send it.
func formOf(it *catalogue.Item, values []catalogue.Value) url.Values {
	form := url.Values{}
	for _, value := range values {
		form.Add("answer", value.String())
	}
	if it.Type == catalogue.TypeDate && len(values) == 1 {
		setDate(form, "answer", values[0].Date())
	}
	return form
}

func trimmed(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }
