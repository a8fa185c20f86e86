package analysis_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/tenants"
)

var update = flag.Bool("update", false, "write what is found as what is expected")

func demonstration(t testing.TB, slug string) (*policy.Policy, *tenants.Directory) {
	t.Helper()
	document := map[string][]byte{"riverside": demo.Riverside, "hillside": demo.Hillside}[slug]
	d, err := demo.Directory(slug)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return p, d
}

// golden compares a text with the one that is kept, or keeps it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("found:\n%s\nexpected:\n%s", text, want)
	}
}

// The demonstration's policies are made so that nothing in them needs a written reason: every kind has a rule, what is not known
// stays with the practice, and whatever leaves it has the practice as overflow.
func TestNothingInTheDemonstrationNeedsAReason(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{"riverside", "hillside"} {
		p, d := demonstration(t, slug)
		report, err := analysis.Check(t.Context(), p, analysis.Options{Directory: d, On: nhs.Date{Year: 2026, Month: 11, Day: 23}})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range report.Findings {
			text += fmt.Sprintf("%s %s [%s]\n  %s\n", f.Severity, f.Kind, f.Key, f.Says)
			if f.Severity != analysis.Note {
				t.Errorf("%s: %s", slug, f.Says)
			}
		}
		golden(t, slug+".txt", text)
	}
}
