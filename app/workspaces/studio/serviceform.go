package studio

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// serviceForm shows the form of a service as it stands.
func (w *Workspace) serviceForm(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	s, err := k.serviceOf("write")
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.StudioServiceForm(w.formOf(k, s, formValues(s, k.directory.Hash()), nil)))
}

// saveService does what the form says. What cannot be is said at its place, with everything as it was typed.
func (w *Workspace) saveService(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	s, err := k.serviceOf("write")
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return fault.New(fault.Malformed, "malformed_form", "The form could not be read.").Because(err)
	}
	edit, wrong := w.readService(k, s, form)
	if len(wrong) == 0 {
		if _, err = w.Directories.EditService(k.ctx(), k.who.Actor(), edit); err == nil {
			return c.Redirect(http.StatusSeeOther, routes.Address(servicePath, s.ID.String())+"?done=saved")
		}
		var refused *fault.Error
		if !errors.As(err, &refused) {
			return err
		}
		switch {
		case refused.Code == "service_changed":
			return w.changedMeanwhile(k, s, form, refused)
		case refused.Kind != fault.Invalid:
			return err
		}
		wrong = append(wrong, refused.Fields...)
		if len(refused.Fields) == 0 {
			wrong = append(wrong, fault.Field{Says: refused.Says})
		}
	}
	return routes.Render(c, http.StatusUnprocessableEntity, pages.StudioServiceForm(w.formOf(k, s, form, wrong)))
}

// changedMeanwhile shows what was typed, and beside it what somebody else has changed. Saved again, it takes its place.
func (w *Workspace) changedMeanwhile(k *call, s tenants.Service, form url.Values, refused *fault.Error) error {
	versions, err := w.Directories.History(k.ctx(), k.who.NeighbourhoodID, versionsShown)
	if err != nil {
		return err
	}
	page := w.formOf(k, s, form, nil)
	page.ChangedBy = refused.Says
	if i := slices.IndexFunc(versions, func(v directory.Version) bool { return v.Hash == form.Get("based_on") }); i >= 0 {
		then, _ := versions[i].Directory.Service(s.ID)
		fields, _ := refused.Details["fields"].([]directory.ServiceField)
		page.Changed = w.fieldLines(k, then, s, fields)
	}
	page.BasedOn = k.directory.Hash()
	page.Notice, page.Refused = "Not saved. "+refused.Says, true
	return routes.Render(k.c, http.StatusConflict, pages.StudioServiceForm(page))
}

// formValues are a service as its form sends it.
func formValues(s tenants.Service, basedOn string) url.Values {
	v := url.Values{
		"based_on": {basedOn}, "name": {s.Name}, "kinds": s.Kinds, "capabilities": {strings.Join(s.Capabilities, ", ")}, "sex": {string(s.Eligibility.Sex)},
		"queue": {s.QueueID.String()}, "open": {limitText(s.Capacity.Open)}, "daily": {limitText(s.Capacity.Daily)}, "dates": {writeDates(s.Hours.Dates)},
		"min_age": {ageText(s.Eligibility.MinAge)}, "max_age": {ageText(s.Eligibility.MaxAge)}, "bank-holidays": {writeDay(s.Hours.BankHolidays)},
	}
	if s.Hours.Always {
		v.Set("always", "yes")
	}
	for _, code := range s.Eligibility.Registered {
		v.Add("registered", string(code))
	}
	for _, day := range week {
		v.Set(dayName(day), writeDay(s.Hours.Week[day]))
	}
	return v
}

func dayName(day time.Weekday) string { return strings.ToLower(day.String()) }

