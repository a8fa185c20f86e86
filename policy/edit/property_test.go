package edit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/edit"
)

// editor makes random edits and keeps, beside the document, what its rules and cases must be.
type editor struct {
	t      testing.TB
	d      *edit.Document
	tables []policy.Table
	cases  []policy.Case
	random *rand.Rand
	new    int
}

func newEditor(t testing.TB, document []byte, random *rand.Rand) *editor {
	d, err := edit.Open(document)
	if err != nil {
		t.Fatal(err)
	}
	return &editor{t: t, d: d, tables: copied(d.Policy().Tables()), cases: d.Policy().Cases(), random: random}
}

func copied(tables []policy.Table) []policy.Table {
	for i := range tables {
		tables[i].Rules = slices.Clone(tables[i].Rules)
	}
	return tables
}

// rule is any rule that could be asked for, and some that cannot.
func (e *editor) rule(id string) policy.Rule {
	facts := e.d.Policy().Facts()
	r := policy.Rule{ID: id, Disabled: e.random.IntN(4) == 0}
	for _, i := range e.random.Perm(len(facts))[:e.random.IntN(4)] {
		f := facts[i]
		var tests []string
		if f.Numeric() {
			low := f.Min + e.random.IntN(f.Max-f.Min+1)
			tests = []string{fmt.Sprintf(">= %d", low), fmt.Sprintf("[%d..%d]", low, f.Max), "unknown", fmt.Sprint(low)}
		} else {
			tests = []string{`"` + f.Values[e.random.IntN(len(f.Values))] + `"`, `not("` + f.Values[0] + `")`, `"` + f.Values[0] + `", unknown`, "-"}
		}
		if c, err := policy.ParseCell(f, tests[e.random.IntN(len(tests))]); err == nil {
			r.When = append(r.When, policy.Condition{Fact: f.Name, Cell: c})
		}
	}
	r.Then = policy.Outcome{
		To:      []policy.Destination{{Kind: policy.ToRegisteredPractice, Queue: "clinical"}, {Kind: policy.ToDesk}, {Kind: policy.ToCapability, Slug: "physio", Nearest: true, Open: true}, {Kind: policy.ToOrganisation, ODS: "A81001"}}[e.random.IntN(4)],
		Urgency: []policy.Urgency{policy.Urgent, policy.Soon, policy.Routine, policy.Emergency}[min(3, e.random.IntN(12)%4)],
	}
	if e.random.IntN(2) == 0 {
		r.Then.Overflow = []policy.Destination{{Kind: policy.ToRegisteredPractice}, {Kind: policy.ToDesk, Queue: "general"}}[:1+e.random.IntN(2)]
	}
	if e.random.IntN(3) == 0 {
		r.Then.AnswerWithin = time.Duration(1+e.random.IntN(3000)) * time.Minute
		r.Then.Tags = []string{"a-tag", "no"}[:1+e.random.IntN(2)]
		r.Note = []string{"plain", "a: b # c", "{ [ \" ' }", "two\nlines", "- x", "yes", "null", "é ✓", "  spaced  ", "12"}[e.random.IntN(10)]
	}
	return r
}

// step makes one edit. Refused or done, the document means what it must.
func (e *editor) step() (what string, done bool) {
	t := e.random.IntN(len(e.tables))
	table := &e.tables[t]
	i := e.random.IntN(len(table.Rules))
	id := table.Rules[i].ID
	before := e.d.Bytes()
	rules, cases := slices.Clone(table.Rules), slices.Clone(e.cases)
	var err error
	switch e.random.IntN(7) {
	case 0, 1:
		r := e.rule(id)
		what, err = "set "+id, e.d.SetRule(table.Name, id, r)
		r.When = slices.DeleteFunc(r.When, func(c policy.Condition) bool { return c.Cell.Anything() })
		if len(r.When) == 0 {
			r.When = nil
		}
		rules[i] = r
	case 2:
		e.new++
		r := e.rule(fmt.Sprintf("new-%d", e.new))
		what, err = "add "+r.ID, e.d.AddRule(table.Name, i, r)
		r.When = slices.DeleteFunc(r.When, func(c policy.Condition) bool { return c.Cell.Anything() })
		if len(r.When) == 0 {
			r.When = nil
		}
		rules = slices.Insert(rules, i, r)
	case 3:
		what, err = "remove "+id, e.d.RemoveRule(table.Name, id)
		rules = slices.Delete(rules, i, i+1)
	case 4:
		by := 1 - 2*e.random.IntN(2)
		what, err = fmt.Sprintf("move %s by %d", id, by), e.d.Move(table.Name, id, by)
		if to := i + by; to >= 0 && to < len(rules) {
			rules[i], rules[to] = rules[to], rules[i]
		}
	case 5:
		off := !rules[i].Disabled
		what, err = fmt.Sprintf("disable %s %v", id, off), e.d.Disable(table.Name, id, off)
		rules[i].Disabled = off
	case 6:
		e.new++
		c := policy.Case{Name: fmt.Sprintf("case: %d", e.new), Given: policy.Facts{"age": policy.Int(e.random.IntN(100)), "pregnant": policy.Text("yes")}, Expect: policy.Expectation{Urgency: policy.Soon}}
		if len(cases) > 2 && e.random.IntN(2) == 0 {
			at := e.random.IntN(len(cases))
			what, err = "remove a case", e.d.RemoveCase(cases[at].Name)
			cases = slices.Delete(cases, at, at+1)
		} else {
			what, err = "add a case", e.d.AddCase(c)
			cases = append(cases, c)
		}
	}
	if err != nil {
		if refusal := fault.As(err); refusal.Kind != fault.Invalid || refusal.Says == "" || refusal.Code == "policy_edit" {
			e.t.Fatalf("%s: refused with %v\n%s", what, err, before)
		}
		if !bytes.Equal(e.d.Bytes(), before) {
			e.t.Fatalf("%s: refused (%v), and the document is another", what, err)
		}
		return what, false
	}
	table.Rules, e.cases = rules, cases
	return what, true
}

