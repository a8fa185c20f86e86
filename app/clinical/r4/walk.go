package r4

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Elements of R4 with a choice of types, in the resources here and in what is inside them.
var choiceNames = strings.Fields(`value author content deceased multipleBirth effective onset abatement occurrence occurred timing medication
	reported event asNeeded performed product scheduled target source subject dose rate start due allowed used diagnosis amount answer
	born age defaultValue fixed pattern minValue maxValue example`)

// Types that a choice may end with.
var choiceTypes = strings.Fields(`Base64Binary Boolean Canonical Code Date DateTime Decimal Id Instant Integer Markdown Oid PositiveInt String
	Time UnsignedInt Uri Url Uuid Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration HumanName
	Identifier Money Period Quantity Range Ratio Reference SampledData Signature Timing ContactDetail Contributor DataRequirement
	Expression ParameterDefinition RelatedArtifact TriggerDefinition UsageContext Dosage Meta`)

// Faults are what FHIR forbids everywhere and validators overlook: two values of one choice element, an input, output or
// extension without what it must have, a null, and anything empty. Each says where.
func Faults(raw []byte) []string {
	var x any
	if err := json.Unmarshal(raw, &x); err != nil {
		return []string{"this is not JSON"}
	}
	var faults []string
	walk("", "", x, &faults)
	slices.Sort(faults)
	return faults
}

func walk(where, element string, x any, faults *[]string) {
	say := func(words string) { *faults = append(*faults, strings.TrimPrefix(where, ".")+" "+words) }
	switch x := x.(type) {
	case nil:
		say("is null")
	case string:
		if strings.TrimSpace(x) == "" {
			say("is empty")
		}
	case []any:
		if len(x) == 0 {
			say("is empty")
		}
		for i, inner := range x {
			walk(fmt.Sprintf("%s[%d]", where, i), element, inner, faults)
		}
	case map[string]any:
		if len(x) == 0 {
			say("is empty")
		}
		count := chosenIn(x)
		for choice, n := range count {
			if n > 1 {
				say("has more than one " + choice + "[x]")
			}
		}
		_, extended := x["extension"]
		switch {
		case (element == "input" || element == "output") && count["value"] != 1:
			say("has no value[x]")
		case element == "extension" && (count["value"] == 1) == extended:
			say("has neither value[x] nor extensions, or both")
		}
		for name, inner := range x {
			walk(where+"."+name, name, inner, faults)
		}
	}
}

// chosenIn counts the values of each choice element of an object.
func chosenIn(x map[string]any) map[string]int {
	count := map[string]int{}
	for name := range x {
		for _, choice := range choiceNames {
			if kind, ok := strings.CutPrefix(name, choice); ok && slices.Contains(choiceTypes, kind) {
				count[choice]++
			}
		}
	}
	return count
}