func limitText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ageText(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// readService reads the form. What it cannot read is named; what cannot be is for the domain to say.
func (w *Workspace) readService(k *call, s tenants.Service, form url.Values) (directory.ServiceEdit, []fault.Field) {
	var wrong []fault.Field
	add := func(pointer, says string) { wrong = append(wrong, fault.Field{Pointer: pointer, Says: says}) }
	e := directory.ServiceEdit{
		NeighbourhoodID: k.who.NeighbourhoodID, OrganisationID: s.OrganisationID, ServiceID: s.ID, BasedOn: form.Get("based_on"), Name: form.Get("name"),
	}
	e.QueueID, _ = uuid.Parse(form.Get("queue")) // the domain says what a queue must be
	for _, kind := range form["kinds"] {
		if _, ok := w.Catalogue.Kind(kind); ok {
			e.Kinds = append(e.Kinds, kind)
		}
	}
	for _, word := range strings.FieldsFunc(form.Get("capabilities"), func(r rune) bool { return r == ',' || r == '\n' || r == ' ' }) {
		e.Capabilities = append(e.Capabilities, strings.TrimSpace(word))
	}
	number := func(name, pointer, says string) *int {
		written := strings.TrimSpace(form.Get(name))
		if written == "" {
			return nil
		}
		n, err := strconv.Atoi(strings.ReplaceAll(written, ",", ""))
		if err != nil {
			add(pointer, says)
			return nil
		}
		return &n
	}
	e.Eligibility.MinAge = number("min_age", "/eligibility/min_age", "Enter the youngest age in whole years, or leave it empty")
	e.Eligibility.MaxAge = number("max_age", "/eligibility/max_age", "Enter the oldest age in whole years, or leave it empty")
	if sex := nhs.Sex(form.Get("sex")); sex == nhs.Female || sex == nhs.Male {
		e.Eligibility.Sex = sex
	}
	for _, code := range form["registered"] {
		if _, ok := k.directory.ByODS(nhs.ODSCode(code)); ok {
			e.Eligibility.Registered = append(e.Eligibility.Registered, nhs.ODSCode(code))
		}
	}
	const limit = "Enter a number from 1 to 1,000, or leave it empty for no limit"
	if n := number("open", "/capacity/open", limit); n != nil {
		e.Capacity.Open = *n
	}
	if n := number("daily", "/capacity/daily", limit); n != nil {
		e.Capacity.Daily = *n
	}
	var unread []fault.Field
	if e.Hours, unread = readHours(form); len(unread) > 0 {
		wrong = append(wrong, unread...)
	}
	return e, wrong
}

// readHours reads the days. A service that never closes has none, so that what stands in them is of no matter.
func readHours(form url.Values) (tenants.Hours, []fault.Field) {
	if form.Get("always") == "yes" {
		return tenants.Hours{Always: true}, nil
	}
	var h tenants.Hours
	var wrong []fault.Field
	const as = " as 09:00 to 13:00, 14:00 to 18:00, or closed"
	for _, day := range week {
		periods, err := parseDay(form.Get(dayName(day)))
		if err != nil {
			wrong = append(wrong, fault.Field{Pointer: "/hours/" + dayName(day), Says: "Write the hours of " + day.String() + as})
		}
		h.Week[day] = periods
	}
	var err error
	if h.BankHolidays, err = parseDay(form.Get("bank-holidays")); err != nil {
		wrong = append(wrong, fault.Field{Pointer: "/hours/bank-holidays", Says: "Write the hours of bank holidays" + as})
	}
	if h.Dates, err = parseDates(form.Get("dates")); err != nil {
		wrong = append(wrong, fault.Field{Pointer: "/hours/dates", Says: "Write each special day on a line, as 24 December 2026: 09:00 to 13:00"})
	}
	return h, wrong
}

// serviceTarget leads from a place in a service to its control.
func serviceTarget(pointer string) string {
	switch pointer {
	case "/queue", "/name", "/kinds", "/capabilities":
		return strings.TrimPrefix(pointer, "/")
	case "/eligibility/min_age":
		return "min-age"
	case "/eligibility/max_age":
		return "max-age"
	}
	if rest, ok := strings.CutPrefix(pointer, "/hours/"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(pointer, "/capacity/"); ok {
		return rest
	}
	return ""
}

// formOf draws the form with what stands in it.
func (w *Workspace) formOf(k *call, s tenants.Service, v url.Values, wrong []fault.Field) pages.ServiceForm {
	organisation, _ := k.directory.Organisation(s.OrganisationID)
	f := pages.ServiceForm{
		Studio: k.page("Change "+s.Name+", "+organisation.Name, servicesPath), Organisation: organisation.Name, Name: s.Name,
		Action: routes.Address(serviceEditPath, s.ID.String()), Back: routes.Address(servicePath, s.ID.String()), BasedOn: v.Get("based_on"),
	}
	f.Page.Back = f.Back
	for _, field := range wrong {
		f.Wrong = append(f.Wrong, components.Problem{Target: serviceTarget(field.Pointer), Says: locales.Plain(field.Says)})
	}
	f.Problems = len(f.Wrong) > 0
	text := func(id, name, label, hint string, width int) components.Field {
		field := components.Field{ID: id, Name: name, Label: locales.Plain(label), Value: v.Get(name), Width: width, Error: components.ErrorFor(f.Wrong, id)}
		if hint != "" {
			field.Hint = locales.Plain(hint)
		}
		return field
	}
	number := func(id, name, label, hint string) components.Field {
		field := text(id, name, label, hint, 5)
		field.InputMode = "numeric"
		return field
	}
	f.NameField = text("name", "name", "Name", "", 30)
	f.Kinds = components.Choice{ID: "kinds", Name: "kinds", Legend: locales.Plain("Kinds of request"), Hint: locales.Plain("Choose none to accept every kind."), Small: true}
	for _, kind := range w.Catalogue.Kinds() {
		f.Kinds.Options = append(f.Kinds.Options, components.Option{Value: kind.Code, Text: locales.Plain(kind.Title), Checked: slices.Contains(v["kinds"], kind.Code)})
	}
	f.Capabilities = text("capabilities", "capabilities", "Capabilities (optional)", "What else a rule can ask for, such as ear-care. Separate several by commas.", 30)
	f.MinAge = number("min-age", "min_age", "Youngest age", "In years. Empty for no limit.")
	f.MaxAge = number("max-age", "max_age", "Oldest age", "In years. Empty for no limit.")
	f.Sex = components.Choice{ID: "sex", Name: "sex", Legend: locales.Plain("Sex"), Small: true, Inline: true}
	for _, o := range [][2]string{{"", "Anyone"}, {string(nhs.Female), "Female only"}, {string(nhs.Male), "Male only"}} {
		f.Sex.Options = append(f.Sex.Options, components.Option{Value: o[0], Text: locales.Plain(o[1]), Checked: v.Get("sex") == o[0]})
	}
	f.Registered = k.registeredChoice(v["registered"])
	f.Always = components.Choice{ID: "always", Name: "always", Legend: locales.Plain("Opening hours"), Small: true, Options: []components.Option{
		{Value: "yes", Text: locales.Plain("Day and night, every day"), Checked: v.Get("always") == "yes", Hint: locales.Plain("The hours below then count for nothing.")},
	}}
	for _, day := range week {
		f.Days = append(f.Days, text(dayName(day), dayName(day), day.String(), "", 30))
	}
	f.Days = append(f.Days, text("bank-holidays", "bank-holidays", "Bank holidays", "", 30))
	f.Dates = text("dates", "dates", "Special days (optional)", "One on each line, as 24 December 2026: 09:00 to 13:00. They replace the hours of that day.", 0)
	f.Dates.Rows = 3
	f.Open = number("open", "open", "Open at once", "Empty for no limit.")
	f.Daily = number("daily", "daily", "In a day", "Empty for no limit.")
	f.Queue = components.Select{ID: "queue", Name: "queue", Label: locales.Plain("Queue"), Error: components.ErrorFor(f.Wrong, "queue")}
	for _, q := range k.directory.Queues() {
		if q.OrganisationID == s.OrganisationID {
			f.Queue.Options = append(f.Queue.Options, components.SelectOption{Value: q.ID.String(), Text: q.Name, Selected: v.Get("queue") == q.ID.String()})
		}
	}
	return f
}

// registeredChoice lets a service be kept to people registered with some of the practices.
func (k *call) registeredChoice(chosen []string) *components.Choice {
	choice := components.Choice{ID: "registered", Name: "registered", Legend: locales.Plain("Registered with"), Hint: locales.Plain("Choose none to see people wherever they are registered."), Small: true}
	for _, o := range k.directory.Organisations() {
		if o.Kind == tenants.Practice {
			choice.Options = append(choice.Options, components.Option{Value: string(o.ODS), Text: locales.Plain(o.Name), Checked: slices.Contains(chosen, string(o.ODS))})
		}
	}
	if len(choice.Options) == 0 {
		return nil
	}
	return &choice
}
