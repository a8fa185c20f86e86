package policy_test

import (
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/policy"
)

// facts is a policy whose registry the cell tests use: age 0..130, and pregnant with its three values.
func facts(t testing.TB) map[string]policy.Fact {
	t.Helper()
	p, err := policy.Parse([]byte(`
policy: cells
facts: { age: 0..130, warmth: -20..40, pregnant: ["yes", "no", not-applicable] }
tables: [{ name: all, rules: [{ id: catch-all, then: { to: desk, urgency: soon } }] }]
`))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]policy.Fact{}
	for _, f := range p.Facts() {
		byName[f.Name] = f
	}
	return byName
}

func TestCellsTakeWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fact, cell, takes, leaves, words string }{
		{"pregnant", `-`, "yes no not-applicable unknown other", "", "anything"},
		{"pregnant", `"yes"`, "yes", "no not-applicable unknown other", "yes"},
		{"pregnant", ` "yes" , "not-applicable" `, "yes not-applicable", "no unknown other", "yes or not applicable"},
		{"pregnant", `not("yes")`, "no not-applicable", "yes unknown other", "known and not yes"},
		{"pregnant", `not("yes", unknown)`, "no not-applicable", "yes unknown other", "known and not yes"},
		{"pregnant", `not(unknown)`, "yes no not-applicable", "unknown other", "known"},
		{"pregnant", `unknown`, "unknown", "yes no not-applicable other", "not known"},
		{"pregnant", `"no", "unknown"`, "no unknown", "yes not-applicable other", "no or not known"},
		{"age", `-`, "0 130 unknown 131 yes", "", "anything"},
		{"age", `18`, "18", "17 19 unknown", "18"},
		{"age", `< 18`, "0 17", "18 unknown", "under 18"},
		{"age", `<=18`, "0 18", "19 unknown", "18 or under"},
		{"age", `> 18`, "19 130", "18 unknown 131", "over 18"},
		{"age", `>= 18`, "18 130", "17 unknown 131", "18 or over"},
		{"age", `[5..17]`, "5 17", "4 18 unknown", "from 5 to 17"},
		{"age", `(5..17]`, "6 17", "5 18 unknown", "from 6 to 17"},
		{"age", `[5..17)`, "5 16", "4 17 unknown", "from 5 to 16"},
		{"age", `]5 .. 17[`, "6 16", "5 17 unknown", "from 6 to 16"},
		{"age", `< 5, 18, [65..70], unknown`, "0 4 18 65 70 unknown", "5 17 19 64 71", "under 5, 18, from 65 to 70 or not known"},
		{"age", `not([5..17], >= 65)`, "0 4 18 64", "5 17 65 130 unknown 131", "known and not from 5 to 17 or 65 or over"},
		{"warmth", `< -5`, "-20 -6", "-5 0 unknown", "under -5"},
		{"warmth", `[-5..5]`, "-5 0 5", "-6 6 unknown", "from -5 to 5"},
	} {
		t.Run(c.fact+" "+c.cell, func(t *testing.T) {
			t.Parallel()
			fact := facts(t)[c.fact]
			cell, err := policy.ParseCell(fact, c.cell)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range strings.Fields(c.takes) {
				if !cell.Matches(&fact, value(word)) {
					t.Errorf("does not take %s", word)
				}
			}
			for _, word := range strings.Fields(c.leaves) {
				if cell.Matches(&fact, value(word)) {
					t.Errorf("takes %s", word)
				}
			}
			if cell.Words() != c.words {
				t.Errorf("says %q", cell.Words())
			}
			again, err := policy.ParseCell(fact, cell.String())
			if err != nil || again.String() != cell.String() {
				t.Errorf("written as %s it does not read back: %v", cell, err)
			}
		})
	}
}

