package web

import (
	"errors"
	"net/url"
	"slices"

	"onedoor/app/clinical"
	"onedoor/app/routes"
	"onedoor/app/selfservice"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// leaveIt is the choice of none: the request stays with the practice.
const leaveIt = "none"

// askSlot shows what is free.
func (h *Handlers) askSlot(b *bySelf) error {
	if !slices.Contains(b.acts, selfservice.Book) {
		return h.beginBySelf(b)
	}
	return h.showSlots(b, "", nil)
}

// takeSlot books what was chosen.
func (h *Handlers) takeSlot(b *bySelf) error {
	form, err := routes.ReadForm(b.Context)
	if err != nil {
		return err
	}
	if !slices.Contains(b.acts, selfservice.Book) {
		return h.beginBySelf(b)
	}
	switch form.Get("slot") {
	case "":
		return h.showSlots(b, "", []components.Problem{b.problemAt("slot", "by-self-slot-error")})
	case leaveIt:
		return b.to("sent")
	}
	booked, err := h.SelfService.Book(b.ctx(), b.of, b.proof, form.Get("slot"))
	if err != nil {
		return h.notTaken(b, "", err)
	}
	return h.settled(b, selfservice.Book, b.appointmentRows(booked))
}

// notTaken shows what is free now where a slot was taken by somebody else, and otherwise says what is true.
func (h *Handlers) notTaken(b *bySelf, from string, err error) error {
	var taken *selfservice.TakenError
	if !errors.As(err, &taken) {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	return h.offerSlots(b, from, taken.Next, []components.Problem{b.problemAt("slot", "by-self-taken")})
}

// showSlots offers free slots: for a new appointment or, with the token of one, in its place.
func (h *Handlers) showSlots(b *bySelf, from string, problems []components.Problem) error {
	slots, err := h.SelfService.Slots(b.ctx(), b.of, b.proof, clinical.SlotQuery{})
	if err != nil {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	return h.offerSlots(b, from, slots, problems)
}

func (h *Handlers) offerSlots(b *bySelf, from string, slots []selfservice.OfferedSlot, problems []components.Problem) error {
	if len(slots) == 0 {
		return h.left(b, "by-self-none-free")
	}
	heading, action := "by-self-slot", "by-yourself/appointment"
	var hidden []pages.Hidden
	if from != "" {
		heading, action, hidden = "by-self-new-time", "by-yourself/time", []pages.Hidden{{Name: "appointment", Value: from}}
	}
	options := make([]components.Option, 0, len(slots)+2)
	for _, s := range slots {
		options = append(options, components.Option{Value: s.Token, Text: b.moment(s.Slot), Hint: b.held(s.With, s.Where, s.Held == clinical.ByTelephone || s.Held == clinical.ByVideo)})
	}
	options = append(options, components.Option{Divider: b.say("or")}, components.Option{Value: leaveIt, Text: b.say("by-self-slot-none")})
	f := pages.Form{
		Page: b.frame(b.say(heading), problems), Problems: problems, Action: b.path(action), Hidden: hidden,
		Controls: []pages.Control{{Radios: &components.Choice{
			ID: "slot", Name: "slot", Legend: b.say(heading), Size: "l", Heading: true, Hint: b.say("by-self-slot-hint"),
			Error: components.ErrorFor(problems, "slot"), Options: options,
		}}},
	}
	f.Back = b.path("sent")
	return b.show(problems, pages.Ask(f))
}

func (b *bySelf) moment(s clinical.Slot) locales.Text {
	return locales.Plain(locales.Moment(b.lang, s.Start.In(tenants.London())))
}

// held says with whom and where, as the practice's system has it.
func (b *bySelf) held(with, where string, remote bool) locales.Text {
	says := with
	if remote {
		where = b.say("by-self-remote").Says
	}
	if says != "" && where != "" {
		says += ", "
	}
	return locales.Plain(says + where)
}

func (b *bySelf) appointmentRows(a clinical.Appointment) []components.SummaryRow {
	rows := []components.SummaryRow{{Key: b.say("by-self-when"), Values: []locales.Text{locales.Plain(locales.Moment(b.lang, a.Start.In(tenants.London())))}}}
	if held := b.held(a.With, a.Where, a.ByPhone); !held.Empty() {
		rows = append(rows, components.SummaryRow{Key: b.say("by-self-with"), Values: []locales.Text{held}})
	}
	return rows
}

// askWhich shows the person's own appointments, and what can be done with them.
func (h *Handlers) askWhich(b *bySelf) error { return h.showWhich(b, url.Values{}, nil) }

func (h *Handlers) showWhich(b *bySelf, form url.Values, problems []components.Problem) error {
	list, err := h.SelfService.Appointments(b.ctx(), b.of, b.proof)
	if err != nil {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	if len(list) == 0 {
		return h.left(b, "by-self-no-appointments")
	}
	which := &components.Choice{
		ID: "appointment", Name: "appointment", Legend: b.say("by-self-which"), Size: "s", Error: components.ErrorFor(problems, "appointment"),
	}
	for _, a := range list {
		text := locales.Plain(locales.Moment(b.lang, a.Start.In(tenants.London())))
		which.Options = append(which.Options, components.Option{Value: a.Token, Text: text, Hint: b.held(a.With, a.Where, a.ByPhone), Checked: len(list) == 1})
	}
	what := &components.Choice{ID: "act", Name: "act", Legend: b.say("by-self-what"), Size: "s", Error: components.ErrorFor(problems, "act")}
	for _, act := range b.acts {
		what.Options = append(what.Options, components.Option{Value: string(act), Text: b.say("by-self-act-" + string(act)), Checked: form.Get("act") == string(act)})
	}
	f := pages.Form{
		Page: b.frame(b.say("by-self-appointments"), problems), Problems: problems, Action: b.path("by-yourself/appointments"),
		Heading: b.say("by-self-appointments"), Controls: []pages.Control{{Radios: which}, {Radios: what}},
		After: []pages.Link{{Text: b.say("by-self-leave"), Href: b.path("sent")}},
	}
	f.Back = b.path("sent")
	return b.show(problems, pages.Ask(f))
}

// chooseWhich gives an appointment back, or shows other times for it.
func (h *Handlers) chooseWhich(b *bySelf) error {
	form, err := routes.ReadForm(b.Context)
	if err != nil {
		return err
	}
	var problems []components.Problem
	if form.Get("appointment") == "" {
		problems = append(problems, b.problemAt("appointment", "by-self-which-error"))
	}
	act := selfservice.Act(form.Get("act"))
	if !slices.Contains(b.acts, act) {
		problems = append(problems, b.problemAt("act", "by-self-what-error"))
	}
	if len(problems) > 0 {
		return h.showWhich(b, form, problems)
	}
	if act == selfservice.Change {
		return h.showSlots(b, form.Get("appointment"), nil)
	}
	given, err := h.SelfService.Cancel(b.ctx(), b.of, b.proof, form.Get("appointment"))
	if err != nil {
		_, err := h.troubledBySelf(b, err)
		return err
	}
	return h.settled(b, selfservice.Cancel, b.appointmentRows(given))
}

// changeTime takes another time in the place of an appointment.
func (h *Handlers) changeTime(b *bySelf) error {
	form, err := routes.ReadForm(b.Context)
	if err != nil {
		return err
	}
	from := form.Get("appointment")
	switch form.Get("slot") {
	case "":
		return h.showSlots(b, from, []components.Problem{b.problemAt("slot", "by-self-slot-error")})
	case leaveIt:
		return b.to("sent")
	}
	moved, err := h.SelfService.Move(b.ctx(), b.of, b.proof, from, form.Get("slot"))
	if err != nil {
		return h.notTaken(b, from, err)
	}
	return h.settled(b, selfservice.Change, b.appointmentRows(moved))
}
