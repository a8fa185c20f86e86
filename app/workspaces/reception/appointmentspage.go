package reception

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

func plainWords(s string) locales.Text { return locales.Plain(s) }

// appointmentsPage reads the patient's appointments and what is free. What cannot be read is said, and the rest is shown.
func (w *Workspace) appointmentsPage(b *booker, asked url.Values) (page pages.Appointments, theirs []clinical.Appointment, err error) {
	v := b.view
	address := root + "/requests/" + string(v.Reference) + "/appointments"
	page = pages.Appointments{
		Page: w.page(b.call, "Appointments"), Back: b.list.request(v.Reference), Request: v.KindTitle + ", " + v.Reference.Spaced(), Name: wholeName(v.Staff.Patient),
		Facts: append(who(b.call, v.Staff.Patient), w.supportFacts(b.call, v)...), Action: address, Find: address,
	}
	carried := b.list.whole()
	for _, name := range slices.Sorted(maps.Keys(carried)) {
		page.Carried = append(page.Carried, pages.Carried{Name: name, Value: carried.Get(name)})
	}
	theirs, err = w.Bookings.Theirs(b.ctx(), b.who)
	if err != nil {
		if page.BookedSays, err = unread(err); err != nil {
			return page, nil, err
		}
	} else if len(theirs) == 0 {
		page.BookedSays = "None. Only appointments from today on are shown."
	}
	for i, a := range theirs {
		move := b.list.whole()
		move.Set("change", a.ID)
		one := pages.BookedAppointment{
			ID: a.ID, When: wording.ShortMoment(a.Start, b.now), What: appointmentWords(a.With, a.Where, a.ByPhone), MoveHref: join(address, move),
			Reason: field("reason-"+strconv.Itoa(i), "reason", "New reason", "For the practice’s staff. At most 100 characters."),
			Why:    field("why-"+strconv.Itoa(i), "reason", "Why it is cancelled (optional)", ""),
		}
		page.Booked = append(page.Booked, one)
		if a.ID == asked.Get("change") {
			page.Moving, page.MovingWhat, page.KeepHref = a.ID, wording.ShortMoment(a.Start, b.now), join(address, b.list.whole())
		}
	}
	return page, theirs, w.fillSlots(b, asked, &page)
}

// fillSlots searches for what is free from the day asked for.
func (w *Workspace) fillSlots(b *booker, asked url.Values, page *pages.Appointments) error {
	from, day, wrong := searchFrom(asked, b.now)
	page.Search = components.DateInput{
		ID: "from", Prefix: "from", Legend: plainWords("From which day"), Size: "s", Hint: plainWords("For example, 27 4 2026. Two weeks are searched."),
		Day: strconv.Itoa(day.Day), Month: strconv.Itoa(int(day.Month)), Year: strconv.Itoa(day.Year),
	}
	held := clinical.Held(asked.Get("held"))
	page.Held = components.Select{ID: "held", Name: "held", Label: plainWords("How it is held"), Options: []components.SelectOption{
		{Value: "", Text: "Any way"}, {Value: string(clinical.InPerson), Text: "In person"}, {Value: string(clinical.ByTelephone), Text: "By telephone"}, {Value: string(clinical.ByVideo), Text: "By video"},
	}}
	for i := range page.Held.Options {
		page.Held.Options[i].Selected = page.Held.Options[i].Value == string(held)
	}
	if wrong {
		page.Search.Error = plainWords("Enter a day from today on")
		page.Search.Day, page.Search.Month, page.Search.Year = asked.Get("from-day"), asked.Get("from-month"), asked.Get("from-year")
		page.Wrong = append(page.Wrong, problem("from-day", "Enter a day from today on"))
		page.Page.Problems = true
		return nil
	}
	slots, err := w.Bookings.Free(b.ctx(), b.who, clinical.SlotQuery{From: from, Held: held, Most: shownSlots})
	if err != nil {
		page.SlotsSays, err = unread(err)
		return err
	}
	page.Reason = field("reason", "reason", "Reason (optional)", "For the practice’s staff. At most 100 characters.")
	page.Reason.Value = asked.Get("reason")
	page.Slots = components.Choice{ID: "slot", Name: "slot", Legend: plainWords("Free appointments"), Size: "s", Small: true}
	for _, s := range slots {
		hint := appointmentWords(s.With, s.Where, s.Held == clinical.ByTelephone || s.Held == clinical.ByVideo)
		if s.Service != "" {
			hint = s.Service + ". " + hint
		}
		page.Slots.Options = append(page.Slots.Options, components.Option{
			Value: slotValue(s), Text: plainWords(wording.ShortMoment(s.Start, b.now)), Hint: plainWords(hint), Checked: slotValue(s) == asked.Get("slot"),
		})
	}
	if len(slots) == 0 {
		page.SlotsSays = "Nothing is free in these two weeks. Try another day."
	}
	return nil
}

