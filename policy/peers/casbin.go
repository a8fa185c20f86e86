package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// newCasbin writes one policy line a rule, with a function for each cell, and the effect by which the first line that matches
// decides.
func newCasbin(t *table) (decider, error) {
	var request, columns, matcher []string
	for i := range t.facts {
		request, columns = append(request, fmt.Sprintf("v%d", i)), append(columns, fmt.Sprintf("c%d", i))
		matcher = append(matcher, fmt.Sprintf(`(p.c%d == "-" || takes(r.v%d, p.c%d))`, i, i, i))
	}
	m, err := model.NewModelFromString(fmt.Sprintf(`
[request_definition]
r = %s
[policy_definition]
p = id, %s, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = %s
`, strings.Join(request, ", "), strings.Join(columns, ", "), strings.Join(matcher, " && ")))
	if err != nil {
		return decider{}, err
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return decider{}, err
	}
	cells := map[string]condition{} // read once, so that matching need not
	enforcer.AddFunction("takes", func(args ...any) (any, error) {
		c := cells[args[1].(string)]
		if n, ok := args[0].(float64); ok { // casbin makes every number one
			return n >= float64(c.low) && n <= float64(c.high), nil
		}
		return slices.Contains(c.texts, args[0].(string)), nil
	})
	var lines [][]string
	for n, r := range t.rules {
		line := append([]string{strconv.Itoa(n)}, slices.Repeat([]string{"-"}, len(t.facts))...)
		for _, c := range t.conditions(r) {
			key := fmt.Sprintf("%s:%d..%d", strings.Join(c.texts, "|"), c.low, c.high)
			line[c.fact+1], cells[key] = key, c
		}
		lines = append(lines, append(line, "allow"))
	}
	if _, err := enforcer.AddPolicies(lines); err != nil {
		return decider{}, err
	}
	var inputs [][]any
	for _, input := range t.inputs() {
		var values []any
		for _, f := range t.facts {
			values = append(values, input[f.Name])
		}
		inputs = append(inputs, values)
	}
	return decider{"casbin", func(i int) (int, error) {
		_, line, err := enforcer.EnforceEx(inputs[i]...)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(line[0])
	}}, nil
}
