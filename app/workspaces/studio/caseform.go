package studio

import (
	"net/url"

	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// caseForm is the form of a case, filled in as it was sent. Was is the case's name so far; empty for a new one.
func (k *call) caseForm(o *opened, was string, form url.Values, wrong []components.Problem) pages.StudioCaseForm {
	title, path := "Add a case", newCasePath
	if was != "" {
		title, path = "Change a case", casePath
	}
	f := pages.StudioCaseForm{
		Studio: k.policyPage(title, o, casesPath), Heading: title, Action: o.path(path), Was: was, ETag: form.Get("etag"), Back: o.path(casesPath),
		Name: components.Field{
			ID: "case", Name: "case", Label: locales.Plain("Name"), Hint: locales.Plain("Say who goes where, such as: a child of 4 with a sore throat stays with the practice"),
			Value: form.Get("case"), Error: components.ErrorFor(wrong, "case"), Class: "nhsuk-u-width-two-thirds", Autocomplete: "off",
		},
		To: pages.StudioChoice{ID: "to", Name: "to", Label: "Goes to", Error: components.ErrorFor(wrong, "to"), Groups: append([]pages.OptionGroup{{Options: []pages.StudioOption{{Text: "Anywhere", Selected: form.Get("to") == ""}}}}, k.placeOptions(form.Get("to"), true)...)},
	}
	f.Wrong, f.Problems = wrong, len(wrong) > 0
	f.Urgency = pages.StudioChoice{ID: "urgency", Name: "urgency", Label: "How soon", Groups: []pages.OptionGroup{{Options: []pages.StudioOption{{Text: "Any"}}}}}
	for _, u := range []policy.Urgency{policy.Emergency, policy.Urgent, policy.Soon, policy.Routine} {
		f.Urgency.Groups[0].Options = append(f.Urgency.Groups[0].Options, pages.StudioOption{Value: string(u), Text: urgencyLabel(u).Text, Selected: form.Get("urgency") == string(u)})
	}
	f.Rule = pages.StudioChoice{ID: "rule", Name: "rule", Label: "By the rule", Groups: []pages.OptionGroup{{Options: []pages.StudioOption{{Text: "Any rule"}}}}}
	for _, t := range o.policy.Tables() {
		group := pages.OptionGroup{Text: titled(t.Name)}
		for _, r := range t.Rules {
			group.Options = append(group.Options, pages.StudioOption{Value: r.ID, Text: titled(r.ID), Selected: form.Get("rule") == r.ID})
		}
		f.Rule.Groups = append(f.Rule.Groups, group)
	}
	for _, fact := range o.policy.Facts() {
		f.Facts = append(f.Facts, caseFact(fact, form, wrong))
	}
	return f
}

func caseFact(fact policy.Fact, form url.Values, wrong []components.Problem) pages.StudioChoice {
	id, value := "fact-"+fact.Name, form.Get("fact."+fact.Name)
	choice := pages.StudioChoice{ID: id, Name: "fact." + fact.Name, Label: factTitle(fact.Name), Error: components.ErrorFor(wrong, id)}
	if fact.Numeric() {
		choice.Typed, choice.Value = true, value
		if value == "unknown" {
			choice.Value = ""
		}
		return choice
	}
	group := pages.OptionGroup{Options: []pages.StudioOption{{Text: "Not known", Selected: value == "" || value == "unknown"}}}
	for _, v := range fact.Values {
		group.Options = append(group.Options, pages.StudioOption{Value: v, Text: titled(v), Selected: v == value})
	}
	choice.Groups = []pages.OptionGroup{group}
	return choice
}
