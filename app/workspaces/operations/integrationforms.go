package operations

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/integrations"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// everyKind stands for every kind of request that no other connection names.
const everyKind = "every"

// newIntegration is the empty form of a kind.
func (w *Workspace) newIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, err := k.owner("write")
	if err != nil {
		return err
	}
	d, ok := w.described(c.QueryParam("kind"))
	if !ok {
		return fault.Absent()
	}
	f := integrations.Form{Kind: d.Kind}
	for _, use := range d.Defaults {
		f.Uses = append(f.Uses, clinical.Switched{Use: use})
	}
	return w.showForm(k, o, uuid.Nil, d, f, nil)
}

// described is a kind that can be set up here.
func (w *Workspace) described(kind string) (clinical.Description, bool) {
	for _, d := range w.Integrations.Descriptions() {
		if string(d.Kind) == kind && len(d.Needs) == 0 {
			return d, true
		}
	}
	return clinical.Description{}, false
}

func (w *Workspace) addIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, err := k.owner("write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	d, ok := w.described(form.Get("kind"))
	if !ok {
		return fault.New(fault.Invalid, "integration_kind", "Choose the kind of connection.")
	}
	f := read(form, d)
	x, err := w.Integrations.Add(k.ctx(), k.who, o.ID, uuid.Nil, f)
	if e := fault.As(err); err != nil && e.Kind == fault.Invalid {
		return w.showForm(k, o, uuid.Nil, d, f, e)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(integrationPath, string(o.ODS), x.ID.String())+"?done=added")
}

func (w *Workspace) changingIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("write")
	if err != nil {
		return err
	}
	x, err := w.Integrations.Get(k.ctx(), k.who, o.ID, id)
	if err != nil {
		return err
	}
	d, _ := clinical.Describe(x.Kind)
	return w.showForm(k, o, id, d, integrations.Form{Name: x.Name, BaseURL: x.BaseURL, Settings: x.Settings, Uses: x.Uses, Version: x.Version}, nil)
}

func (w *Workspace) changeIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	x, err := w.Integrations.Get(k.ctx(), k.who, o.ID, id)
	if err != nil {
		return err
	}
	d, _ := clinical.Describe(x.Kind)
	f := read(form, d)
	_, err = w.Integrations.Change(k.ctx(), k.who, o.ID, id, f)
	if e := fault.As(err); err != nil && (e.Kind == fault.Invalid || e.Kind == fault.Conflict) {
		return w.showForm(k, o, id, d, f, e)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(integrationPath, string(o.ODS), id.String())+"?done=changed")
}

// read takes what the form of a kind sent.
func read(form url.Values, d clinical.Description) integrations.Form {
	f := integrations.Form{Kind: d.Kind, Name: form.Get("name"), BaseURL: form.Get("address"), Settings: map[string]string{}}
	f.Version, _ = strconv.Atoi(form.Get("version"))
	for _, s := range d.Settings {
		if value := form.Get("setting-" + s.Name); value != "" {
			f.Settings[s.Name] = value
		}
	}
	for _, use := range d.Uses {
		chosen := form["use-"+string(use)]
		switch {
		case len(chosen) == 0:
		case slices.Contains(chosen, everyKind):
			f.Uses = append(f.Uses, clinical.Switched{Use: use})
		default:
			f.Uses = append(f.Uses, clinical.Switched{Use: use, Kinds: chosen})
		}
	}
	return f
}

