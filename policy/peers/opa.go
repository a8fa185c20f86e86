package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// newOPA writes one rule of a partial set for each rule, which OPA indexes by the facts that it compares, and takes the first.
func newOPA(t *table) (decider, error) {
	var b strings.Builder
	b.WriteString("package table\n\n")
	for n, r := range t.rules {
		fmt.Fprintf(&b, "takes contains %d if {\n\ttrue\n", n)
		for _, c := range t.conditions(r) {
			name := t.facts[c.fact].Name
			switch {
			case c.texts == nil:
				fmt.Fprintf(&b, "\tinput.%s >= %d\n\tinput.%s <= %d\n", name, c.low, name, c.high)
			case len(c.texts) == 1:
				fmt.Fprintf(&b, "\tinput.%s == %q\n", name, c.texts[0])
			default:
				fmt.Fprintf(&b, "\tinput.%s in {\"%s\"}\n", name, strings.Join(c.texts, `", "`))
			}
		}
		b.WriteString("}\n")
	}
	b.WriteString("rule := min(takes)\n")
	ctx := context.Background()
	query, err := rego.New(rego.Query("x = data.table.rule"), rego.Module("table.rego", b.String())).PrepareForEval(ctx)
	if err != nil {
		return decider{}, err
	}
	var inputs []ast.Value
	for _, input := range t.inputs() {
		value, err := ast.InterfaceToValue(input)
		if err != nil {
			return decider{}, err
		}
		inputs = append(inputs, value)
	}
	return decider{"OPA", func(i int) (int, error) {
		results, err := query.Eval(ctx, rego.EvalParsedInput(inputs[i]))
		if err != nil {
			return 0, err
		}
		n, err := results[0].Bindings["x"].(json.Number).Int64()
		return int(n), err
	}}, nil
}
