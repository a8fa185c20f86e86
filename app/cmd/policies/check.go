package policies

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/tenants"
)

type checkCommand struct {
	File      string `arg:"" help:"A policy, or - for standard input."`
	Directory string `placeholder:"FILE.json" help:"The neighbourhood's directory: with it, places and hours are looked at too."`
	Past      string `placeholder:"FILE.jsonl" help:"Past requests, one JSON object a line: facts, and count if there were several."`
	On        string `placeholder:"YYYY-MM-DD" help:"The first day looked at; today unless said."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// finding is one of analysis' findings, or one of two kinds that only files have: invalid, for a document that is no policy,
// and case, for a test case that fails.
type finding struct {
	analysis.Finding
	Case    string `json:"case,omitempty"`
	Column  string `json:"column,omitempty"`
	Line    int    `json:"line,omitempty"`
	Pointer string `json:"pointer,omitempty"`
}

const (
	kindInvalid analysis.Kind = "invalid"
	kindCase    analysis.Kind = "case"
)

// Run checks and prints. The error is ErrFound when a finding is one that is never publishable.
func (c *checkCommand) Run(ctx context.Context, s Streams) error {
	document, err := s.read(c.File)
	if err != nil {
		return err
	}
	p, err := policy.Parse(document)
	if err != nil {
		return s.findings(invalid(document, err), c.JSON)
	}
	on, err := c.day()
	if err != nil {
		return err
	}
	o := analysis.Options{On: on}
	if o.Directory, err = s.directory(c.Directory); err != nil {
		return err
	}
	if o.Past, err = s.past(c.Past); err != nil {
		return err
	}
	report, err := analysis.Check(ctx, p, o)
	if err != nil {
		return err
	}
	found := cases(p, on)
	for _, f := range report.Findings {
		found = append(found, finding{Finding: f})
	}
	return s.findings(found, c.JSON)
}

func (c *checkCommand) day() (nhs.Date, error) {
	if c.On == "" {
		return nhs.DateOf(time.Now().In(tenants.London())), nil
	}
	on, err := nhs.ParseDate(c.On)
	if err != nil {
		return on, fault.New(fault.Malformed, "date", "--on: expected a real date such as 2026-12-31, found %q.", clip(c.On))
	}
	return on, nil
}

// cases are the test cases that fail.
func cases(p *policy.Policy, on nhs.Date) []finding {
	found := []finding{}
	for _, failure := range p.RunCases(on) {
		found = append(found, finding{
			Finding: analysis.Finding{
				Kind: kindCase, Severity: analysis.Error, Table: failure.Table, Rule: failure.Rule,
				Says: "The case “" + failure.Case + "” fails. " + failure.Says, Key: "case/" + failure.Case,
			},
			Case: failure.Case,
		})
	}
	return found
}

// invalid makes a finding of each problem of a document that does not parse.
func invalid(document []byte, err error) []finding {
	f := fault.As(err)
	fields := f.Fields
	if len(fields) == 0 {
		fields = []fault.Field{{Says: f.Says, Code: f.Code}}
	}
	var shape struct {
		Tables []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				ID string `yaml:"id"`
			} `yaml:"rules"`
		} `yaml:"tables"`
	}
	_ = yaml.Unmarshal(document, &shape) // what cannot be read has no names
	var found []finding
	for i, field := range fields {
		out := finding{Finding: analysis.Finding{Kind: kindInvalid, Severity: analysis.Error, Says: field.Says, Key: cmp.Or(field.Code, f.Code) + field.Pointer}, Pointer: field.Pointer}
		steps := strings.Split(strings.TrimPrefix(field.Pointer, "/"), "/")
		if t, ok := position(steps, 0, "tables"); ok && t < len(shape.Tables) {
			out.Table = shape.Tables[t].Name
			if r, ok := position(steps, 2, "rules"); ok && r < len(shape.Tables[t].Rules) {
				out.Rule = shape.Tables[t].Rules[r].ID
			}
			if len(steps) > 5 && steps[4] == "when" {
				out.Column = steps[5]
			}
		}
		if line, is := f.Details["line"].(int); is && i == 0 {
			out.Line = line
		}
		found = append(found, out)
	}
	return found
}

// position is the number after a name in a pointer.
func position(steps []string, at int, name string) (int, bool) {
	if len(steps) < at+2 || steps[at] != name {
		return 0, false
	}
	n, err := strconv.Atoi(steps[at+1])
	return n, err == nil && n >= 0
}

func (s Streams) findings(found []finding, asJSON bool) error {
	errs := 0
	for _, f := range found {
		if f.Severity == analysis.Error {
			errs++
		}
	}
	if asJSON {
		if err := s.json(map[string]any{"findings": found}); err != nil {
			return err
		}
	} else {
		s.told(found, errs)
	}
	if errs > 0 {
		return ErrFound
	}
	return nil
}

func (s Streams) told(found []finding, errs int) {
	for _, f := range found {
		s.line("%s (%s) %s", f.Severity, f.Kind, f.Says)
		if len(f.Witness) > 0 {
			s.line("    for example %s", factsText(f.Witness))
		}
		if f.Weight > 0 {
			s.line("    met by %d past requests", f.Weight)
		}
	}
	switch {
	case len(found) == 0:
		s.line("Nothing was found.")
	case errs == 0:
		s.line("%d findings; none of them is an error.", len(found))
	default:
		s.line("%d findings, %d of them errors.", len(found), errs)
	}
}
