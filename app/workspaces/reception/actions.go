package reception

import (
	"net/url"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// actions puts on the panel what this person can do with the request in the state that it is in. Package requests asks
// again when it is done.
func (w *Workspace) actions(k *call, v requests.View, p *pages.RequestPanel, tried attempt) {
	if v.Status == requests.Closed {
		return
	}
	if v.Offered != nil {
		offerActions(k, v, p, tried)
		return
	}
	at := k.organisation(v.Accountable)
	mine := v.Claimed != nil && v.Claimed.ByID == k.by.ID
	restricted := v.Staff != nil && v.Staff.Held != nil && v.Staff.Held.Restricted // it goes to nobody else
	if v.Status == requests.ToVerify && !restricted && (v.Claimed == nil || mine) && k.mayIn(at, "verify") {
		p.Commands = append(p.Commands, pages.Command{
			Text: "Verify and offer to " + v.Destination.Name, Action: command(v.Reference, "verify"), Primary: true, Key: "verify",
			Hint: v.Accountable.Name + " stays accountable until it is accepted.",
		})
	}
	if v.Claimed == nil && k.mayIn(at, "claim") {
		c := pages.Command{Text: "Claim", Action: command(v.Reference, "claim"), Primary: len(p.Commands) == 0, Key: "claim"}
		if v.Status == requests.ToVerify {
			c.Text = "Claim, to answer it here"
		}
		p.Commands = append(p.Commands, c)
	}
	if mine && k.mayIn(at, "outcome") {
		p.Outcome = w.outcomeForm(v, tried)
	}
	toolActions(k, v, p, tried)
	if mine && k.mayIn(at, "release") {
		p.Commands = append(p.Commands, pages.Command{Text: "Release", Action: command(v.Reference, "release"), Key: "release"})
	}
	if !restricted && (v.Claimed == nil || mine) && k.mayIn(at, "transfer") {
		if form := transferForm(k, v, tried, p.Problems); form != nil {
			p.More = append(p.More, *form)
		}
	}
	if k.mayIn(at, "raise") {
		p.More = appendUrgency(p.More, v, "raise", tried, p.Problems)
	}
	if k.mayIn(at, "lower") {
		p.More = appendUrgency(p.More, v, "lower", tried, p.Problems)
	}
	if mine && k.mayIn(at, "close") {
		p.More = append(p.More, reasonForm(v, "close", tried, p.Problems, pages.MoreForm{
			Summary: "Close without an outcome", Button: "Close request", Warning: true,
			Hint: "For a request that needs no answer, such as one sent twice. Nothing is sent to a clinical system.",
		}))
	}
}

func offerActions(k *call, v requests.View, p *pages.RequestPanel, tried attempt) {
	to := k.organisation(v.Offered.Named)
	if k.mayIn(to, "accept") {
		p.Commands = append(p.Commands, pages.Command{
			Text: "Accept", Action: command(v.Reference, "accept"), Primary: true, Key: "accept", Hint: v.Offered.Name + " is then accountable.",
		})
	}
	if k.mayIn(to, "decline") {
		p.More = append(p.More, reasonForm(v, "decline", tried, p.Problems, pages.MoreForm{
			Summary: "Decline this offer", Button: "Decline", Warning: true, Hint: "It goes back to " + v.Accountable.Name + ", which is still accountable.",
		}))
	}
	if at := k.organisation(v.Accountable); k.mayIn(at, "raise") {
		p.More = appendUrgency(p.More, v, "raise", tried, p.Problems)
	}
}

func (w *Workspace) outcomeForm(v requests.View, tried attempt) *pages.OutcomeForm {
	kind, ok := w.Catalogue.Kind(v.Kind)
	if !ok {
		return nil
	}
	form := &pages.OutcomeForm{Action: command(v.Reference, "outcome"), Says: sentTo(v)}
	chosen := ""
	if tried.form == "outcome" {
		chosen, form.Note, form.Urgent = tried.sent.Get("outcome"), tried.sent.Get("note"), tried.sent.Get("practice-action")
	}
	if p := v.Staff; p != nil && p.Practice != nil && p.Practice.ODS != v.Accountable.ODS {
		form.Practice = p.Practice.Name
	}
	for _, o := range kind.Outcomes {
		form.Outcomes = append(form.Outcomes, components.Option{Value: o.Code, Text: locales.Plain(o.Title), Checked: o.Code == chosen})
	}
	return form
}

// sentTo says whose records an outcome goes to.
func sentTo(v requests.View) string {
	if v.Staff != nil && v.Staff.Held != nil {
		return "It is kept here, and sent to nobody: see above."
	}
	if v.Staff != nil && v.Staff.Practice != nil && v.Staff.Practice.ODS != v.Accountable.ODS {
		return "It goes to the records of " + v.Accountable.Name + " and of " + v.Staff.Practice.Name + "."
	}
	return "It goes to the records of " + v.Accountable.Name + "."
}

// transferForm offers the organisations that could take a request of this kind; nil when there is none.
func transferForm(k *call, v requests.View, tried attempt, problems []components.Problem) *pages.MoreForm {
	options := []components.SelectOption{{Value: "", Text: "Choose an organisation"}}
	today := nhs.DateOf(k.now.In(tenants.London()))
	sent := filled(tried, "transfer")
	for _, o := range k.directory.Organisations() {
		if string(o.ODS) == v.Accountable.ODS || !k.directory.TakesPart(o.ID, today) {
			continue
		}
		for _, d := range destinationsAt(k.directory, o, v.Kind) {
			d.Selected = sent.Get("to") == d.Value
			options = append(options, d)
		}
	}
	if len(options) == 1 {
		return nil
	}
	form := reasonForm(v, "transfer", tried, problems, pages.MoreForm{
		Summary: "Offer it to another organisation", Button: "Offer", Hint: v.Accountable.Name + " stays accountable until it is accepted. The due time does not change.",
	})
	form.Select = &components.Select{
		ID: "transfer-to", Name: "to", Label: locales.Plain("Organisation"), Options: options, Error: components.ErrorFor(problems, "transfer-to"),
	}
	return &form
}

// destinationsAt are an organisation's services that accept the kind; one without any takes it into its general queue.
func destinationsAt(d *tenants.Directory, o tenants.Organisation, kind string) []components.SelectOption {
	var options []components.SelectOption
	for s := range d.ServicesOf(o.ID) {
		if s.Paused || !accepts(s, kind) {
			continue
		}
		text := o.Name
		if !strings.Contains(o.Name, s.Name) {
			text += ": " + s.Name
		}
		options = append(options, components.SelectOption{Value: string(o.ODS) + "/" + s.Slug, Text: text})
	}
	if _, general := d.QueueOf(o.ID, tenants.QueueGeneral); general && len(options) == 0 {
		options = append(options, components.SelectOption{Value: string(o.ODS) + "/", Text: o.Name})
	}
	return options
}

func accepts(s tenants.Service, kind string) bool {
	if len(s.Kinds) == 0 {
		return true
	}
	for _, accepted := range s.Kinds {
		if accepted == kind {
			return true
		}
	}
	return false
}

func appendUrgency(more []pages.MoreForm, v requests.View, name string, tried attempt, problems []components.Problem) []pages.MoreForm {
	sent := filled(tried, name)
	var options []components.Option
	for _, u := range []policy.Urgency{policy.Routine, policy.Soon, policy.Urgent, policy.Emergency} {
		if (name == "raise") == (u.Rank() > v.Urgency.Rank()) && u != v.Urgency {
			options = append(options, components.Option{Value: string(u), Text: locales.Plain(urgencyLabel(u).Text), Checked: sent.Get("urgency") == string(u)})
		}
	}
	if len(options) == 0 {
		return more
	}
	form := pages.MoreForm{Summary: "Raise the urgency", Button: "Raise urgency", Hint: "The answer may become due earlier."}
	if name == "lower" {
		form = pages.MoreForm{Summary: "Lower the urgency", Button: "Lower urgency", Hint: "The due time stays as it is."}
	}
	form = reasonForm(v, name, tried, problems, form)
	form.Radios = &components.Choice{
		ID: name + "-urgency", Name: "urgency", Legend: locales.Plain("New urgency"), Small: true, Options: options,
		Error: components.ErrorFor(problems, name+"-urgency"),
	}
	return append(more, form)
}

// reasonForm completes a form that asks for a reason.
func reasonForm(v requests.View, name string, tried attempt, problems []components.Problem, form pages.MoreForm) pages.MoreForm {
	form.ID, form.Key, form.Action, form.Open = "form-"+name, name, command(v.Reference, name), tried.form == name
	form.Reason = components.Field{
		ID: name + "-reason", Name: "reason", Label: locales.Plain("Reason"), Rows: 2, Value: filled(tried, name).Get("reason"),
		Error: components.ErrorFor(problems, name+"-reason"),
	}
	return form
}

func filled(tried attempt, name string) url.Values {
	if tried.form != name || tried.sent == nil {
		return url.Values{}
	}
	return tried.sent
}

// refusal says why what was tried was not done: beside the fields that were wrong, or in one sentence.
func refusal(tried attempt) (changed string, problems []components.Problem) {
	e := tried.fault
	if e.Kind != fault.Invalid {
		return refusedWords(tried.form, e), nil
	}
	for _, f := range e.Fields {
		target := tried.form + "-" + strings.TrimPrefix(f.Pointer, "/")
		if tried.form == "outcome" {
			target = strings.ReplaceAll(strings.TrimPrefix(f.Pointer, "/"), "_", "-")
		}
		problems = append(problems, components.Problem{Target: target, Says: locales.Plain(f.Says)})
	}
	if len(problems) == 0 {
		problems = append(problems, components.Problem{Says: locales.Plain(e.Says)})
	}
	return "", problems
}

// refusedWords are the sentence for a command that came too late, or that this person may not give.
func refusedWords(name string, e *fault.Error) string {
	switch {
	case e.Code == "request_claimed" && name == "claim":
		winner, _ := e.Details["claimed_by"].(string)
		at, _ := e.Details["claimed_at"].(time.Time)
		return "Not claimed: " + winner + " claimed this at " + at.In(tenants.London()).Format("15:04") + "."
	case e.Code == "stale_version":
		return "Not done: this request has changed since you saw it. This is how it stands now."
	}
	return "Not done. " + e.Says
}
