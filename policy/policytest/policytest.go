// Package policytest makes policies and requests at random: what tests hold the engine, its analysis and the simulation
// against, and what benchmarks measure. It draws from the caller's random numbers alone, so that whatever it found can be
// found again; it decides nothing, and the product does not use it.
package policytest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"

	"onedoor/policy"
)

// Shape says what a random policy is like. What is zero takes a usual value.
type Shape struct {
	Rules  int // how many, besides the catch-all: 20
	Facts  int // how many the rules may read: 5
	Tables int // over how many tables the rules are spread: 1
	Values int // how many an enumeration has at most: 6
	Range  int // how many numbers a range has at most: 40
	// Plain leaves out dated tables, disabled rules and every hit policy but first.
	Plain bool
}

func (s Shape) usual() Shape {
	for _, part := range []struct {
		value *int
		usual int
	}{{&s.Rules, 20}, {&s.Facts, 5}, {&s.Tables, 1}, {&s.Values, 6}, {&s.Range, 40}} {
		if *part.value == 0 {
			*part.value = part.usual
		}
	}
	return s
}

// Policy is a random policy: facts f0, f1 and so on, tables t0, t1 and so on, rules r0, r1 and so on through all tables, and a
// catch-all in a table of its own.
func Policy(r *rand.Rand, s Shape) *policy.Policy {
	return Parse(Document(r, s))
}

// Parse reads a document that is known to be good.
func Parse(document []byte) *policy.Policy {
	p, err := policy.Parse(document)
	if err != nil {
		panic("a document of policytest's own is refused: " + err.Error())
	}
	return p
}

// Document is what Policy parses.
func Document(r *rand.Rand, s Shape) []byte {
	s = s.usual()
	w := &writer{Rand: r, shape: s}
	w.WriteString("policy: random\nfacts:\n")
	for i := range s.Facts {
		w.fact(i)
	}
	w.WriteString("tables:\n")
	written := 0
	for t := range s.Tables {
		until := s.Rules * (t + 1) / s.Tables
		if until > written {
			w.table(t, written, until)
		}
		written = until
	}
	w.WriteString("  - name: rest\n    rules: [{ id: catch-all, then: { to: desk, urgency: soon } }]\n")
	return []byte(w.String())
}

// writer writes one document. It remembers the facts, so that cells fit them.
type writer struct {
	strings.Builder
	*rand.Rand
	shape Shape
	sizes []int // of each fact; a range's is negative
}

func (w *writer) chance(oneIn int) bool { return w.IntN(oneIn) == 0 }

func (w *writer) fact(i int) {
	if w.IntN(5) < 3 {
		size := 1 + w.IntN(w.shape.Values)
		w.sizes = append(w.sizes, size)
		fmt.Fprintf(w, "  f%d: [%s]\n", i, strings.Join(values(size), ", "))
		return
	}
	size := 2 + w.IntN(max(1, w.shape.Range-1))
	w.sizes = append(w.sizes, -size)
	fmt.Fprintf(w, "  f%d: 0..%d\n", i, size-1)
}

func values(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("v%d", i)
	}
	return list
}

func (w *writer) table(t, first, until int) {
	fmt.Fprintf(w, "  - name: t%d\n", t)
	if !w.shape.Plain {
		fmt.Fprintf(w, "    hit: %s\n", pick(w.Rand, policy.First, policy.First, policy.Unique, policy.Any, policy.Priority))
		if w.chance(3) {
			fmt.Fprintf(w, "    from: 2026-%02d-01\n", 1+w.IntN(6))
		}
		if w.chance(3) {
			fmt.Fprintf(w, "    until: 2026-%02d-15\n", 6+w.IntN(7))
		}
	}
	w.WriteString("    rules:\n")
	for i := first; i < until; i++ {
		fmt.Fprintf(w, "      - { id: r%d, ", i)
		if !w.shape.Plain && w.chance(12) {
			w.WriteString("disabled: true, ")
		}
		w.WriteString("when: {")
		for f := range w.sizes {
			if w.IntN(5) < 3 {
				fmt.Fprintf(w, " f%d: '%s',", f, w.cell(f))
			}
		}
		fmt.Fprintf(w, " }, then: { to: %s, urgency: %s } }\n",
			pick(w.Rand, "registered-practice", "desk", "'service:physiotherapy'", "'capability:physio'"), pick(w.Rand, policy.Urgent, policy.Soon, policy.Routine))
	}
}

