package web

import (
	"net/url"
	"slices"
	"strconv"

	"onedoor/app/routes"
	"onedoor/app/selfservice"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// askMedicines shows what the person takes regularly.
func (h *Handlers) askMedicines(b *bySelf) error { return h.showMedicines(b, url.Values{}, nil) }

func (h *Handlers) showMedicines(b *bySelf, form url.Values, problems []components.Problem) error {
	if !slices.Contains(b.acts, selfservice.Order) {
		return h.beginBySelf(b)
	}
	list, err := h.SelfService.Medicines(b.ctx(), b.of, b.proof)
	if err != nil {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	choice := &components.Choice{
		ID: "medicine", Name: "medicine", Legend: b.say("by-self-medicines"), Size: "l", Heading: true, Hint: b.say("by-self-medicines-hint"),
		Error: components.ErrorFor(problems, "medicine"),
	}
	var not []locales.Text
	for i, m := range list {
		if m.Token == "" {
			not = append(not, b.say("by-self-medicine-not", locales.Args{"Medicine": m.Name}))
			continue
		}
		choice.Options = append(choice.Options, components.Option{
			Value: strconv.Itoa(i), Text: locales.Plain(m.Name), Hint: locales.Plain(m.Dosage), Checked: slices.Contains(form["medicine"], strconv.Itoa(i)),
		})
	}
	if len(choice.Options) == 0 {
		return h.left(b, "by-self-no-medicines")
	}
	var hidden []pages.Hidden
	for i, m := range list {
		if m.Token != "" {
			hidden = append(hidden, pages.Hidden{Name: "token-" + strconv.Itoa(i), Value: m.Token})
		}
	}
	f := pages.Form{
		Page: b.frame(b.say("by-self-medicines"), problems), Problems: problems, Action: b.path("by-yourself/medicines"), Hidden: hidden,
		Intro: not, Controls: []pages.Control{{Checkboxes: choice}}, Button: b.say("by-self-medicines-button"),
		After: []pages.Link{{Text: b.say("by-self-leave"), Href: b.path("sent")}},
	}
	f.Back = b.path("sent")
	return b.show(problems, pages.Ask(f))
}

// orderMedicines asks for those that were chosen.
func (h *Handlers) orderMedicines(b *bySelf) error {
	form, err := routes.ReadForm(b.Context)
	if err != nil {
		return err
	}
	var tokens []string
	for _, i := range form["medicine"] {
		tokens = append(tokens, form.Get("token-"+i))
	}
	if len(tokens) == 0 {
		return h.showMedicines(b, form, []components.Problem{b.problemAt("medicine", "by-self-medicines-error")})
	}
	if err := h.SelfService.Order(b.ctx(), b.of, b.proof, tokens); err != nil {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	return h.settled(b, selfservice.Order, nil)
}
