package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// What the pharmacy page sends for answers that are no pharmacy of the list.
const (
	otherPharmacy = "other"
	noPharmacy    = "none"
)

var atPharmacy = intake.Place{Detail: intake.Pharmacy}

// askPharmacy shows every pharmacy of the neighbourhood in alphabetical order, none of them chosen: the choice is the
// patient's. A nomination on record is not shown, since nobody here has proved who they are.
func (h *Handlers) askPharmacy(v *visit) error {
	reached, err := h.reached(v, atPharmacy)
	if err != nil {
		return err
	}
	if !reached {
		return h.resume(v)
	}
	return h.showPharmacies(v, h.pharmacyBefore(v), nil)
}

// pharmacyBefore is what was chosen, as the form would send it.
func (h *Handlers) pharmacyBefore(v *visit) string {
	d := v.talk.Details
	switch {
	case slices.Contains(d.Unknown, intake.Pharmacy):
		return noPharmacy
	case d.ChosenPharmacy == "":
		return ""
	}
	if slices.ContainsFunc(h.pharmacies(v), func(o tenants.Organisation) bool { return o.ODS == d.ChosenPharmacy }) {
		return string(d.ChosenPharmacy)
	}
	return otherPharmacy
}

func (h *Handlers) choosePharmacy(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	chosen := form.Get("pharmacy")
	switch {
	case chosen == otherPharmacy:
		return v.to("pharmacy/other")
	case chosen == noPharmacy:
		return h.givePharmacy(v, "")
	case slices.ContainsFunc(h.pharmacies(v), func(o tenants.Organisation) bool { return string(o.ODS) == chosen }):
		return h.givePharmacy(v, chosen)
	}
	return h.showPharmacies(v, "", []components.Problem{v.problemAt("pharmacy", "pharmacy-error")})
}

func (h *Handlers) givePharmacy(v *visit, code string) error {
	if err := h.Walker.Give(v.talk, intake.Pharmacy, code); err != nil {
		return err
	}
	return h.goOn(v)
}

func (h *Handlers) showPharmacies(v *visit, chosen string, problems []components.Problem) error {
	option := func(value string, text, hint locales.Text) components.Option {
		return components.Option{Value: value, Text: text, Hint: hint, Checked: value == chosen}
	}
	now := h.Now().In(tenants.London())
	var options []components.Option
	for _, o := range h.pharmacies(v) {
		options = append(options, option(string(o.ODS), locales.Plain(o.Name), whereAndWhen(v, o, now)))
	}
	if len(options) > 0 {
		options = append(options, components.Option{Divider: v.say("or")})
	}
	options = append(
		options,
		option(otherPharmacy, v.say("pharmacy-other"), v.say("pharmacy-other-hint")),
		option(noPharmacy, v.say("pharmacy-none"), v.say("pharmacy-none-hint")),
	)
	f := pages.Form{
		Page: v.asking(v.say("pharmacy-heading"), problems), Problems: problems, Action: v.path("pharmacy"),
		Controls: []pages.Control{{Radios: &components.Choice{
			ID: "pharmacy", Name: "pharmacy", Legend: v.say("pharmacy-heading"), Hint: v.say("pharmacy-hint"), Size: "l", Heading: true,
			Error: components.ErrorFor(problems, "pharmacy"), Options: options,
		}}},
	}
	f.Back = h.back(v, atPharmacy)
	return v.show(problems, pages.Ask(f))
}

// pharmacies are those that take part today, by name.
func (h *Handlers) pharmacies(v *visit) []tenants.Organisation {
	today := nhs.DateOf(h.Now().In(tenants.London()))
	list := slices.DeleteFunc(v.directory.Organisations(), func(o tenants.Organisation) bool {
		return o.Kind != tenants.Pharmacy || !v.directory.TakesPart(o.ID, today)
	})
	slices.SortFunc(list, func(a, b tenants.Organisation) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ODS), string(b.ODS)))
	})
	return list
}

// whereAndWhen is a pharmacy's address, and whether it is open.
func whereAndWhen(v *visit, o tenants.Organisation, now time.Time) locales.Text {
	sites := v.directory.Sites()
	i := slices.IndexFunc(sites, func(s tenants.Site) bool { return s.OrganisationID == o.ID })
	if i < 0 {
		return v.say("pharmacy-closed")
	}
	address := strings.Join(append(slices.Clone(sites[i].Address), string(sites[i].Postcode)), ", ")
	opening := whenOpen(v, sites[i].Hours, now)
	return locales.Text{Says: address + ". " + opening.Says, Lang: opening.Lang}
}

func whenOpen(v *visit, hours tenants.Hours, now time.Time) locales.Text {
	if hours.Always {
		return v.say("pharmacy-open-always")
	}
	today := nhs.DateOf(now)
	if hours.Open(now) {
		minute := now.Hour()*60 + now.Minute()
		for _, p := range hours.On(today) {
			if p.From <= minute && minute < p.Until {
				closes := time.Date(today.Year, today.Month, today.Day, p.Until/60, p.Until%60, 0, 0, tenants.London())
				return v.say("pharmacy-open-now", locales.Args{"Time": locales.Clock(v.lang, closes)})
			}
		}
	}
	opens, ok := hours.NextOpen(now)
	opens = opens.In(tenants.London())
	switch {
	case !ok:
		return v.say("pharmacy-closed")
	case nhs.DateOf(opens) == today:
		return v.say("pharmacy-opens-today", locales.Args{"Time": locales.Clock(v.lang, opens)})
	}
	return v.say("pharmacy-opens", locales.Args{"Time": locales.Moment(v.lang, opens)})
}

// askOtherPharmacy asks for the code of a pharmacy that is not on the list: it may be anywhere.
func (h *Handlers) askOtherPharmacy(v *visit) error {
	reached, err := h.reached(v, atPharmacy)
	if err != nil {
		return err
	}
	if !reached {
		return h.resume(v)
	}
	form := url.Values{}
	if h.pharmacyBefore(v) == otherPharmacy {
		form.Set("code", string(v.talk.Details.ChosenPharmacy))
	}
	return h.showOtherPharmacy(v, form, nil)
}

func (h *Handlers) chooseOtherPharmacy(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	code, err := nhs.ParseODSCode(form.Get("code"))
	if fault.Is(err, "ods_code_format") {
		return h.showOtherPharmacy(v, form, []components.Problem{v.problemAt("code", "pharmacy-other-error")})
	}
	if err != nil {
		return err
	}
	return h.givePharmacy(v, string(code))
}

func (h *Handlers) showOtherPharmacy(v *visit, form url.Values, problems []components.Problem) error {
	f := pages.Form{
		Page: v.asking(v.say("pharmacy-other-heading"), problems), Problems: problems, Action: v.path("pharmacy/other"), Heading: v.say("pharmacy-other-heading"),
		Controls: []pages.Control{{Text: &components.Field{
			ID: "code", Name: "code", Label: v.say("pharmacy-other-label"), Hint: v.say("pharmacy-other-code-hint"), Width: 10, NoSpellcheck: true,
			Error: components.ErrorFor(problems, "code"), Value: form.Get("code"),
		}}},
	}
	f.Back = v.path("pharmacy")
	return v.show(problems, pages.Ask(f))
}
