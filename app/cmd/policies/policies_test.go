package policies_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"onedoor/app/cmd/policies"
)

const riverside = `
policy: riverside
facts:
  condition: [sore-throat, earache, other]
  pregnant: ["yes", "no", not-applicable]
tables:
  - name: pharmacy-first
    rules:
      - id: pregnant-under-16
        when: { kind: '"symptoms"', pregnant: '"yes"', age: '< 16' }
        then: { to: registered-practice, urgency: soon }
      - id: sore-throat
        when: { kind: '"symptoms"', condition: '"sore-throat"', age: '>= 5', pregnant: '"yes","no","not-applicable"' }
        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, overflow: registered-practice/queue:clinical, tags: [throat] }
  - name: everything-else
    rules:
      - id: catch-all
        when: {}
        then: { to: registered-practice, urgency: routine }
cases:
  - name: a sore throat goes to the pharmacy
    given: { kind: symptoms, condition: sore-throat, age: 30, pregnant: "no" }
    expect: { to: chosen-pharmacy }
`

// told is how a command ended and what it printed.
type told struct {
	status   int
	out, err string
}

// onedoor runs "onedoor policy ..." as main does.
func onedoor(t *testing.T, stdin string, args ...string) told {
	t.Helper()
	var commands struct {
		Policy policies.Commands `cmd:""`
	}
	var out, errs bytes.Buffer
	parser, err := kong.New(&commands, kong.Name("onedoor"))
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := parser.Parse(append([]string{"policy"}, args...))
	if err != nil {
		return told{2, "", err.Error()}
	}
	chosen.BindTo(t.Context(), (*context.Context)(nil))
	chosen.Bind(policies.Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs})
	err = chosen.Run()
	switch says, known := policies.Words(err); {
	case err == nil:
		return told{0, out.String(), errs.String()}
	case known:
		errs.WriteString(says)
	case !errors.Is(err, policies.ErrFound):
		t.Errorf("%v: an error without a sentence: %v", args, err)
	}
	return told{1, out.String(), errs.String()}
}

// file writes a file for one test.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func decode[T any](t *testing.T, document string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("%v:\n%s", err, document)
	}
	return v
}

type findings struct {
	Findings []struct {
		Kind, Severity, Table, Rule, Column, Case, Says string
		Witness                                         map[string]any
	}
}

func TestCheckFindsGapsAndEndsWell(t *testing.T) {
	t.Parallel()
	ran := onedoor(t, "", "check", file(t, "p.yaml", riverside), "--json")
	found := decode[findings](t, ran.out)
	if ran.status != 0 || len(found.Findings) == 0 {
		t.Fatalf("status %d, %d findings: %s", ran.status, len(found.Findings), ran.err)
	}
	for _, f := range found.Findings {
		if f.Kind == "gap" && f.Says != "" && len(f.Witness) > 0 {
			return
		}
	}
	t.Errorf("no gap with a witness: %s", ran.out)
}

func TestCheckCountsPastRequests(t *testing.T) {
	t.Parallel()
	past := file(t, "past.jsonl", `{"facts":{"kind":"admin"},"count":41}`+"\n\n"+`{"facts":{"kind":"admin"}}`+"\n")
	ran := onedoor(t, "", "check", file(t, "p.yaml", riverside), "--past", past)
	if ran.status != 0 || !strings.Contains(ran.out, "met by 42 past requests") {
		t.Errorf("status %d: %s%s", ran.status, ran.out, ran.err)
	}
}

func TestCheckTellsEveryBrokenCell(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer("'< 16'", "'< sixteen'", `'"sore-throat"'`, `'"toe"'`).Replace(riverside)
	ran := onedoor(t, broken, "check", "-", "--json")
	found := decode[findings](t, ran.out).Findings
	if ran.status != 1 || len(found) != 2 {
		t.Fatalf("status %d: %s", ran.status, ran.out)
	}
	for i, want := range []struct{ rule, column string }{{"pregnant-under-16", "age"}, {"sore-throat", "condition"}} {
		f := found[i]
		if f.Kind != "invalid" || f.Severity != "error" || f.Table != "pharmacy-first" || f.Rule != want.rule || f.Column != want.column {
			t.Errorf("%+v", f)
		}
		for _, part := range []string{"pharmacy-first", want.rule, want.column} {
			if !strings.Contains(f.Says, part) {
				t.Errorf("the sentence does not name %s: %s", part, f.Says)
			}
		}
	}
}

func TestCheckRunsTheCases(t *testing.T) {
	t.Parallel()
	ran := onedoor(t, strings.Replace(riverside, "expect: { to: chosen-pharmacy }", "expect: { to: desk }", 1), "check", "-", "--json")
	found := decode[findings](t, ran.out).Findings
	if ran.status != 1 || len(found) == 0 || found[0].Kind != "case" || found[0].Case != "a sore throat goes to the pharmacy" {
		t.Errorf("status %d: %s", ran.status, ran.out)
	}
}

func TestDecideSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	policy := file(t, "p.yaml", riverside)
	facts := `{"kind":"symptoms","condition":"sore-throat","age":8,"pregnant":"no","registered-practice":"A81001"}`
	ran := onedoor(t, facts, "decide", policy, "--facts", "-", "--json", "--at", "2026-11-23T10:00:00Z")
	got := decode[struct {
		Stage, Table, Rule, To, Service, Urgency, At string
		Tags, Overflow, Because                      []string
		PolicyHash                                   string              `json:"policy_hash"`
		NearMisses                                   []map[string]string `json:"near_misses"`
		Assumed                                      map[string]string
	}](t, ran.out)
	if ran.status != 0 || got.Stage != "routing" || got.Table != "pharmacy-first" || got.Rule != "sore-throat" || got.To != "chosen-pharmacy" ||
		got.Service != "pharmacy-first" || got.Urgency != "soon" || len(got.PolicyHash) != 64 || got.At != "2026-11-23T10:00:00Z" {
		t.Errorf("%s%s", ran.out, ran.err)
	}
	if fmt.Sprint(got.Tags, got.Overflow) != "[throat] [registered-practice/queue:clinical]" || len(got.Because) == 0 || got.Assumed["red-flag"] != "none" {
		t.Errorf("%s", ran.out)
	}
	if len(got.NearMisses) != 1 || got.NearMisses[0]["rule"] != "pregnant-under-16" || got.NearMisses[0]["fact"] != "pregnant" {
		t.Errorf("%v", got.NearMisses)
	}
	if plain := onedoor(t, facts, "decide", policy, "--facts", "-"); !strings.Contains(plain.out, "rule sore-throat of pharmacy-first") || strings.Contains(plain.out, "Nobody is at") {
		t.Errorf("%s", plain.out)
	}
}

func TestDecideTakesScreeningAtItsWord(t *testing.T) {
	t.Parallel()
	for _, redFlag := range []string{`"unanswered"`, `null`} {
		ran := onedoor(t, `{"kind":"symptoms","red-flag":`+redFlag+`}`, "decide", file(t, "p.yaml", riverside), "--facts", "-", "--json")
		got := decode[struct{ Stage, Urgency string }](t, ran.out)
		if got.Stage != "safety" || got.Urgency != "urgent" {
			t.Errorf("%s: %s", redFlag, ran.out)
		}
	}
}

func TestDecideRefusesFactsThatThePolicyDoesNotHave(t *testing.T) {
	t.Parallel()
	policy := file(t, "p.yaml", riverside)
	for name, c := range map[string]struct{ facts, says string }{
		"unknown fact":    {`{"colour":"blue"}`, `The policy riverside has no fact "colour". It has: age`},
		"unknown value":   {`{"condition":"toe"}`, `condition is "toe": expected one of "sore-throat", "earache", "other".`},
		"out of range":    {`{"age":300}`, "age is 300: expected a whole number from 0 to 130."},
		"text for number": {`{"age":"ten"}`, `age is "ten": expected a whole number from 0 to 130.`},
		"broken number":   {`{"age":1.5}`, "The facts cannot be read. A fact must be a text, a whole number or null."},
		"number for code": {`{"registered-practice":12}`, "registered-practice is 12: expected a code in quotes."},
		"not an object":   {`[1]`, "The facts are not one JSON object"},
		"two objects":     {`{} {}`, "The facts are not one JSON object"},
		"nothing":         {``, "The facts are not one JSON object"},
		"null":            {`null`, "The facts are not one JSON object"},
	} {
		ran := onedoor(t, c.facts, "decide", policy, "--facts", "-")
		if ran.status != 1 || !strings.Contains(ran.err, c.says) || ran.out != "" {
			t.Errorf("%s: status %d, %s%s", name, ran.status, ran.out, ran.err)
		}
	}
}

func TestDiffIsOneEntryForEachBox(t *testing.T) {
	t.Parallel()
	before := file(t, "old.yaml", riverside)
	ran := onedoor(t, strings.Replace(riverside, ">= 5", ">= 12", 1), "diff", before, "-", "--json")
	type side struct{ Table, Rule, To, Urgency string }
	got := decode[[]struct {
		Witness  map[string]any
		From, To side
	}](t, ran.out)
	if ran.status != 0 || len(got) != 1 || got[0].From != (side{"pharmacy-first", "sore-throat", "chosen-pharmacy", "soon"}) || got[0].To != (side{"everything-else", "catch-all", "registered-practice", "routine"}) {
		t.Fatalf("status %d: %s%s", ran.status, ran.out, ran.err)
	}
	if age, is := got[0].Witness["age"].(float64); !is || age < 5 || age > 11 {
		t.Errorf("the witness is outside the box: %v", got[0].Witness)
	}
	if alike := onedoor(t, "", "diff", before, before, "--json"); strings.TrimSpace(alike.out) != "[]" {
		t.Errorf("%s", alike.out)
	}
	if alike := onedoor(t, "", "diff", before, before); !strings.Contains(alike.out, "decide alike") {
		t.Errorf("%s", alike.out)
	}
}

