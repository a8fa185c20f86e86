package edit_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/edit"
)

const written = `# Kept in git by two people.
policy: tiny
facts:
  kind: [symptoms, admin] # as in the catalogue
  age: 0..130
  pregnant: ["yes", "no"]
tables:
  # The first table.
  - name: first
    rules:

      # Children first.
      - id: child
        when: { kind: '"symptoms"',   age: '< 16' } # under sixteen
        then: { to: registered-practice/queue:clinical, urgency: urgent }
        note: |
          Two lines
          of a note.

      - id: adult # and older
        when:
          kind: '"symptoms"'   # someone unwell
          # sixteen and over
          age: '>= 16'
        then:
          to: registered-practice
          urgency: soon # for now
  - name: last
    rules:
      - {id: office, when: {kind: '"admin"'}, then: {to: registered-practice, urgency: routine}}
      - id: rest
        when: {}
        then: { to: registered-practice, urgency: soon }
# The end.
cases:
  - name: a child is seen first
    given: { kind: symptoms, age: 4 }
    expect: { urgency: urgent }
`

func opened(t *testing.T, document string) *edit.Document {
	t.Helper()
	d, err := edit.Open([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ruleOf(t *testing.T, d *edit.Document, table, id string) policy.Rule {
	t.Helper()
	r, ok := d.Policy().Rule(table, id)
	if !ok {
		t.Fatalf("there is no rule %s in %s:\n%s", id, table, d.Bytes())
	}
	r.When = slices.Clone(r.When) // a policy's own is not to be changed
	return r
}

func cell(t *testing.T, d *edit.Document, fact, test string) policy.Condition {
	t.Helper()
	for _, f := range d.Policy().Facts() {
		if f.Name == fact {
			c, err := policy.ParseCell(f, test)
			if err != nil {
				t.Fatal(err)
			}
			return policy.Condition{Fact: fact, Cell: c}
		}
	}
	t.Fatalf("no fact %s", fact)
	return policy.Condition{}
}

// Only the lines that say what was changed are others afterwards.
func TestWhatIsNotChangedStaysAsItIsWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do       func(d *edit.Document) error
		old, new string // of the document
	}{
		"switch off": {
			func(d *edit.Document) error { return d.Disable("first", "child", true) },
			"          of a note.\n", "          of a note.\n        disabled: true\n",
		},
		"a note in place of a note": {
			func(d *edit.Document) error { return d.Note("first", "child", "One line: #1") },
			"        note: |\n          Two lines\n          of a note.\n", "        note: 'One line: #1'\n",
		},
		"no note": {
			func(d *edit.Document) error { return d.Note("first", "child", "") },
			"        note: |\n          Two lines\n          of a note.\n", "",
		},
		"one condition of several lines": {func(d *edit.Document) error {
			r := ruleOf(t, d, "first", "adult")
			r.When = []policy.Condition{r.When[0], cell(t, d, "age", "[16..64]"), cell(t, d, "pregnant", `"no"`)}
			return d.SetRule("first", "adult", r)
		}, "          age: '>= 16'\n", "          age: '[16..64]'\n          pregnant: '\"no\"'\n"},
		"the urgency, beside its comment": {func(d *edit.Document) error {
			r := ruleOf(t, d, "first", "adult")
			r.Then.Urgency = policy.Urgent
			return d.SetRule("first", "adult", r)
		}, "urgency: soon # for now", "urgency: urgent # for now"},
		"the condition of a rule in one line": {func(d *edit.Document) error {
			r := ruleOf(t, d, "first", "child")
			r.When[1] = cell(t, d, "age", "< 12")
			return d.SetRule("first", "child", r)
		}, "when: { kind: '\"symptoms\"',   age: '< 16' } # under", "when: { kind: '\"symptoms\"', age: '< 12' } # under"},
		"a rule in braces": {
			func(d *edit.Document) error { return d.Note("last", "office", "Paper.") },
			"      - {id: office, when: {kind: '\"admin\"'}, then: {to: registered-practice, urgency: routine}}\n",
			"      - id: office\n        when: { kind: '\"admin\"' }\n        then: { to: registered-practice, urgency: routine }\n        note: Paper.\n",
		},
		"remove": {
			func(d *edit.Document) error { return d.RemoveRule("last", "office") },
			"      - {id: office, when: {kind: '\"admin\"'}, then: {to: registered-practice, urgency: routine}}\n", "",
		},
		"add before": {func(d *edit.Document) error {
			return d.AddRule("last", 1, policy.Rule{ID: "new", When: []policy.Condition{cell(t, d, "age", "> 64, unknown")}, Then: policy.Outcome{
				To: policy.Destination{Kind: policy.ToChosenPharmacy}, Service: "pharmacy-first", Urgency: policy.Soon, CareWithin: 90 * time.Minute, Tags: []string{"a", "b"},
				Overflow: []policy.Destination{{Kind: policy.ToRegisteredPractice, Queue: "clinical"}, {Kind: policy.ToDesk}},
			}})
		}, "      - id: rest\n", "      - id: new\n        when: { age: '> 64, unknown' }\n        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, care_within: 90m, " +
			"overflow: ['registered-practice/queue:clinical', desk], tags: [a, b] }\n      - id: rest\n"},
		"add a case": {func(d *edit.Document) error {
			return d.AddCase(policy.Case{Name: "yes: it is", Given: policy.Facts{"pregnant": policy.Text("yes"), "age": policy.Int(30), "kind": policy.Text("unknown")}, Expect: policy.Expectation{Rule: "rest"}})
		}, "    expect: { urgency: urgent }\n", "    expect: { urgency: urgent }\n  - name: 'yes: it is'\n    given: { age: 30, kind: unknown, pregnant: \"yes\" }\n    expect: { rule: rest }\n"},
		"move": {func(d *edit.Document) error { return d.Move("last", "office", 0) }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, written)
			if err := test.do(d); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(written, test.old, test.new, 1)
			if got := string(d.Bytes()); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestMovingTakesTheCommentAlong(t *testing.T) {
	t.Parallel()
	d := opened(t, written)
	if err := d.Move("first", "adult", -1); err != nil {
		t.Fatal(err)
	}
	text := string(d.Bytes())
	first, second := strings.Index(text, "- id: adult # and older"), strings.Index(text, "      # Children first.\n      - id: child\n")
	if first < 0 || second < first || !strings.Contains(text, "          # sixteen and over\n") || !strings.Contains(text, "# The end.\n") {
		t.Errorf("moved to:\n%s", text)
	}
	if err := d.Move("first", "adult", 1); err != nil {
		t.Fatal(err)
	}
	if string(d.Bytes()) != written {
		t.Errorf("there and back again is not the same:\n%s", d.Bytes())
	}
}

func TestEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do         func(d *edit.Document) error
		code, says string
	}{
		"a rule that is not there":        {func(d *edit.Document) error { return d.Note("first", "nobody", "x") }, "no_rule", "There is no rule of this name"},
		"a table that is not there":       {func(d *edit.Document) error { return d.RemoveRule("nowhere", "child") }, "no_table", "There is no table"},
		"above the first":                 {func(d *edit.Document) error { return d.Move("first", "child", -1) }, "rule_first", "cannot move further up"},
		"below the last":                  {func(d *edit.Document) error { return d.Move("last", "rest", 1) }, "rule_last", "cannot move further down"},
		"the catch-all is moved up":       {func(d *edit.Document) error { return d.Move("last", "rest", -1) }, "policy_catch_all", "last rule must take everything"},
		"the catch-all is removed":        {func(d *edit.Document) error { return d.RemoveRule("last", "rest") }, "policy_catch_all", "last rule must take everything"},
		"a second rule of the name":       {func(d *edit.Document) error { return d.AddRule("last", 0, ruleOf(t, d, "last", "rest")) }, "rule_exists", "already"},
		"a rule that sends nowhere":       {func(d *edit.Document) error { return d.SetRule("first", "child", policy.Rule{}) }, "policy_destination", ""},
		"a case of a name that is there":  {func(d *edit.Document) error { return d.AddCase(policy.Case{Name: "a child is seen first"}) }, "case_exists", "already"},
		"a case that expects nothing":     {func(d *edit.Document) error { return d.AddCase(policy.Case{Name: "x"}) }, "policy_case", "expected a name"},
		"a case that is not there":        {func(d *edit.Document) error { return d.RemoveCase("nobody") }, "no_case", "no case of this name"},
		"a case that takes another's":     {func(d *edit.Document) error { return d.SetCase("nobody", policy.Case{}) }, "no_case", "no case of this name"},
		"a note of more than one meaning": {func(d *edit.Document) error { return d.Note("first", "child", "\x00") }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, written)
			err := test.do(d)
			if err == nil && test.code == "" {
				return // written in a way that can be read back
			}
			if err == nil {
				t.Fatalf("done:\n%s", d.Bytes())
			}
			if test.code != "" && (!fault.Is(err, test.code) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("refused with %v; want %s, %s", err, test.code, test.says)
			}
			if string(d.Bytes()) != written {
				t.Errorf("a refused edit changed the document:\n%s", d.Bytes())
			}
		})
	}
}