// cell is a random test that some value of the fact satisfies.
func (w *writer) cell(f int) string {
	size := w.sizes[f]
	if size < 0 {
		return w.span(-size)
	}
	some := values(size)
	w.Shuffle(size, func(i, j int) { some[i], some[j] = some[j], some[i] })
	some = some[:1+w.IntN(min(3, size))]
	list := `"` + strings.Join(some, `", "`) + `"`
	switch {
	case w.chance(10):
		return pick(w.Rand, "-", "unknown", "not(unknown)")
	case w.chance(5) && len(some) < size:
		return "not(" + list + ")"
	case w.chance(6):
		return list + ", unknown"
	}
	return list
}

func (w *writer) span(size int) string {
	low := w.IntN(size)
	high := low + w.IntN(size-low)
	switch w.IntN(12) {
	case 0:
		return pick(w.Rand, "-", "unknown", "not(unknown)")
	case 1:
		return fmt.Sprint(low)
	case 2:
		return fmt.Sprintf("< %d", max(1, low)) + pick(w.Rand, "", ", unknown")
	case 3, 4:
		return fmt.Sprintf(">= %d", low)
	case 5:
		return fmt.Sprintf("<= %d, %d", low, high)
	case 6:
		if high-low < size-1 {
			return fmt.Sprintf("not([%d..%d])", low, high)
		}
	case 7:
		if low > 0 {
			return fmt.Sprintf("(%d..%d]", low-1, high)
		}
	}
	return fmt.Sprintf("[%d..%d]", low, high)
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// Values are one request's answers, in the order of the policy's Facts. Now and then nothing is known, or the value is one
// that the policy does not declare.
func Values(r *rand.Rand, p *policy.Policy) []policy.Value {
	facts := p.Facts()
	list := make([]policy.Value, len(facts))
	for i := range facts {
		list[i] = value(r, &facts[i])
	}
	return list
}

func value(r *rand.Rand, f *policy.Fact) policy.Value {
	switch n := r.IntN(40); {
	case n < 5:
		return policy.Value{}
	case n < 7:
		return pick(r, policy.Text("foreign"), policy.Text("v"), policy.Int(f.Max+1), policy.Int(f.Min-1), policy.Int(1<<40))
	case f.Numeric():
		return policy.Int(f.Min + r.IntN(f.Size()))
	}
	return policy.Text(pick(r, f.Values...))
}

// Facts are values by the names of the policy's facts.
func Facts(p *policy.Policy, values []policy.Value) policy.Facts {
	facts := policy.Facts{}
	for i, f := range p.Facts() {
		if values[i].Known() {
			facts[f.Name] = values[i]
		}
	}
	return facts
}

// Every is every combination of answers to the facts that some rule reads: unknown, each declared value, and, if wanted, one
// that is not declared; facts that no rule reads stay unknown. The slice is used again for the next one. Combinations says
// first how many there are.
func Every(p *policy.Policy, foreign bool) iter.Seq[[]policy.Value] {
	domains := domains(p, foreign)
	return func(yield func([]policy.Value) bool) {
		list, at := make([]policy.Value, len(domains)), make([]int, len(domains))
		for {
			for i := range domains {
				list[i] = domains[i][at[i]]
			}
			if !yield(list) {
				return
			}
			i := 0
			for ; i < len(at); i++ {
				if at[i]++; at[i] < len(domains[i]) {
					break
				}
				at[i] = 0
			}
			if i == len(at) {
				return
			}
		}
	}
}

// Combinations is how many Every gives.
func Combinations(p *policy.Policy, foreign bool) int {
	n := 1
	for _, domain := range domains(p, foreign) {
		n *= len(domain)
	}
	return n
}

func domains(p *policy.Policy, foreign bool) [][]policy.Value {
	read := map[string]bool{}
	for _, t := range p.Tables() {
		for _, r := range t.Rules {
			for _, c := range r.When {
				read[c.Fact] = true
			}
		}
	}
	var list [][]policy.Value
	for _, f := range p.Facts() {
		domain := []policy.Value{{}}
		if read[f.Name] {
			for i := range f.Size() {
				if f.Numeric() {
					domain = append(domain, policy.Int(f.Min+i))
				} else {
					domain = append(domain, policy.Text(f.Values[i]))
				}
			}
			if foreign {
				domain = append(domain, policy.Text("foreign"))
			}
		}
		list = append(list, domain)
	}
	return list
}
