package main

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
)

// newCEL compiles one program a rule and asks them in order.
func newCEL(t *table) (decider, error) {
	var variables []cel.EnvOption
	for _, f := range t.facts {
		kind := cel.StringType
		if f.Numeric() {
			kind = cel.IntType
		}
		variables = append(variables, cel.Variable(f.Name, kind))
	}
	env, err := cel.NewEnv(variables...)
	if err != nil {
		return decider{}, err
	}
	var programs []cel.Program
	for _, r := range t.rules {
		parts := []string{"true"}
		for _, c := range t.conditions(r) {
			name := t.facts[c.fact].Name
			switch {
			case c.texts == nil:
				parts = append(parts, fmt.Sprintf("%s >= %d && %s <= %d", name, c.low, name, c.high))
			case len(c.texts) == 1:
				parts = append(parts, fmt.Sprintf("%s == %q", name, c.texts[0]))
			default:
				parts = append(parts, fmt.Sprintf(`%s in ["%s"]`, name, strings.Join(c.texts, `", "`)))
			}
		}
		if len(parts) > 1 {
			parts = parts[1:]
		}
		ast, issues := env.Compile(strings.Join(parts, " && "))
		if issues.Err() != nil {
			return decider{}, issues.Err()
		}
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return decider{}, err
		}
		programs = append(programs, program)
	}
	inputs := t.inputs()
	return decider{"cel-go", func(i int) (int, error) {
		for n, program := range programs {
			takes, _, err := program.Eval(inputs[i])
			if err != nil {
				return 0, err
			}
			if takes.Value() == true {
				return n, nil
			}
		}
		return 0, fmt.Errorf("no rule takes it")
	}}, nil
}
