package analysis

import (
	"context"
	"slices"
	"strings"
	"testing"

	"onedoor/policy"
)

func TestWhatTheBudgetLeavesOpenIsSaidToBeUndecided(t *testing.T) {
	t.Parallel()
	p := read(t, large(1000, ""))
	report := analyse(t, p, Options{Budget: 2000})
	list := found(report, Undecided)
	if len(list) == 0 {
		t.Fatal("nothing is undecided within two thousand steps")
	}
	for _, f := range list {
		if f.Severity != Warning || !strings.Contains(f.Says, "treat this as not checked") {
			t.Errorf("%+v", f)
		}
	}
	if full := found(analyse(t, p, Options{}), Undecided); len(full) > 0 {
		t.Error("undecided with the usual budget:", full[0].Says)
	}
	again, err := report.Recheck(t.Context(), read(t, large(1000, `, registration: '"here"'`)), RuleRef{"all", "r500"}, Options{Budget: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if want := analyse(t, read(t, large(1000, `, registration: '"here"'`)), Options{Budget: 2000}); asJSON(t, want) != asJSON(t, again) {
		t.Error("a recheck spends the budget otherwise than a check")
	}
	if _, complete, err := Difference(t.Context(), p, read(t, large(900, "")), Options{Budget: 100}); complete || err != nil {
		t.Error("a difference that the budget ended is said to be complete", err)
	}
}

func TestAnAnalysisEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	p := read(t, large(100, ""))
	if _, err := Check(ctx, p, Options{}); err == nil {
		t.Error("it checks although nobody waits")
	}
	if _, _, err := Difference(ctx, p, p, Options{}); err == nil {
		t.Error("it compares although nobody waits")
	}
}

func TestNoRuleWeakensTheSafetyStage(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]struct {
		severity Severity
		says     string
	}{
		`red-flag: '"emergency"'`:         {Error, "Rule it can never be reached: whatever has such an answer for red flag is decided by the platform's safety stage before any rule of the neighbourhood."},
		`red-flag: '"none", "urgent"'`:    {Error, "Rule it asks for answers of red flag that the platform's safety stage makes more urgent than soon: it never takes them, and must not ask for them."},
		`recording: 'unknown, "unheard"'`: {Error, "Rule it asks for answers of recording that the platform's safety stage makes more urgent than soon: it never takes them, and must not ask for them."},
		`red-flag: '"none"'`:              {},
		`recording: '"heard"'`:            {},
		`kind: '"symptoms"'`:              {},
	} {
		list := found(analyse(t, routes(t, when, "to: registered-practice, urgency: soon"), Options{}), Safety)
		switch {
		case want.says == "":
			if len(list) > 0 {
				t.Errorf("%s: %s", when, list[0].Says)
			}
		case !slices.ContainsFunc(list, func(f Finding) bool {
			return f.Says == want.says && f.Severity == want.severity && f.Key == "safety|main|it"
		}):
			t.Errorf("%s: %+v", when, list)
		}
	}
}

func TestAStageThatRaisesWhatItLetsThroughIsNotWeakened(t *testing.T) {
	t.Parallel()
	stage, err := policy.ParseSafety([]byte(`
policy: safety
facts: { red-flag: [none, urgent], free-text: [clear], recording: [none] }
tables:
  - name: safety
    rules:
      - { id: raised, when: { red-flag: '"urgent"' }, then: { to: routing, urgency: urgent } }
      - { id: clear, when: { red-flag: '"none"' }, then: { to: routing } }
      - { id: in-doubt, then: { to: registered-practice, urgency: urgent } }
`))
	if err != nil {
		t.Fatal(err)
	}
	report, err := check(t.Context(), stage, routes(t, `kind: '"symptoms"'`, "to: registered-practice, urgency: soon"), Options{}, memory{})
	if err != nil {
		t.Fatal(err)
	}
	list := found(report, Safety)
	if len(list) == 0 || list[0].Says != "Rule it gives soon where the platform's safety stage makes a request more urgent: the stage wins." {
		t.Errorf("%+v", list)
	}
}
