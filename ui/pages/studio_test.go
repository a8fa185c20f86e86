package pages_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
	"onedoor/ui/static"
)

// studioPages are the pages on which rules are changed, with what must not be taken for markup.
func studioPages() map[string]templ.Component {
	plain := locales.Plain
	amber, draft := pages.Label{Text: "Needs a reason", Colour: "orange"}, pages.Label{Text: "Draft", Colour: "yellow"}
	frame := pages.Studio{
		Page: components.Page{
			Title: plain("Rules – Draft winter"), Service: "Onedoor studio", Home: "/studio", Nonce: "sample", Development: true,
			Staff: &components.Staff{Person: "Neil Hart", Organisation: "Riverside", SignOut: "/sign-out", Navigation: []components.NavigationItem{{Text: "Overview", Href: "/studio"}}},
		},
		Policy: &pages.StudioPolicy{
			Name: "Draft winter", State: draft, Says: "Changed by you at 10:00 today",
			Tabs: []components.NavigationItem{{Text: "Rules", Href: "/studio/policies/winter/rules", Current: true}, {Text: "Cases", Href: "/studio/policies/winter/cases"}},
		},
	}
	finding := pages.StudioFinding{
		Key: "k", Kind: "Lets through what is not known", Severity: amber, Says: "Rule sore throat takes people of an <b>unknown</b> age.", Example: "For example: symptoms, sore throat.",
		Weight: "It would have met 12 requests in the last month.", Rule: "Sore throat", Href: "/studio/policies/winter/rules/first/sore-throat", Case: "/studio/policies/winter/new-case?fact.kind=symptoms",
	}
	line := pages.StudioRuleLine{
		ID: "first--sore-throat", Position: 1, Name: "Sore throat", Href: finding.Href, Sentence: "When condition is sore throat, send to the pharmacy that the patient chose, soon.", Goes: "the pharmacy that the patient chose",
		Urgency: pages.Label{Text: "Soon", Colour: "blue"}, Cells: map[string]string{"age": "5 or over"}, Note: "A <note>.", Findings: []pages.StudioFinding{finding}, Cases: "4 cases", CasesFail: 1,
		Down: "/down", Switch: "/off", Remove: "/remove",
	}
	off := line
	off.ID, off.Position, off.Name, off.Off, off.Up, off.Down, off.Switch, off.Findings, off.Cells, off.CasesFail = "first--rest", 2, "Rest", true, "/up", "", "/on", nil, nil, 0
	list := pages.StudioRules{
		Studio: frame, Path: "/studio/policies/winter/rules", Editable: true, ETag: `"1-abc"`, Count: 2, Findings: 1, Whole: []pages.StudioFinding{{Severity: pages.Label{Text: "Good to know", Colour: "grey"}, Says: "Only the last rule takes it."}},
		Groups: []pages.StudioRuleGroup{{ID: "first", Name: "First", Says: "Asked first.", Columns: []pages.StudioColumn{{Fact: "age", Text: "Age in years"}}, Rules: []pages.StudioRuleLine{line, off}, Add: "/add"}},
	}
	table := list
	table.AsTable = true
	looked := list
	looked.Editable = false

	wrong := []components.Problem{{Target: "from-age", Says: plain("Age in years must be a whole number from 0 to 130")}}
	form := pages.StudioRuleForm{
		Action: "/save", Speak: "/sentence", Submit: "Save the rule", ETag: `"1-abc"`, Print: "p",
		Used: []pages.StudioFact{
			{ID: "when-age", Fact: "age", Text: "Age in years", Hint: "A whole number from 0 to 130", Number: true, Mode: "range", From: "<5>", FromError: wrong[0].Says, AsIs: "< 5, > 64", AsIsWords: "Under 5 or over 64"},
			{ID: "when-condition", Fact: "condition", Text: "Condition", Mode: "these", Values: []pages.StudioOption{{Value: "sore-throat", Text: "Sore throat", Selected: true}, {Value: "unknown", Text: "Not known"}}},
		},
		Others:   []pages.StudioFact{{ID: "when-sex", Fact: "sex", Text: "Sex", Mode: "these", Values: []pages.StudioOption{{Value: "female", Text: "Female"}}}},
		To:       pages.StudioChoice{ID: "to", Name: "to", Label: "Goes to", Groups: []pages.OptionGroup{{Text: "A pharmacy", Options: []pages.StudioOption{{Value: "chosen-pharmacy", Text: "The pharmacy that the patient chose", Selected: true}}}}},
		Nearest:  true,
		Urgency:  components.Choice{ID: "urgency", Name: "urgency", Legend: plain("How soon somebody must answer"), Size: "s", Small: true, Options: []components.Option{{Value: "soon", Text: plain("Soon"), Checked: true}}},
		Overflow: []pages.StudioChoice{{ID: "overflow", Name: "overflow", Label: "If that cannot take it, to", Groups: []pages.OptionGroup{{Options: []pages.StudioOption{{Text: "The registered practice, as always"}}}}}},
		Answer:   pages.StudioSpan{ID: "answer", Label: "Answered within", Hint: "Leave empty.", Value: "4", Units: []pages.StudioOption{{Value: "h", Text: "hours", Selected: true}}},
		Care:     pages.StudioSpan{ID: "care", Label: "Cared for within", Hint: "Leave empty.", Error: plain("Enter a whole number"), Units: []pages.StudioOption{{Value: "h", Text: "hours"}}},
		Message:  pages.StudioChoice{ID: "message", Name: "message", Label: "What the patient is told"},
		Tags:     components.Field{ID: "tags", Name: "tags", Label: plain("Tags")}, Note: components.Field{ID: "note", Name: "note", Label: plain("Note"), Value: "</textarea><b>"},
		Drift: components.Choice{ID: "drift", Name: "drift", Legend: plain("If it goes wrong"), Options: []components.Option{{Text: plain("Tell us"), Checked: true}}},
	}
	rule := pages.StudioRule{
		Studio: frame, Heading: "Sore throat", Group: "First", List: list.Path, Sentence: line.Sentence, Note: "A note.", Findings: line.Findings, Editable: true, Form: &form, Remove: "/remove", AddCase: "/new-case",
		Cases: []pages.StudioCase{{Name: "a man of 30 goes", Given: "Symptoms, age 30", Expect: "The pharmacy", Fails: "It goes to the practice.", Href: "/case?name=a"}},
	}
	refused := rule
	refused.Wrong, refused.Problems = wrong, true
	met := rule
	met.Meanwhile = &pages.StudioMeanwhile{
		Who: "Ruth Adams", By: "Ruth Adams", When: "10:03 today", Changes: []string{"Rule “sore throat” was changed."}, Touched: true, TheirText: []string{"Hers."}, MyText: []string{"Mine."}, Theirs: finding.Href,
	}
	return map[string]templ.Component{
		"rules": pages.StudioRulesPage(list), "rules-table": pages.StudioRulesPage(table), "rules-looked-at": pages.StudioRulesPage(looked), "rules-parts": pages.StudioRulesParts(list),
		"rule": pages.StudioRulePage(rule), "rule-refused": pages.StudioRulePage(refused), "rule-meanwhile": pages.StudioRulePage(met),
		"findings": pages.StudioFindingsPage(pages.StudioFindings{Studio: frame, Groups: []pages.StudioFindingGroup{{ID: "warnings", Label: amber, Says: "Write down why.", Findings: []pages.StudioFinding{finding}}}}),
		"cases":    pages.StudioCasesPage(pages.StudioCases{Studio: frame, Failing: 1, Editable: true, Add: "/new-case", Cases: rule.Cases}),
		"confirm":  pages.StudioConfirmPage(pages.StudioConfirm{Studio: frame, Heading: "Remove it?", Says: []string{"<It> goes."}, Action: "/remove", Button: "Remove", Keep: "/keep", ETag: `"1-abc"`}),
	}
}

func TestTheStudioIsAsItWasLookedAt(t *testing.T) {
	t.Parallel()
	for name, page := range studioPages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := page.Render(locales.With(context.Background(), locales.English), &b); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(b.String(), static.Path(""), static.Root)
			got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
			for _, markup := range []string{"<b>", "<note>", "<It>", "<5>"} {
				if strings.Contains(got, markup) {
					t.Errorf("%s was taken for markup", markup)
				}
			}
			golden := filepath.Join("testdata", "studio-"+name+".html")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != got {
				t.Errorf("%s differs; look at it, then run with -update (%v)", golden, err)
			}
		})
	}
}
