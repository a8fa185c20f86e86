package policies

import (
	"fmt"
	"time"

	"onedoor/policy/dmn"
	"onedoor/policy/dmn/feel"
)

type dmnCommand struct {
	File     string    `arg:"" help:"A decision model of DMN 1.2 to 1.5, or - for standard input."`
	Decision string    `required:"" help:"The decision's name or id; or that of a decision service or business knowledge model."`
	Inputs   string    `placeholder:"FILE.json" help:"The inputs, as one JSON object by name; what is absent is null. Or - for standard input."`
	At       time.Time `help:"What now() and today() give, as 2026-12-31T09:00:00Z; the present moment unless said."`
}

// Run evaluates and prints the decision's value as JSON. What DMN calls an error is null, with the reasons on standard
// error, and success: the model has been evaluated, and null is its value.
func (c *dmnCommand) Run(s Streams) error {
	document, err := s.read(c.File)
	if err != nil {
		return err
	}
	m, err := dmn.Parse(document)
	if err != nil {
		return s.explain(c.File, err)
	}
	inputs := feel.NewContext()
	if c.Inputs != "" {
		document, err := s.read(c.Inputs)
		if err != nil {
			return err
		}
		given, notes, err := m.ReadInputs(document)
		if err != nil {
			return s.explain(c.Inputs, err)
		}
		for _, note := range notes {
			fmt.Fprintf(s.Err, "%s: %s\n", c.Inputs, note)
		}
		inputs = given
	}
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	result, err := m.Evaluate(c.Decision, inputs, at)
	if err != nil {
		return s.explain(c.File, err)
	}
	for _, reason := range result.Reasons {
		fmt.Fprintf(s.Err, "%s: null, because %s.\n", c.File, reason)
	}
	s.line("%s", dmn.JSON(result.Value))
	return nil
}