// holds fails the test unless the document parses, and says exactly what it must.
func (e *editor) holds(what string) {
	p, err := policy.Parse(e.d.Bytes())
	if err != nil {
		e.t.Fatalf("%s: the document does not parse: %v\n%s", what, err, e.d.Bytes())
	}
	if p.Hash() != e.d.Policy().Hash() {
		e.t.Fatalf("%s: the document is not what it says it means", what)
	}
	if !slices.EqualFunc(p.Tables(), e.tables, sameTable) {
		e.t.Fatalf("%s: the rules are others than asked for:\n%s", what, e.d.Bytes())
	}
	if got := p.Cases(); len(got) != len(e.cases) || len(got) > 0 && !reflect.DeepEqual(got, e.cases) {
		e.t.Fatalf("%s: the cases are others than asked for:\n%s", what, e.d.Bytes())
	}
}

func sameTable(a, b policy.Table) bool {
	same := slices.EqualFunc(a.Rules, b.Rules, sameRule)
	a.Rules, b.Rules = nil, nil
	return same && reflect.DeepEqual(a, b)
}

func sameRule(a, b policy.Rule) bool {
	same := slices.EqualFunc(a.When, b.When, func(a, b policy.Condition) bool {
		return a.Fact == b.Fact && a.Cell.String() == b.Cell.String() && reflect.DeepEqual(a.Cell.Set(), b.Cell.Set())
	})
	a.When, b.When = nil, nil
	return same && reflect.DeepEqual(a, b)
}

func TestRandomEditsMeanExactlyWhatWasAsked(t *testing.T) {
	t.Parallel()
	for name, document := range map[string][]byte{"by hand": []byte(written), "riverside": riverside(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, refused := 0, 0
			for seed := range uint64(5) {
				e := newEditor(t, document, rand.New(rand.NewPCG(seed, 7)))
				comments := strings.Count(string(document), "#")
				for range 40 {
					what, done := e.step()
					e.holds(what)
					if done {
						made++
					} else {
						refused++
					}
				}
				if comments == 0 || !strings.Contains(string(e.d.Bytes()), "# ") {
					t.Error("no comment is left")
				}
			}
			if made < 80 || refused < 8 {
				t.Errorf("%d edits were made and %d refused: too few to mean anything", made, refused)
			}
		})
	}
}

func FuzzEdits(f *testing.F) {
	f.Add([]byte(written), uint64(1))
	f.Add(riverside(f), uint64(2))
	f.Add([]byte(`{"policy": "p", "facts": {"age": "0..9"}, "tables": [{"name": "t", "rules": [{"id": "b", "when": {}, "then": {"to": "desk", "urgency": "soon"}}]}]}`), uint64(3))
	f.Fuzz(func(t *testing.T, document []byte, seed uint64) {
		d, err := edit.Open(document)
		if err != nil || len(d.Policy().Tables()) > 5 {
			return
		}
		for _, table := range d.Policy().Tables() {
			if len(table.Rules) > 40 {
				return
			}
		}
		hasFacts := 0
		for _, fact := range d.Policy().Facts() {
			if fact.Name == "age" && fact.Numeric() && fact.Min <= 0 && fact.Max >= 99 || fact.Name == "pregnant" && slices.Contains(fact.Values, "yes") {
				hasFacts++
			}
		}
		if hasFacts < 2 {
			return
		}
		e := newEditor(t, document, rand.New(rand.NewPCG(seed, 1)))
		for range 4 {
			what, _ := e.step()
			e.holds(what)
		}
	})
}

func BenchmarkSetRule(b *testing.B) {
	d, err := edit.Open(riverside(b))
	if err != nil {
		b.Fatal(err)
	}
	on := false
	for b.Loop() {
		on = !on
		if err := d.Disable("pharmacy-first", "earache", on); err != nil {
			b.Fatal(err)
		}
	}
}
