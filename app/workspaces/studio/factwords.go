package studio

import (
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/ui/pages"
)

type nhsDate = nhs.Date

// factTitle is what a fact is called at the head of a column or a group of choices.
func factTitle(name string) string {
	switch name {
	case "kind":
		return "What they ask for"
	case "age":
		return "Age in years"
	case "age-months":
		return "Age in months"
	case "registration":
		return "Where registered"
	case "own-practice-only":
		return "Only own practice may see it"
	case "core-hours":
		return "In core hours"
	case "red-flag":
		return "Red flags"
	case "free-text":
		return "What they wrote"
	case "recording":
		return "What they recorded"
	case "recurrent":
		return "Keeps coming back"
	case "chronic":
		return "Longer than 12 weeks"
	case "bullous":
		return "Blisters"
	case "immunosuppressed":
		return "Weak immune system"
	}
	return titled(name)
}

// valueWords are a value where it is not said beside its fact: sore throat, age 4, not pregnant.
func valueWords(f policy.Fact, v policy.Value) string {
	switch {
	case !v.Known():
		return spoken(f.Name) + " not known"
	case f.Numeric():
		return spoken(f.Name) + " " + v.String()
	}
	if said, ok := map[string]string{
		"core-hours yes": "in core hours", "core-hours no": "outside core hours", "bank-holiday yes": "on a bank holiday", "bank-holiday no": "not on a bank holiday",
		"own-practice-only yes": "only the own practice may see it", "own-practice-only no": "others may see it", "recurrent yes": "keeps coming back", "recurrent no": "does not keep coming back",
		"bullous yes": "with blisters", "bullous no": "without blisters", "immunosuppressed yes": "a weak immune system", "immunosuppressed no": "no weak immune system",
		"chronic yes": "longer than 12 weeks", "chronic no": "not longer than 12 weeks", "catheter yes": "with a catheter", "catheter no": "without a catheter",
		"registration here": "registered here", "registration elsewhere": "registered elsewhere", "registration temporary": "registered for a time", "registration none": "registered nowhere",
		"pregnant not-applicable": "pregnancy not asked", "condition other": "another condition", "sex other": "another sex", "condition uti": "UTI",
	}[f.Name+" "+v.String()]; ok {
		return said
	}
	switch v.String() {
	case "yes":
		return spoken(f.Name)
	case "no":
		return "not " + spoken(f.Name)
	case "not-applicable", "none", "other", "clear", "emergency", "urgent":
		return spoken(f.Name) + ": " + spoken(v.String())
	}
	return spoken(v.String())
}

func severityLabel(s analysis.Severity) pages.Label {
	switch s {
	case analysis.Error:
		return pages.Label{Text: "Must be put right", Colour: "red"}
	case analysis.Warning:
		return pages.Label{Text: "Needs a reason", Colour: "orange"}
	case analysis.Note:
	}
	return pages.Label{Text: "Good to know", Colour: "grey"}
}

func kindTitle(k analysis.Kind) string {
	switch k {
	case analysis.Gap:
		return "No rule names this"
	case analysis.Shadow:
		return "Never used"
	case analysis.Overlap:
		return "Two rules, two answers"
	case analysis.DeadEnd:
		return "Nobody there"
	case analysis.Loop:
		return "Goes in a circle"
	case analysis.Unknown:
		return "Lets through what is not known"
	case analysis.Monotone:
		return "Worse, and less urgent"
	case analysis.OneMissing:
		return "Depends on one organisation"
	case analysis.Destination:
		return "Goes to a place that is not there"
	case analysis.Safety:
		return "Against the safety rules"
	case analysis.Undecided:
		return "Could not be decided"
	}
	return titled(string(k))
}
