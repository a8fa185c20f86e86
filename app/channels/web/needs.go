package web

import (
	"context"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/intake"
	"onedoor/app/patients"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// Needs are what people need so that care reaches them: read once they proved who they are, and corrected by them. It is
// needs.Service.
type Needs interface {
	SendCode(ctx context.Context, neighbourhood, conversation uuid.UUID, given patients.Given, language string) error
	Prove(ctx context.Context, neighbourhood, conversation uuid.UUID, given patients.Given, codeOrPIN string) (patients.Needs, error)
	Keep(ctx context.Context, neighbourhood, about uuid.UUID, n patients.Needs) (*patients.KeptNeeds, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, k *patients.KeptNeeds) (patients.Needs, error)
}

// needsWordsMost is how much somebody can add in words of their own, in characters.
const needsWordsMost = 500

// needing is for the pages about needs; without what they stand on, they lead back to the questions.
func (h *Handlers) needing(p page) page {
	return func(v *visit) error {
		if h.Needs == nil {
			return h.resume(v)
		}
		return p(v)
	}
}

// needsLink leads to the needs from the first page that asks for anything, so that they are known before questions are.
func (h *Handlers) needsLink(v *visit, back string) []pages.Link {
	if h.Needs == nil || back != v.path("") {
		return nil
	}
	return []pages.Link{{Text: v.say("needs-link"), Href: v.path("needs")}}
}

// knownNeeds are those of the conversation. That they cannot be opened keeps nobody from asking.
func (h *Handlers) knownNeeds(v *visit) patients.Needs {
	n, err := h.Needs.Open(v.ctx(), v.directory.Neighbourhood().ID, v.talk.Needs)
	if err != nil {
		h.Log.WarnContext(v.ctx(), "what somebody needs could not be opened", "error", err.Error())
		return patients.Needs{}
	}
	return n
}

// keepNeeds seals them into the conversation.
func (h *Handlers) keepNeeds(v *visit, n patients.Needs) (err error) {
	if v.talk.Needs, err = h.Needs.Keep(v.ctx(), v.directory.Neighbourhood().ID, v.talk.ID, n); err != nil {
		return err
	}
	v.talk.LargePrint = slices.Contains(n.Supports(), patients.LargePrint)
	return v.save()
}

// askNeeds shows what is known, for correction.
func (h *Handlers) askNeeds(v *visit) error {
	n := h.knownNeeds(v)
	form := url.Values{"words": {n.Words}}
	for _, s := range n.Supports() {
		form.Add("needs", string(s))
	}
	for _, a := range unacted(n) {
		form.Add("recorded", a.Code)
	}
	return h.showNeeds(v, n, form, nil)
}

// unacted are recorded adjustments that the product can only show.
func unacted(n patients.Needs) []patients.Adjustment {
	return slices.DeleteFunc(slices.Clone(n.Adjustments), func(a patients.Adjustment) bool { return a.Support() != "" })
}

// giveNeeds takes them as the person left them. Leaving all out is an answer too.
func (h *Handlers) giveNeeds(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	n := h.knownNeeds(v)
	words := trimmed(form, "words")
	if utf8.RuneCountInString(words) > needsWordsMost {
		return h.showNeeds(v, n, form, []components.Problem{v.problemAt("words", "needs-words-long", locales.Args{"Most": needsWordsMost})})
	}
	var said []patients.Support
	for _, s := range form["needs"] {
		said = append(said, patients.Support(s))
	}
	left := n.Corrected(said, form["recorded"], words)
	if left.None() && v.talk.Needs == nil { // nothing was known, and nothing is
		return h.resume(v)
	}
	if err := h.keepNeeds(v, left); err != nil {
		return err
	}
	return h.resume(v)
}

func (h *Handlers) showNeeds(v *visit, n patients.Needs, form url.Values, problems []components.Problem) error {
	f := pages.Form{
		Page: v.asking(v.say("needs-heading"), problems), Problems: problems, Action: v.path("needs"), Heading: v.say("needs-heading"),
		Intro: []locales.Text{v.say("needs-says")},
	}
	needs := components.Choice{ID: "needs", Name: "needs", Legend: v.say("needs-legend"), Size: "s", Hint: v.say("needs-hint")}
	for _, s := range patients.Supports() {
		needs.Options = append(needs.Options, components.Option{Value: string(s), Text: v.say("needs-" + string(s)), Checked: slices.Contains(form["needs"], string(s))})
	}
	f.Controls = append(f.Controls, pages.Control{Checkboxes: &needs})
	if list := unacted(n); len(list) > 0 { // in the register's own words, which are English
		recorded := components.Choice{ID: "recorded", Name: "recorded", Legend: v.say("needs-recorded-legend"), Size: "s", Hint: v.say("needs-recorded-hint")}
		for _, a := range list {
			recorded.Options = append(recorded.Options, components.Option{Value: a.Code, Text: english(a.Says), Checked: slices.Contains(form["recorded"], a.Code)})
		}
		f.Controls = append(f.Controls, pages.Control{Checkboxes: &recorded})
	}
	f.Controls = append(f.Controls, pages.Control{Area: &components.Field{
		ID: "words", Name: "words", Label: v.say("needs-words"), Size: "s", Hint: v.say("needs-words-hint"), Rows: 3, Value: form.Get("words"),
		Error: components.ErrorFor(problems, "words"),
	}})
	switch {
	case v.talk.Needs == nil:
		f.After = []pages.Link{{Text: v.say("needs-read-link"), Href: v.path("needs/recorded")}}
	case v.talk.Claimed != nil && n.None():
		f.Intro = append(f.Intro, v.say("needs-nothing-recorded"))
	case v.talk.Claimed != nil && !n.Confirmed:
		f.Intro = append(f.Intro, v.say("needs-recorded-says"))
	}
	if n.Language == locales.Welsh && v.lang != locales.Welsh { // in the language that it offers
		f.After = append(f.After, pages.Link{Text: locales.T(locales.Welsh, "needs-in-welsh"), Href: v.path("needs") + "?lang=" + locales.Welsh})
	}
	f.Back = v.path("question")
	return v.show(problems, pages.Ask(f))
}

// needsRow is the line of the needs among the answers to check.
func (h *Handlers) needsRow(v *visit) components.SummaryRow {
	n := h.knownNeeds(v)
	row := components.SummaryRow{
		Key: v.say("check-needs"), Actions: []components.SummaryAction{{Href: v.path("needs"), Text: v.say("change"), Hidden: v.say("check-needs")}},
	}
	for _, s := range n.Supports() {
		row.Values = append(row.Values, v.say("needs-"+string(s)))
	}
	for _, a := range unacted(n) {
		row.Values = append(row.Values, english(a.Says))
	}
	if n.Words != "" {
		row.Values = append(row.Values, locales.Plain(n.Words))
	}
	if len(row.Values) == 0 {
		row.Values = []locales.Text{v.say("check-needs-none")}
	}
	return row
}

// claimed fills in what somebody said of themselves to have their needs read, where it is asked.
func (v *visit) claimed() intake.Details {
	d := v.talk.Details
	if c := v.talk.Claimed; c != nil {
		if d.NHSNumber == "" && !slices.Contains(d.Unknown, intake.NHSNumber) {
			d.NHSNumber = c.NHSNumber
		}
		if d.BirthDate.IsZero() {
			d.BirthDate = c.BirthDate
		}
	}
	return d
}
