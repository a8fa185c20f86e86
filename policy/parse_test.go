package policy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/policytest"
)

const small = `policy: small
facts:
  kind: [symptoms, admin]
  age: 0..130
tables:
  - name: pharmacy
    hit: first
    rules:
      - id: adults
        when: { kind: '"symptoms"', age: '>= 18' }
        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, overflow: registered-practice/queue:clinical }
        note: adults only
  - name: everything-else
    rules:
      - id: catch-all
        when: {}
        then: { to: registered-practice, urgency: routine }
cases:
  - name: an adult
    given: { kind: symptoms, age: 30 }
    expect: { to: chosen-pharmacy }
`

func TestParse(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	if p.Name() != "small" || len(p.Hash()) != 64 || string(p.Document()) != small || len(p.Cases()) != 1 {
		t.Errorf("%s %s %d", p.Name(), p.Hash(), len(p.Cases()))
	}
	if failures := p.RunCases(nhs.Date{Year: 2026, Month: 1, Day: 1}); len(failures) != 0 {
		t.Error(failures)
	}
	rule, _ := p.Rule("pharmacy", "adults")
	want := "When kind is symptoms and age is 18 or over, send to the pharmacy that the patient chose for pharmacy first, as soon; " +
		"if that cannot take it, to the registered practice, queue clinical."
	if rule.Sentence() != want {
		t.Error(rule.Sentence())
	}
	last, _ := p.Rule("everything-else", "catch-all")
	if last.Sentence() != "Always send to the registered practice, as routine." {
		t.Error(last.Sentence())
	}
}

func TestTheHashIsOfTheMeaning(t *testing.T) {
	t.Parallel()
	first := parse(t, small).Hash()
	for what, document := range map[string]string{
		"a comment":           "# hello\n" + small,
		"spaces in a cell":    strings.Replace(small, `'>= 18'`, `'>=18'`, 1),
		"what is the default": strings.Replace(small, "    hit: first\n", "", 1),
		"another style":       strings.Replace(small, "kind: [symptoms, admin]", "kind:\n    - symptoms\n    - admin", 1),
		"a fact of anything":  strings.Replace(small, "when: {}", "when: { age: '-' }", 1),
	} {
		if parse(t, document).Hash() != first {
			t.Errorf("%s changed the hash", what)
		}
	}
	for what, document := range map[string]string{
		"a boundary": strings.Replace(small, `'>= 18'`, `'>= 19'`, 1),
		"a note":     strings.Replace(small, "adults only", "only adults", 1),
		"a value":    strings.Replace(small, "[symptoms, admin]", "[symptoms, admin, callback]", 1),
		"an urgency": strings.Replace(small, "urgency: routine", "urgency: soon", 1),
		"a case":     strings.Replace(small, "age: 30", "age: 31", 1),
		"the name":   strings.Replace(small, "policy: small", "policy: smaller", 1),
		"a day":      strings.Replace(small, "    hit: first", "    from: 2026-01-01", 1),
	} {
		if parse(t, document).Hash() == first {
			t.Errorf("%s left the hash as it was", what)
		}
	}
}

