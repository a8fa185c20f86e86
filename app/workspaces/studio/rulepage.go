package studio

import (
	"net/url"
	"slices"

	"onedoor/app/messages"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// rulePage is the page of a rule, its form filled in as it was sent.
func (w *Workspace) rulePage(k *call, o *opened, table string, rule policy.Rule, form url.Values, wrong []components.Problem) (pages.StudioRule, error) {
	page := pages.StudioRule{
		Studio: k.policyPage("Rule "+titled(rule.ID), o, rulesPath), Heading: titled(rule.ID), Group: titled(table), List: o.path(rulesPath), Sentence: k.sentence(rule),
		Off: rule.Disabled, Note: rule.Note, Editable: o.editable(k),
	}
	page.Wrong, page.Problems = wrong, len(wrong) > 0
	report, err := w.report(k, o.policy)
	if err != nil {
		return page, err
	}
	for _, f := range findingsOf(report, table, rule.ID) {
		page.Findings = append(page.Findings, k.finding(o, f))
	}
	page.Cases = k.caseLines(o, table+"/"+rule.ID)
	if page.Editable {
		page.Form = k.ruleForm(o, form, wrong)
		page.Form.Action, page.Form.Speak, page.Form.Submit = o.path(rulePath, table, rule.ID), o.path(sentencePath, table, rule.ID), "Save the rule"
		page.Remove, page.AddCase = o.path(rulePath+"/remove", table, rule.ID), o.path(newCasePath)
	}
	return page, nil
}

// newRulePage is the page that adds a rule to a table.
func (w *Workspace) newRulePage(k *call, o *opened, table string, form url.Values, wrong []components.Problem) (pages.StudioRule, error) {
	page := pages.StudioRule{
		Studio: k.policyPage("Add a rule", o, rulesPath), Heading: "Add a rule", Group: titled(table), List: o.path(rulesPath), New: true, Editable: true,
		Sentence: "Say where these requests go and how soon, and the rule is read out here.",
	}
	page.Wrong, page.Problems = wrong, len(wrong) > 0
	page.Form = k.ruleForm(o, form, wrong)
	page.Form.Action, page.Form.Speak, page.Form.Submit = o.path(newRulePath, table), o.path(newSentencePath, table), "Add the rule"
	page.Form.Name = &components.Field{
		ID: "rule", Name: "rule", Label: locales.Plain("Name of the rule"), Hint: locales.Plain("A few words, such as: sore throat. It cannot be changed later."),
		Value: form.Get("rule"), Error: components.ErrorFor(wrong, "rule"), Width: 20, Autocomplete: "off",
	}
	page.Form.Place = k.placeChoice(o.policy, table, form.Get("before"))
	return page, nil
}

// placeChoice asks where in its group a new rule is asked.
func (k *call) placeChoice(p *policy.Policy, table, chosen string) *pages.StudioChoice {
	choice := &pages.StudioChoice{ID: "before", Name: "before", Label: "Asked before", Hint: "The first rule that fits a request decides."}
	tables := p.Tables()
	var group pages.OptionGroup
	for i, t := range tables {
		if t.Name != table {
			continue
		}
		for j, r := range t.Rules {
			last := i == len(tables)-1 && j == len(t.Rules)-1
			group.Options = append(group.Options, pages.StudioOption{Value: r.ID, Text: titled(r.ID), Selected: chosen == r.ID || chosen == "" && last})
		}
		if i < len(tables)-1 {
			group.Options = append(group.Options, pages.StudioOption{Text: "None: it is the last of its group", Selected: chosen == ""})
		}
	}
	choice.Groups = []pages.OptionGroup{group}
	return choice
}

// ruleForm is the form of a rule, filled in as it was sent.
func (k *call) ruleForm(o *opened, form url.Values, wrong []components.Problem) *pages.StudioRuleForm {
	f := &pages.StudioRuleForm{ETag: form.Get("etag"), Print: form.Get("print")}
	for _, fact := range o.policy.Facts() {
		choice := factChoice(fact, form, wrong)
		if choice.Used {
			f.Used = append(f.Used, choice)
		} else {
			f.Others = append(f.Others, choice)
		}
		f.OthersOpen = f.OthersOpen || !choice.Used && !choice.Error.Empty()
	}
	f.To = pages.StudioChoice{ID: "to", Name: "to", Label: "Goes to", Error: components.ErrorFor(wrong, "to"), Groups: k.placeOptions(form.Get("to"), true)}
	if form.Get("to") == "" {
		f.To.Groups = append([]pages.OptionGroup{{Options: []pages.StudioOption{{Text: "Select a place", Selected: true}}}}, f.To.Groups...)
	}
	f.Nearest, f.Open, f.Off = form.Get("nearest") == "yes", form.Get("open") == "yes", form.Get("off") == "yes"
	f.Urgency = components.Choice{ID: "urgency", Name: "urgency", Legend: locales.Plain("How soon somebody must answer"), Size: "s", Small: true, Error: components.ErrorFor(wrong, "urgency")}
	for _, u := range []struct {
		urgency policy.Urgency
		hint    string
	}{
		{policy.Urgent, "By 18:30 today, or of the next working day outside core hours"},
		{policy.Soon, "By 18:30 of the next working day"},
		{policy.Routine, "By 18:30 of the next working day, after everything that is soon"},
		{policy.Emergency, "The patient is told to call 999; only to the practice’s queue safety"},
	} {
		f.Urgency.Options = append(f.Urgency.Options, components.Option{
			Value: string(u.urgency), Text: locales.Plain(urgencyLabel(u.urgency).Text), Hint: locales.Plain(u.hint), Checked: form.Get("urgency") == string(u.urgency),
		})
	}
	chosen := slices.DeleteFunc(slices.Clone(form["overflow"]), func(s string) bool { return s == "" })
	for i := range max(2, len(chosen)+1) {
		value := ""
		if i < len(chosen) {
			value = chosen[i]
		}
		choice := pages.StudioChoice{ID: "overflow", Name: "overflow", Label: "If that cannot take it, to", Error: components.ErrorFor(wrong, "overflow")}
		if i > 0 {
			choice.ID, choice.Label, choice.Error = "overflow-"+wording.Figure(i+1), "And if that cannot either, to", locales.Text{}
		}
		choice.Groups = append([]pages.OptionGroup{{Options: []pages.StudioOption{{Text: "The registered practice, as always", Selected: value == ""}}}}, k.placeOptions(value, false)...)
		f.Overflow = append(f.Overflow, choice)
	}
	f.Answer = spanField("answer", "Answered within", "Leave empty for what “how soon” says. It can only be sooner than that.", form, wrong)
	f.Care = spanField("care", "Cared for within", "Leave empty if the rule says nothing of when care itself should happen.", form, wrong)
	f.Message = messageChoice(form.Get("message"))
	f.Tags = components.Field{ID: "tags", Name: "tags", Label: locales.Plain("Tags"), Hint: locales.Plain("Words that staff see on the request, with commas between them"), Value: form.Get("tags"), Autocomplete: "off"}
	f.Drift = components.Choice{ID: "drift", Name: "drift", Legend: locales.Plain("If too many of its requests are declined or said to be in the wrong place"), Size: "s", Small: true, Options: []components.Option{
		{Value: "", Text: locales.Plain("Tell us, and go on"), Checked: form.Get("drift") == ""},
		{Value: string(policy.ToRegisteredPractice), Text: locales.Plain("Tell us, and send them to the registered practice until somebody has looked"), Checked: form.Get("drift") == string(policy.ToRegisteredPractice)},
	}}
	f.Note = components.Field{ID: "note", Name: "note", Label: locales.Plain("Note"), Hint: locales.Plain("Why the rule is there. Staff and other leads see it."), Value: form.Get("note"), Rows: 3}
	return f
}

func spanField(name, label, hint string, form url.Values, wrong []components.Problem) pages.StudioSpan {
	span := pages.StudioSpan{ID: name, Label: label, Hint: hint, Value: form.Get(name), Error: components.ErrorFor(wrong, name)}
	for _, unit := range [][2]string{{"h", "hours"}, {"m", "minutes"}, {"d", "days"}} {
		span.Units = append(span.Units, pages.StudioOption{Value: unit[0], Text: unit[1], Selected: form.Get(name+"-unit") == unit[0]})
	}
	return span
}

// messageChoice are the texts that a rule can have sent to the patient.
func messageChoice(chosen string) pages.StudioChoice {
	choice := pages.StudioChoice{ID: "message", Name: "message", Label: "What the patient is told", Hint: "Used when the request goes where this rule says."}
	group := pages.OptionGroup{Options: []pages.StudioOption{{Text: "What fits the place", Selected: chosen == ""}}}
	known := chosen == ""
	for _, m := range []struct{ code, says string }{
		{messages.PracticeQueue, "The practice has it and will answer"},
		{messages.PharmacyOffer, "The practice checks it and sends it to the pharmacy"},
		{messages.ServiceOffer, "The practice checks it and sends it to the service"},
		{messages.DeskQueue, "The neighbourhood’s desk makes sure that somebody answers"},
		{messages.PracticeUrgent, "The practice deals with it; when to call 111 or 999"},
		{messages.CallPractice, "Call the practice now"},
		{messages.WillRefer, "The practice arranges it with the place that was chosen"},
		{messages.OutOfHours, "If it cannot wait, 111"},
		{messages.Emergency, "Call 999 now"},
	} {
		known = known || m.code == chosen
		group.Options = append(group.Options, pages.StudioOption{Value: m.code, Text: m.says, Selected: m.code == chosen})
	}
	if !known {
		group.Options = append(group.Options, pages.StudioOption{Value: chosen, Text: upper(spoken(chosen)), Selected: true})
	}
	choice.Groups = []pages.OptionGroup{group}
	return choice
}

// factChoice asks what one fact may be.
func factChoice(f policy.Fact, form url.Values, wrong []components.Problem) pages.StudioFact {
	c := pages.StudioFact{ID: "when-" + f.Name, Fact: f.Name, Text: factTitle(f.Name), Mode: form.Get("when." + f.Name), Error: components.ErrorFor(wrong, "when-"+f.Name)}
	if f.Numeric() {
		c.Number = true
		c.From, c.Until = form.Get("from."+f.Name), form.Get("until."+f.Name)
		c.FromError, c.UntilError = components.ErrorFor(wrong, "from-"+f.Name), components.ErrorFor(wrong, "until-"+f.Name)
		c.OrUnknown = form.Get("or-unknown."+f.Name) == "yes"
		if c.AsIs = form.Get("as-is." + f.Name); c.AsIs != "" {
			if cell, err := policy.ParseCell(f, c.AsIs); err == nil {
				c.AsIsWords = upper(cell.Words())
			}
		}
		c.Hint = "A whole number from " + wording.Figure(f.Min) + " to " + wording.Figure(f.Max)
		c.Used = c.Mode != modeAny && c.Mode != "" || c.From != "" || c.Until != ""
		return c
	}
	ticked := form["value."+f.Name]
	for _, v := range f.Values {
		c.Values = append(c.Values, pages.StudioOption{Value: v, Text: titled(v), Selected: slices.Contains(ticked, v)})
	}
	c.Values = append(c.Values, pages.StudioOption{Value: notKnown, Text: "Not known", Selected: slices.Contains(ticked, notKnown)})
	c.Used = len(ticked) > 0 || c.Mode == modeNot
	return c
}