func TestSimulateCountsAndExplainsWhatMoves(t *testing.T) {
	t.Parallel()
	requests := file(t, "r.jsonl", `{"facts":{"kind":"symptoms","condition":"sore-throat","age":8,"pregnant":"no"},"channel":"web","at":"2026-11-20T10:00:00Z"}
{"facts":{"kind":"admin","age":8,"asked-elsewhere":"yes"},"count":3}
`)
	ran := onedoor(t, strings.Replace(riverside, ">= 5", ">= 12", 1), "simulate", "-", "--live", file(t, "live.yaml", riverside), "--requests", requests, "--json")
	type end struct{ To, Service, Urgency, Table, Rule string }
	got := decode[struct {
		Requests, Moved int
		Less            int `json:"newly_less_urgent"`
		Matrix          []struct {
			From, To end
			Requests int
			Changed  bool
		}
		Moves []struct {
			Line     int
			Facts    map[string]any
			From, To end
		}
	}](t, ran.out)
	if ran.status != 0 || got.Requests != 4 || got.Moved != 1 || got.Less != 1 || len(got.Matrix) != 2 || len(got.Moves) != 1 {
		t.Fatalf("status %d: %s%s", ran.status, ran.out, ran.err)
	}
	if got.Matrix[0].Requests != 1 || !got.Matrix[0].Changed || got.Matrix[1].Requests != 3 || got.Matrix[1].Changed {
		t.Errorf("%+v", got.Matrix)
	}
	if m := got.Moves[0]; m.Line != 1 || m.From.Rule != "sore-throat" || m.To.Rule != "catch-all" {
		t.Errorf("%+v", m)
	}
}

func TestRequestsAreRefusedByLine(t *testing.T) {
	t.Parallel()
	policy := file(t, "p.yaml", riverside)
	for _, broken := range []string{`{"facts":{"age":`, `{"facts":[]}`, `{"age":3}`, `{"facts":{}} {}`, `{}`, `{"facts":{},"count":-1}`, `{"facts":{"age":1.5}}`} {
		ran := onedoor(t, `{"facts":{"kind":"admin"}}`+"\n"+broken+"\n", "simulate", policy, "--live", policy, "--requests", "-")
		if ran.status != 1 || !strings.Contains(ran.err, "line 2") {
			t.Errorf("%s: status %d, %s", broken, ran.status, ran.err)
		}
	}
}

func TestBenchMeasuresBothWays(t *testing.T) {
	t.Parallel()
	ran := onedoor(t, riverside, "bench", "-", "--json", "--rounds", "1", "--requests", "64")
	got := decode[struct {
		Rules    int
		Scan     float64 `json:"scan_ns"`
		Compiled float64 `json:"compiled_ns"`
	}](t, ran.out)
	if ran.status != 0 || got.Rules != 3 || got.Scan <= 0 || got.Compiled <= 0 {
		t.Errorf("%s%s", ran.out, ran.err)
	}
}

func TestExportAndImportGiveThePolicyBack(t *testing.T) {
	t.Parallel()
	path := file(t, "p.yaml", riverside)
	model := onedoor(t, "", "export", path)
	back := onedoor(t, model.out, "import", "-")
	if model.status != 0 || back.status != 0 || back.err != "" {
		t.Fatalf("%s%s", model.err, back.err)
	}
	if same := onedoor(t, back.out, "diff", path, "-", "--json"); strings.TrimSpace(same.out) != "[]" {
		t.Errorf("%s%s", same.out, same.err)
	}
	hash := func(document string) string {
		ran := onedoor(t, document, "decide", "-", "--facts", file(t, "f.json", "{}"), "--json")
		return decode[struct {
			Hash string `json:"policy_hash"`
		}](t, ran.out).Hash
	}
	if a, b := hash(riverside), hash(back.out); a != b || a == "" {
		t.Errorf("the hash was %s and is %s", a, b)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check"}, {"decide", "p.yaml"}, {"dmn", "m.dmn"}, {"simulate", "a.yaml"}, {"diff", "a.yaml"}, {"nothing"}, {"check", "a", "--no-such"}} {
		if ran := onedoor(t, "", args...); ran.status != 2 {
			t.Errorf("%v: status %d", args, ran.status)
		}
	}
	ran := onedoor(t, "", "check", filepath.Join(t.TempDir(), "absent.yaml"))
	if ran.status != 1 || !strings.Contains(ran.err, "absent.yaml cannot be read: no such file or directory.") {
		t.Errorf("status %d: %s", ran.status, ran.err)
	}
}

func TestTooManyRulesAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("policy: p\ntables:\n- name: t\n  rules:\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "  - {id: r%d, then: {to: desk, urgency: soon}}\n", i)
	}
	ran := onedoor(t, b.String(), "check", "-", "--json")
	found := decode[findings](t, ran.out).Findings
	if ran.status != 1 || len(found) != 1 || !strings.HasSuffix(found[0].Says, ".") {
		t.Errorf("status %d: %s", ran.status, ran.out)
	}
}