// searchFrom is the moment that a search begins at: now, or the beginning of a day.
func searchFrom(asked url.Values, now time.Time) (from time.Time, day nhs.Date, wrong bool) {
	today := nhs.DateOf(now.In(tenants.London()))
	if strings.TrimSpace(asked.Get("from-day")+asked.Get("from-month")+asked.Get("from-year")) == "" {
		return now, today, false
	}
	part := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(asked.Get("from-" + name)))
		if err != nil {
			return 0
		}
		return n
	}
	given := time.Date(part("year"), time.Month(part("month")), part("day"), 0, 0, 0, 0, tenants.London())
	day = nhs.DateOf(given)
	if day.Day != part("day") || int(day.Month) != part("month") || day.Before(today) || given.After(now.AddDate(2, 0, 0)) {
		return now, today, true
	}
	if day == today {
		return now, today, false
	}
	return given, day, false
}

// unread is a sentence for what could not be read; an error that is the product's own is given back.
func unread(err error) (string, error) {
	switch f := fault.As(err); f.Code {
	case bookings.CodeNotOffered:
		return "The practice’s system offers this to nobody here. Look in the system itself.", nil
	case bookings.CodeUnavailable, bookings.CodeRefused:
		return f.Says, nil
	}
	return "", err
}

func field(id, name, label, hint string) components.Field {
	f := components.Field{ID: id, Name: name, Label: plainWords(label), Class: "nhsuk-u-width-two-thirds", Autocomplete: "off"}
	if hint != "" {
		f.Hint = plainWords(hint)
	}
	return f
}

func appointmentWords(with, where string, byPhone bool) string {
	var words []string
	if with != "" {
		words = append(words, with)
	}
	if byPhone {
		words = append(words, "by telephone or video")
	} else if where != "" {
		words = append(words, where)
	}
	if len(words) == 0 {
		return "The practice’s system says no more about it."
	}
	return strings.Join(words, ", ")
}

// appointmentFacts are what was done with appointments for a request, on its panel.
func (w *Workspace) appointmentFacts(k *call, v requests.View, p *pages.RequestPanel) error {
	if w.Bookings == nil || v.Staff == nil {
		return nil
	}
	acts, err := w.Bookings.OfRequest(k.ctx(), k.by.Scope, v.ID)
	if err != nil {
		return err
	}
	for _, a := range acts {
		p.Appointments = append(p.Appointments, actFact(k, a))
	}
	at := k.organisation(v.Accountable)
	if v.Status == requests.Closed || v.Claimed == nil || v.Claimed.ByID != k.by.ID || !k.mayIn(at, "book") {
		return nil
	}
	offered, err := w.Bookings.Offered(k.ctx(), bookingFor(k, v, at))
	if offered {
		p.Book = join(root+"/requests/"+string(v.Reference)+"/appointments", k.list.whole())
	}
	return err
}

// actFact is one act in words: what is certain, what is being checked, and what did not happen.
func actFact(k *call, a bookings.Booking) pages.Fact {
	by := "By " + a.BookedBy.Name + ", " + wording.ShortMoment(a.AskedAt, k.now) + "."
	if a.Channel != "" {
		by = "By the patient, " + wording.ShortMoment(a.AskedAt, k.now) + "."
	}
	at := wording.ShortMoment(a.Appointment.Start, k.now)
	of := appointmentWords(a.Appointment.With, a.Appointment.Where, a.Appointment.ByPhone)
	if a.Slot.With != "" || a.Slot.Where != "" {
		of = appointmentWords(a.Slot.With, a.Slot.Where, a.Slot.Held == clinical.ByTelephone || a.Slot.Held == clinical.ByVideo)
	}
	what := map[bookings.Act]string{
		bookings.ActBook: "book " + wording.ShortMoment(a.Slot.Start, k.now), bookings.ActMove: "move it to " + wording.ShortMoment(a.Slot.Start, k.now),
		bookings.ActCancel: "cancel " + wording.ShortMoment(a.From.Start, k.now), bookings.ActAmend: "change the reason of " + wording.ShortMoment(a.From.Start, k.now),
	}[a.Act]
	switch a.State {
	case bookings.Booked:
		return pages.Fact{Key: "Booked", Values: []string{at + ". " + of + ".", by}}
	case bookings.Moved:
		return pages.Fact{Key: "Moved", Values: []string{"From " + wording.ShortMoment(a.From.Start, k.now) + " to " + at + ". " + of + ".", by}}
	case bookings.Cancelled:
		return pages.Fact{Key: "Cancelled", Values: []string{wording.ShortMoment(a.From.Start, k.now) + ".", by}}
	case bookings.Amended:
		return pages.Fact{Key: "Reason changed", Values: []string{at + ".", by}}
	case bookings.Refused:
		return pages.Fact{Key: "Not done", Values: []string{"Asked to " + what + ". " + a.LastError, by}}
	case bookings.Asked, bookings.Unknown:
	}
	return pages.Fact{Key: "Being checked", Values: []string{"Asked to " + what + ". The practice’s system has not confirmed it. We are looking whether it was done.", by}}
}