// Layouts that people use, and one that programs do.
func TestEveryLayoutCanBeEdited(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no indentation of lists": "policy: p\nfacts: {age: 0..9}\ntables:\n- name: t\n  rules:\n  - id: a\n    when: {age: '1'}\n    then: {to: desk, urgency: soon}\n  - id: b\n    then: {to: desk, urgency: soon}\n",
		"json":                    `{"policy": "p", "facts": {"age": "0..9"}, "tables": [{"name": "t", "rules": [{"id": "a", "when": {"age": "1"}, "then": {"to": "desk", "urgency": "soon"}}, {"id": "b", "when": {}, "then": {"to": "desk", "urgency": "soon"}}]}]}`,
		"a dash of its own line":  "policy: p\nfacts:\n    age: 0..9\ntables:\n    -\n        name: t\n        rules:\n            -\n                id: a\n                when:\n                    age: '1'\n                then:\n                    to: desk\n                    urgency: soon\n            -\n                id: b\n                then:\n                    to: desk\n                    urgency: soon\n",
		"wide dashes":             "policy: p\nfacts: {age: 0..9}\ntables:\n  -   name: t\n      rules:\n        -   id: a\n            when: {age: '1'}\n            then: {to: desk, urgency: soon}\n        -   id: b\n            then: {to: desk, urgency: soon}\n",
		"braces over lines":       "policy: p\nfacts: {age: 0..9}\ntables:\n  - name: t\n    rules:\n      - { id: a,\n  when: {age: '1'},\n then: {to: desk, urgency: soon}\n}\n      - id: b\n        then: {to: desk, urgency: soon}\n",
		"a comment in the way":    "policy: p\nfacts: {age: 0..9}\ntables:\n  - name: t\n    rules:\n      - id: a\n# odd\n        when: {age: '1'}\n        then: {to: desk, urgency: soon}\n      - id: b\n        then: {to: desk, urgency: soon}",
		"another system's lines":  "policy: p\r\nfacts: {age: 0..9}\r\ntables:\r\n  - name: t\r\n    rules:\r\n      - id: a\r\n        when: {age: '1'}\r\n        then: {to: desk, urgency: soon}\r\n      - id: b\r\n        then: {to: desk, urgency: soon}\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, document)
			steps := []func() error{
				func() error { return d.Disable("t", "a", true) },
				func() error { return d.Note("t", "a", "Why: because, he said") },
				func() error {
					r := ruleOf(t, d, "t", "a")
					r.Then.Urgency = policy.Routine
					return d.SetRule("t", "a", r)
				},
				func() error {
					return d.AddRule("t", 0, policy.Rule{ID: "c", When: []policy.Condition{cell(t, d, "age", "unknown")}, Then: policy.Outcome{To: policy.Destination{Kind: policy.ToDesk}, Urgency: policy.Urgent}})
				},
				func() error { return d.Move("t", "c", 1) },
				func() error {
					return d.AddCase(policy.Case{Name: "one", Given: policy.Facts{"age": policy.Int(1)}, Expect: policy.Expectation{Rule: "b"}})
				},
				func() error {
					return d.SetCase("one", policy.Case{Name: "two", Given: policy.Facts{}, Expect: policy.Expectation{Rule: "c"}, On: nhs.DateOf(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))})
				},
				func() error { return d.RemoveCase("two") },
				func() error { return d.RemoveRule("t", "a") },
			}
			for i, step := range steps {
				if err := step(); err != nil {
					t.Fatalf("step %d: %v\n%s", i+1, err, d.Bytes())
				}
			}
			rules := d.Policy().Tables()[0].Rules
			if len(rules) != 2 || rules[0].ID != "c" || rules[1].ID != "b" || len(d.Policy().Cases()) != 0 {
				t.Errorf("left with:\n%s", d.Bytes())
			}
			if name == "another system's lines" && strings.Count(string(d.Bytes()), "\n") != strings.Count(string(d.Bytes()), "\r\n") {
				t.Errorf("lines end in two ways:\n%q", d.Bytes())
			}
		})
	}
}

func TestADocumentThatDoesNotParseIsNotOpened(t *testing.T) {
	t.Parallel()
	if _, err := edit.Open([]byte("policy: p\n")); !fault.Is(err, "policy_table") {
		t.Errorf("opened: %v", err)
	}
}

func riverside(t testing.TB) []byte {
	t.Helper()
	document, err := os.ReadFile("../../app/demo/riverside.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return document
}
