package policies

import (
	"fmt"

	"onedoor/policy/dmn"
)

type importCommand struct {
	File string `arg:"" help:"A decision model of DMN 1.2 to 1.5, or - for standard input."`
	JSON bool   `name:"json" help:"Print JSON: the document, and the warnings."`
}

// Run prints the policy, and what a reader must know on standard error.
func (c *importCommand) Run(s Streams) error {
	model, err := s.read(c.File)
	if err != nil {
		return err
	}
	imported, err := dmn.Import(model)
	if err != nil {
		return s.explain(c.File, err)
	}
	if c.JSON {
		return s.json(map[string]any{"document": string(imported.Document), "warnings": append([]string{}, imported.Warnings...)})
	}
	for _, w := range imported.Warnings {
		fmt.Fprintf(s.Err, "%s: %s\n", c.File, w)
	}
	_, err = s.Out.Write(imported.Document)
	return err
}

type exportCommand struct {
	File string `arg:"" help:"A policy, or - for standard input."`
}

// Run prints the model.
func (c *exportCommand) Run(s Streams) error {
	p, err := s.policy(c.File)
	if err != nil {
		return err
	}
	model, err := dmn.Export(p)
	if err != nil {
		return s.explain(c.File, err)
	}
	_, err = s.Out.Write(model)
	return err
}