func TestDocumentsThatAreRefusedSayWhere(t *testing.T) {
	t.Parallel()
	swap := func(from, to string) string {
		if !strings.Contains(small, from) {
			t.Fatalf("the test's document holds no %q", from)
		}
		return strings.Replace(small, from, to, 1)
	}
	for name, c := range map[string]struct{ document, code, says string }{
		"nothing":           {"", "policy_yaml", "The policy is empty."},
		"only a comment":    {"# nothing", "policy_yaml", "The policy is empty."},
		"not YAML":          {"policy: [", "policy_yaml", "The policy is not YAML"},
		"not UTF-8":         {"policy: \xff", "policy_yaml", "not UTF-8"},
		"a list":            {"- policy", "policy_shape", "expected a policy, as keys and values"},
		"a bomb":            {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "policy_yaml", "anchors and aliases"},
		"a merge":           {"policy: x\n<<: {tables: []}", "policy_yaml", "the tag \"!!merge\""},
		"a tag":             {"policy: !secret x", "policy_yaml", "the tag \"!secret\""},
		"two documents":     {small + "---\npolicy: b\n", "policy_yaml", "found a second one"},
		"too large":         {small + "# " + strings.Repeat("x", 4<<20), "policy_too_large", "4 MiB"},
		"an unknown key":    {swap("cases:", "tests:"), "policy_key", `the key "tests" is not known here: expected policy, facts, tables or cases`},
		"a key twice":       {swap("  age: 0..130", "  age: 0..130\n  age: 0..99"), "policy_duplicate_key", `the key "age" stands here twice`},
		"no name":           {swap("policy: small\n", ""), "policy_name", "expected the policy's name"},
		"a reserved fact":   {swap("  age: 0..130", "  age: 0..130\n  chosen-pharmacy: [a]"), "policy_fact", `column "chosen-pharmacy": this name points at`},
		"a safety fact":     {swap("  age: 0..130", "  age: 0..130\n  red-flag: [none]"), "policy_safety", `column "red-flag": this fact belongs to the platform's safety stage`},
		"a derived fact":    {swap("  age: 0..130", "  age: 0..130\n  core-hours: [open, shut]"), "policy_fact", `column "core-hours": this fact is worked out from the moment: expected its values to be [yes, no]`},
		"unknown as value":  {swap("[symptoms, admin]", "[symptoms, unknown]"), "policy_fact", "unknown is always a value"},
		"a value twice":     {swap("[symptoms, admin]", "[symptoms, symptoms]"), "policy_fact", `the value "symptoms" stands here twice`},
		"an empty fact":     {swap("[symptoms, admin]", "[]"), "policy_fact", `column "kind": expected 1 to 2000 values`},
		"a broken range":    {swap("0..130", "0-130"), "policy_fact", `column "age": expected a list of values or a range of whole numbers such as 0..130, found "0-130"`},
		"a range backwards": {swap("0..130", "130..0"), "policy_fact", "expected the lower number first"},
		"a huge range":      {swap("0..130", "0..99999999"), "policy_fact", "1000000 numbers at most"},
		"a broken cell":     {swap(`'>= 18'`, `'>= adult'`), "policy_cell", `Line 10, table "pharmacy", rule "adults", column "age": expected a whole number from 0 to 130 at character 4, found "adult".`},
		"an unknown fact":   {swap(`age: '>= 18'`, `shoe: '>= 18'`), "policy_fact", `Line 10, table "pharmacy", rule "adults", column "shoe": this fact is not declared`},
		"a reference cell":  {swap(`age: '>= 18'`, `chosen-pharmacy: '"FAA01"'`), "policy_fact", `column "chosen-pharmacy": this points at an organisation`},
		"a cell of lists":   {swap(`age: '>= 18'`, `age: [18]`), "policy_shape", `column "age": expected a test in quotes`},
		"ids twice":         {swap("      - id: adults", "      - { id: adults, then: { to: desk, urgency: soon } }\n      - id: adults"), "policy_duplicate", `table "pharmacy", rule "adults": two rules of this table have this id`},
		"tables twice":      {swap("name: everything-else", "name: pharmacy"), "policy_duplicate", "two tables have this name"},
		"no id":             {swap("id: adults", "note: adults"), "policy_duplicate_key", "stands here twice"},
		"no rules":          {swap("tables:", "tables:\n  - { name: bare, rules: [] }"), "policy_table", `table "bare": the table is empty`},
		"no tables":         {"policy: x\ntables: []", "policy_table", "the policy has no tables"},
		"collect":           {swap("hit: first", "hit: collect"), "policy_hit", `table "pharmacy": collect gives several outcomes, for a table that is evaluated by itself (onedoor policy dmn), and a request goes one way: expected hit: first, unique, any or priority, found collect`},
		"a made-up hit":     {swap("hit: first", "hit: best"), "policy_hit", `expected hit: first, unique, any or priority, found "best"`},
		"no catch-all":      {swap("when: {}", `when: { kind: '"admin"' }`), "policy_catch_all", `Table "everything-else", rule "catch-all": the last rule must take everything`},
		"a wandering end":   {swap("to: registered-practice, urgency: routine", "to: service:physiotherapy, urgency: routine"), "policy_catch_all", "must end where anything is taken"},
		"an end that ends":  {swap("  - name: everything-else", "  - name: everything-else\n    until: 2027-01-01"), "policy_catch_all", "expected no from or until"},
		"days backwards":    {swap("hit: first", "from: 2027-01-01\n    until: 2026-01-01"), "policy_date", "the table ends on 2026-01-01 before it begins on 2027-01-01"},
		"a day that is not": {swap("hit: first", "from: 2026-02-30"), "policy_date", `expected a real date such as 2026-12-31, found "2026-02-30"`},
		"nowhere":           {swap("to: chosen-pharmacy, ", ""), "policy_destination", "the rule sends nowhere"},
		"a made-up place":   {swap("to: chosen-pharmacy", "to: moon"), "policy_destination", `table "pharmacy", rule "adults": "moon" is no destination: expected registered-practice`},
		"a queue there":     {swap("to: chosen-pharmacy", "to: chosen-pharmacy/queue:x"), "policy_destination", "cannot name a queue"},
		"a broken queue":    {swap("/queue:clinical", "/clinical"), "policy_destination", "expected queue: and a queue's short name"},
		"a service nowhere": {swap("service: pharmacy-first", "service: Pharmacy First"), "policy_rule", "expected a service's short name"},
		"a dangling slug":   {swap("to: chosen-pharmacy, service: pharmacy-first", "to: 'service:'"), "policy_destination", "expected a short name after service:"},
		"a broken code":     {swap("to: chosen-pharmacy", "to: 'organisation:?'"), "policy_destination", "expected an ODS code"},
		"a service twice":   {swap("to: chosen-pharmacy", "to: 'service:x'"), "policy_destination", "takes no service"},
		"on to routing":     {swap("to: chosen-pharmacy, service: pharmacy-first", "to: routing"), "policy_destination", "only the platform's safety stage goes on to routing"},
		"an overflow loop":  {swap("overflow: registered-practice/queue:clinical", "overflow: [registered-practice, chosen-pharmacy]"), "policy_overflow", `rule "adults": the overflow leads back to chosen-pharmacy`},
		"no urgency":        {swap(", urgency: routine", ""), "policy_urgency", "the rule has no urgency"},
		"a made-up urgency": {swap("urgency: routine", "urgency: asap"), "policy_urgency", `"asap" is no urgency: expected urgent, soon or routine`},
		"a loose emergency": {swap("urgency: routine", "urgency: emergency"), "policy_urgency", "expected to: registered-practice/queue:safety"},
		"a made-up time":    {swap("urgency: routine", "urgency: routine, care_within: soonish"), "policy_time", "expected a length of time such as 15m, 4h or 2d"},
		"a case's fact":     {swap("age: 30", "shoe: 30"), "policy_fact", `case "an adult", column "shoe": this fact is not declared`},
		"a case's value":    {swap("age: 30", "age: 300"), "policy_case", `case "an adult", column "age": "300" is not a value of this fact`},
		"a case of nothing": {swap("expect: { to: chosen-pharmacy }", "expect: {}"), "policy_case", "expected a name, given: with facts, and expect:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(c.document))
			if !fault.Is(err, c.code) || !strings.Contains(fault.As(err).Says, c.says) {
				t.Errorf("want %s: %s\n got %v", c.code, c.says, err)
			}
		})
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer(`'>= 18'`, `'>= adult'`, "urgency: routine", "urgency: asap", "age: 30", "age: 300").Replace(small)
	_, err := policy.Parse([]byte(broken))
	refusal := fault.As(err)
	if len(refusal.Fields) != 3 || !strings.HasSuffix(refusal.Says, "There are 2 more problems.") {
		t.Fatalf("%v %v", refusal.Says, refusal.Fields)
	}
	if pointer := refusal.Fields[0].Pointer; pointer != "/tables/0/rules/0/when/age" {
		t.Errorf("points at %s", pointer)
	}
	if refusal.Details["rule"] != "adults" || refusal.Details["table"] != "pharmacy" || refusal.Details["column"] != "age" || refusal.Details["line"] != 10 {
		t.Errorf("%v", refusal.Details)
	}
}

