package policy

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
)

// maxProblems is how many problems of one document are told at once.
const maxProblems = 50

// place is where in a document something stands.
type place struct {
	table, rule, column string
	inCase              string
	pointer             string
}

// under is a place one key or position further in.
func (p place) under(step any) place {
	p.pointer += "/" + strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(step), "~", "~0"), "/", "~1")
	return p
}

func (p place) words(line int) string {
	var list []string
	if line > 0 {
		list = append(list, fmt.Sprintf("line %d", line))
	}
	for _, part := range []struct{ what, name string }{{"table", p.table}, {"rule", p.rule}, {"case", p.inCase}, {"column", p.column}} {
		if part.name != "" {
			list = append(list, part.what+" "+quote(part.name))
		}
	}
	if len(list) == 0 {
		return ""
	}
	list[0] = strings.ToUpper(list[0][:1]) + list[0][1:]
	return strings.Join(list, ", ") + ": "
}

// problem is one thing that is wrong with a document.
type problem struct {
	fault.Field
	place place
	line  int
}

// problems gathers what is wrong, so that an author sees all of it at once.
type problems struct {
	found []problem
}

// full reports that there is no use in reading on.
func (ps *problems) full() bool { return len(ps.found) == maxProblems }

func (ps *problems) fine() bool { return len(ps.found) == 0 }

// add notes a problem; says is a sentence without its end.
func (ps *problems) add(code string, at place, node *yaml.Node, format string, args ...any) {
	if ps.full() {
		return
	}
	line := 0
	if node != nil {
		line = node.Line
	}
	says := at.words(line) + fmt.Sprintf(format, args...) + "."
	if line == 0 && at.words(0) == "" {
		says = strings.ToUpper(says[:1]) + says[1:]
	}
	ps.found = append(ps.found, problem{fault.Field{Pointer: at.pointer, Code: code, Says: says}, at, line})
}

// err is one refusal that holds every problem; its sentence is the first one's.
func (ps *problems) err() error {
	if len(ps.found) == 0 {
		return nil
	}
	first := ps.found[0]
	refusal := fault.New(fault.Invalid, first.Code, "%s", first.Says)
	switch more := len(ps.found) - 1; {
	case ps.full():
		refusal.Says += fmt.Sprintf(" There are at least %d more problems.", more)
	case more == 1:
		refusal.Says += " There is 1 more problem."
	case more > 1:
		refusal.Says += fmt.Sprintf(" There are %d more problems.", more)
	}
	for _, p := range ps.found {
		refusal.Fields = append(refusal.Fields, p.Field)
	}
	for name, value := range map[string]string{"table": first.place.table, "rule": first.place.rule, "column": first.place.column, "case": first.place.inCase} {
		if value != "" {
			refusal = refusal.With(name, value)
		}
	}
	if first.line > 0 {
		refusal = refusal.With("line", first.line)
	}
	return refusal
}