// showForm shows what was written, and what is wrong with it.
func (w *Workspace) showForm(k *call, o tenants.Organisation, id uuid.UUID, d clinical.Description, f integrations.Form, why *fault.Error) error {
	page := pages.ConnectionForm{
		Operations: k.page("Add a connection: "+d.Title, integrationsPath), Name: o.Name, Heading: "Add a connection: " + d.Title, Says: d.Says, Version: f.Version,
		Action: routes.Address(integrationsOfPath, string(o.ODS)), Kind: string(d.Kind), Button: "Add it, paused",
	}
	page.Page.Back = routes.Address(integrationsOfPath, string(o.ODS))
	if id != uuid.Nil {
		page.Operations = k.page("Change a connection: "+d.Title, integrationsPath)
		page.Heading, page.Kind, page.Button, page.Action = "Change a connection: "+d.Title, "", "Save", routes.Address(integrationPath, string(o.ODS), id.String())
		page.Page.Back = page.Action
	}
	wrong := map[string]string{}
	status := http.StatusOK
	if why != nil {
		status = http.StatusUnprocessableEntity
		for _, field := range why.Fields {
			wrong[field.Pointer] = field.Says
		}
		if len(why.Fields) == 0 {
			page.Notice, page.Refused, status = why.Says, true, http.StatusConflict
		}
	}
	text := func(field components.Field, pointer string) {
		if says := wrong[pointer]; says != "" {
			field.Error = locales.Plain(says)
			page.Wrong = append(page.Wrong, components.Problem{Target: field.ID, Says: field.Error})
		}
		field.NoSpellcheck = true
		page.Inputs = append(page.Inputs, pages.ConnectionInput{Field: &field})
	}
	text(components.Field{ID: "name", Name: "name", Label: locales.Plain("What staff call this system"), Value: f.Name}, "/name")
	text(components.Field{ID: "address", Name: "address", Label: locales.Plain(d.Address), Hint: locales.Plain(d.AddressHint), Value: f.BaseURL}, "/base_url")
	for _, s := range d.Settings {
		label := s.Label
		if !s.Required {
			label += " (optional)"
		}
		field := components.Field{ID: "setting-" + s.Name, Name: "setting-" + s.Name, Label: locales.Plain(label), Hint: locales.Plain(s.Hint), Value: f.Settings[s.Name]}
		if len(s.Options) == 0 {
			text(field, "/settings/"+s.Name)
			continue
		}
		choice := components.Select{ID: field.ID, Name: field.Name, Label: locales.Plain(s.Label), Hint: field.Hint}
		for _, option := range s.Options {
			choice.Options = append(choice.Options, components.SelectOption{Value: option.Value, Text: option.Text, Selected: option.Value == field.Value})
		}
		if says := wrong["/settings/"+s.Name]; says != "" {
			choice.Error = locales.Plain(says)
			page.Wrong = append(page.Wrong, components.Problem{Target: choice.ID, Says: choice.Error})
		}
		page.Inputs = append(page.Inputs, pages.ConnectionInput{Select: &choice})
	}
	for n, use := range d.Uses {
		choice := w.useChoice(use, f.Uses)
		if says := wrong["/uses"]; n == 0 && says != "" {
			choice.Error = locales.Plain(says)
			page.Wrong = append(page.Wrong, components.Problem{Target: choice.ID, Says: choice.Error})
		}
		page.Uses = append(page.Uses, choice)
	}
	page.Page.Problems = len(page.Wrong) > 0
	return routes.Render(k.c, status, pages.ConnectionFormPage(page))
}

// useChoice asks what a use is switched on for.
func (w *Workspace) useChoice(use clinical.Use, uses []clinical.Switched) components.Choice {
	i := slices.IndexFunc(uses, func(s clinical.Switched) bool { return s.Use == use })
	on := i >= 0
	var kinds []string
	if on {
		kinds = uses[i].Kinds
	}
	name := "use-" + string(use)
	choice := components.Choice{ID: name, Name: name, Legend: locales.Plain(useWords(use)), Size: "s", Small: true}
	if !byKind(use) || w.Catalogue == nil {
		choice.Options = []components.Option{{Value: everyKind, Text: locales.Plain("Switched on"), Checked: on}}
		return choice
	}
	choice.Hint = locales.Plain("A kind goes by the connection that names it, and otherwise by the one for every kind")
	choice.Options = []components.Option{{Value: everyKind, Text: locales.Plain("Every kind that no other connection names"), Checked: on && len(kinds) == 0, Exclusive: true}}
	for _, kind := range w.Catalogue.Kinds() {
		choice.Options = append(choice.Options, components.Option{Value: kind.Code, Text: locales.Plain(kind.Title), Checked: slices.Contains(kinds, kind.Code)})
	}
	return choice
}

// byKind reports whether a use can be switched on for some kinds of request alone.
func byKind(use clinical.Use) bool {
	return use == clinical.UseOutcomes || use == clinical.UseFromOthers || use == clinical.UseArrivals
}

// useWords is what a use is, as an administrator reads it.
func useWords(use clinical.Use) string {
	switch use {
	case clinical.UseOutcomes:
		return "Outcomes of your own work, into your own record"
	case clinical.UseFromOthers:
		return "Other organisations’ outcomes for your patients, into your record"
	case clinical.UseArrivals:
		return "Each request as it comes to you, as a task or referral in your own system"
	case clinical.UseAppointments:
		return "Patients find, book, move and cancel appointments"
	case clinical.UseStaffBooking:
		return "Staff book appointments for patients"
	case clinical.UseMedicines:
		return "Patients ask for their repeat medicines"
	}
	return string(use)
}

// usesWords says what a connection is switched on for.
func (w *Workspace) usesWords(uses []clinical.Switched) string {
	var parts []string
	for _, s := range uses {
		part := useWords(s.Use)
		if len(s.Kinds) > 0 {
			titles := make([]string, len(s.Kinds))
			for n, code := range s.Kinds {
				titles[n] = code
				if w.Catalogue != nil {
					if kind, ok := w.Catalogue.Kind(code); ok {
						titles[n] = kind.Title
					}
				}
			}
			part += " (only " + strings.Join(titles, ", ") + ")"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "It is switched on for nothing."
	}
	return strings.Join(parts, ". ") + "."
}