func TestTooManyRulesAreRefused(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("policy: many\ntables:\n  - name: crowded\n    rules:\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "      - {id: r%d}\n", i)
	}
	_, err := policy.Parse([]byte(b.String()))
	if !fault.Is(err, "policy_rules") || !strings.Contains(err.Error(), `table "crowded": a policy may hold 20000 rules at most, and with this table there are 100000`) {
		t.Error(err)
	}
	if refusal := fault.As(err); len(refusal.Fields) != 1 {
		t.Errorf("it is told %d problems: %v", len(refusal.Fields), refusal.Says)
	}
}

func TestAFailingCaseSaysWhatDecided(t *testing.T) {
	t.Parallel()
	p := parse(t, strings.Replace(small, "age: 30", "age: 17", 1))
	failures := p.RunCases(nhs.Date{Year: 2026, Month: 1, Day: 1})
	if len(failures) != 1 || failures[0].Rule != "catch-all" || failures[0].Says != "It was expected to go to chosen-pharmacy and goes to registered-practice." {
		t.Errorf("%+v", failures)
	}
}

func TestTheSafetyStagesOwnCasesPass(t *testing.T) {
	t.Parallel()
	for _, failure := range policy.Safety().RunCases(nhs.Date{Year: 2026, Month: 1, Day: 1}) {
		t.Errorf("%+v", failure)
	}
	stored, err := policy.ParseSafety(policy.Safety().Document())
	if err != nil || stored.Hash() != policy.Safety().Hash() {
		t.Errorf("the stored safety stage is another: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add(policy.Safety().Document())
	for _, name := range []string{"riverside", "hillside"} {
		document, err := os.ReadFile("../app/demo/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte(loaded))
	f.Add([]byte(many))
	for seed := range uint64(4) {
		f.Add(policytest.Document(rand.New(rand.NewPCG(seed, 16)), policytest.Shape{Rules: 12, Tables: 3}))
	}
	f.Add([]byte(strings.NewReplacer("age: 0..130", "age: { range: 0..130, worse: up, safety: true }", "kind: [symptoms, admin]",
		"kind: { values: [symptoms, admin], worse: [admin, symptoms] }", "note: adults only", "disabled: true\n        if_drifts: registered-practice", "hit: first", "hit: unique").Replace(small)))
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := policy.Parse(document)
		if err != nil {
			if fault.As(err).Kind == fault.Internal || fault.As(err).Says == "" {
				t.Fatalf("refused without a sentence: %v", err)
			}
			return
		}
		again, err := policy.Parse(p.Document())
		if err != nil || again.Hash() != p.Hash() {
			t.Fatalf("it does not read back: %v", err)
		}
		p.RunCases(nhs.Date{Year: 2026, Month: 1, Day: 1})
		agree(t, rand.New(rand.NewPCG(uint64(len(document)), 17)), p, 5, map[policy.Position]bool{})
		for _, table := range p.Tables() {
			for _, rule := range table.Rules {
				if rule.Sentence() == "" {
					t.Fatal("a rule has no sentence")
				}
			}
		}
	})
}

func parse(t testing.TB, document string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