func TestBrokenCellsNameTheColumnAndWhatWasExpected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fact, cell, says string }{
		{"pregnant", ``, `Column "pregnant": expected a quoted value, one of "yes", "no", "not-applicable" at character 1, found the end of the cell.`},
		{"pregnant", `yes`, `Column "pregnant": expected a quoted value, one of "yes", "no", "not-applicable" at character 1, found "yes".`},
		{"pregnant", `"maybe"`, `Column "pregnant": "maybe" is not a value of this fact: expected one of "yes", "no", "not-applicable".`},
		{"pregnant", `"yes`, `Column "pregnant": expected a closing " at character 5, found the end of the cell.`},
		{"pregnant", `"yes" "no"`, `Column "pregnant": expected , or the end of the cell at character 7, found "\"no\"".`},
		{"pregnant", `not "yes"`, `Column "pregnant": expected ( after not at character 5, found "\"yes\"".`},
		{"pregnant", `not("yes"`, `Column "pregnant": expected , or ) at character 10, found the end of the cell.`},
		{"pregnant", `not("yes","no","not-applicable")`, `Column "pregnant": no value satisfies "not(\"yes\",\"no\",\"not-applicable\")": expected a test that one of "yes", "no", "not-applicable" can satisfy.`},
		{"age", `"18"`, `Column "age": expected a whole number from 0 to 130, not a quoted value at character 1, found "\"18\"".`},
		{"age", `18.5`, `Column "age": expected , or the end of the cell at character 3, found ".5".`},
		{"age", `< 650`, `Column "age": 650 is out of range: expected a whole number from 0 to 130.`},
		{"age", `< 0`, `Column "age": no value satisfies "< 0": expected a test that a whole number from 0 to 130 can satisfy.`},
		{"age", `[17..5]`, `Column "age": the range [17..5] is empty: expected the lower number first.`},
		{"age", `(5..6)`, `Column "age": the range (5..6) is empty: expected the lower number first.`},
		{"age", `[5-17]`, `Column "age": expected .. and the end of the range at character 3, found "-17]".`},
		{"age", `[5..17`, `Column "age": expected ] or ) after the range at character 7, found the end of the cell.`},
		{"age", `adult`, `Column "age": expected a whole number from 0 to 130 at character 1, found "adult".`},
		{"age", `99999999999999999999`, `Column "age": expected a whole number from 0 to 130 at character 1, found "99999999999999999999".`},
		{"age", `18,`, `Column "age": expected a whole number from 0 to 130 at character 4, found the end of the cell.`},
	} {
		t.Run(c.fact+" "+c.cell, func(t *testing.T) {
			t.Parallel()
			_, err := policy.ParseCell(facts(t)[c.fact], c.cell)
			if !fault.Is(err, "policy_cell") || fault.As(err).Says != c.says {
				t.Errorf("says %v", err)
			}
		})
	}
}

// value reads a test's word: digits are a whole number.
func value(word string) policy.Value {
	var v policy.Value
	if err := v.UnmarshalJSON([]byte(word)); err == nil {
		return v
	}
	return policy.Text(word)
}

func FuzzParseCell(f *testing.F) {
	for _, seed := range []string{
		`-`, `"yes"`, `"yes", "no"`, `not("yes")`, `not(unknown)`, `18`, `< 18`, `[5..17]`, `(5..17]`, `[5..17)`, `]5..17[`, `-5`, `unknown, 7`, `"\""`, `not(`, `[[`,
	} {
		f.Add(seed)
	}
	all := facts(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"age", "warmth", "pregnant"} {
			fact := all[name]
			cell, err := policy.ParseCell(fact, text)
			if err != nil {
				if !fault.Is(err, "policy_cell") {
					t.Fatalf("refused without a sentence: %v", err)
				}
				continue
			}
			again, err := policy.ParseCell(fact, cell.String())
			if err != nil || again.String() != cell.String() {
				t.Fatalf("%q is written %q, which does not read back: %v", text, cell, err)
			}
			for _, v := range []policy.Value{{}, policy.Text("yes"), policy.Text("no"), policy.Int(5), policy.Int(17), policy.Int(-20), policy.Int(1000)} {
				if cell.Matches(&fact, v) != again.Matches(&fact, v) {
					t.Fatalf("%q and %q differ on %s", text, cell, v)
				}
			}
			if cell.Matches(&fact, policy.Value{}) && !cell.Anything() && !strings.Contains(text, "unknown") {
				t.Fatalf("%q takes unknown without naming it", text)
			}
			if cell.Matches(&fact, policy.Int(1000)) && !cell.Anything() {
				t.Fatalf("%q takes a value that is not declared", text)
			}
			if last := uint32(fact.Size()); len(cell.Set()) == 0 || !cell.Anything() && cell.Set()[len(cell.Set())-1].High > last {
				t.Fatalf("%q takes %v of 0 to %d", text, cell.Set(), last)
			}
			if cell.Words() == "" {
				t.Fatalf("%q has no words", text)
			}
		}
	})
}
