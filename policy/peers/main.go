// Command peers measures the routing engine beside other engines that decide by rules: the same tables, the same requests, one
// run. Each engine's answers are checked against the plain scan's before it is measured. It is a module of its own, so that the
// product depends on none of them.
//
// Everything is made as easy for the others as it can be: their requests are prepared beforehand in the form that they read,
// while the engine is given strings.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"onedoor/policy"
	"onedoor/policy/policytest"
)

func main() {
	budget := flag.Duration("budget", 300*time.Millisecond, "how long each engine is measured at each size")
	largest := flag.Int("largest", 1000, "the most rules; the others take minutes at 10,000")
	flag.Parse()
	if err := run(*budget, *largest); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// decider is one engine with one table: it answers requests by their position.
type decider struct {
	name   string
	decide func(request int) (rule int, err error)
}

// table is what every engine is given.
type table struct {
	policy   *policy.Policy
	facts    []policy.Fact // the eight that rules read
	rules    []*policy.Rule
	requests [][]policy.Value
	answers  []int // by the scan
}

func run(budget time.Duration, largest int) error {
	fmt.Println("ns for a decision")
	fmt.Println(" rules   onedoor      scan      cel-go         OPA      casbin   best of the three / onedoor")
	for _, rules := range []int{10, 100, 1000, 10_000} {
		if rules > largest {
			break
		}
		t, position := newTable(rules)
		engines := []decider{position.engine(t), position.scan(t)}
		for _, peer := range []func(*table) (decider, error){newCEL, newOPA, newCasbin} {
			d, err := peer(t)
			if err != nil {
				return err
			}
			engines = append(engines, d)
		}
		var cost []float64
		for _, e := range engines {
			if err := t.check(e); err != nil {
				return err
			}
		}
		for _, e := range engines {
			cost = append(cost, t.measure(e, budget))
		}
		fmt.Printf("%6d %9.0f %9.0f %11.0f %11.0f %11.0f %29.0f\n", rules, cost[0], cost[1], cost[2], cost[3], cost[4], slices.Min(cost[2:])/cost[0])
	}
	return nil
}

// positions finds a rule's number by its position in the policy.
type positions map[policy.Position]int

func newTable(rules int) (*table, positions) {
	p, requests := policytest.Uniform(rules, 128)
	t := &table{policy: p, facts: p.Facts()[:8], requests: requests}
	number := positions{}
	for i, at := range p.Order(policytest.Day) {
		_, rule := p.At(at)
		t.rules = append(t.rules, rule)
		number[at] = i
	}
	scan := policy.NewScan(p)
	for _, values := range requests {
		t.answers = append(t.answers, number[scan.Match(values, policytest.Day)])
	}
	return t, number
}

func (n positions) engine(t *table) decider {
	return decider{"onedoor", func(i int) (int, error) { return t.policy.Match(t.requests[i], policytest.Day).Rule, nil }}
}

func (n positions) scan(t *table) decider {
	scan := policy.NewScan(t.policy)
	return decider{"scan", func(i int) (int, error) { return scan.Match(t.requests[i], policytest.Day).Rule, nil }}
}

// check refuses an engine that answers one request otherwise than the scan.
func (t *table) check(e decider) error {
	for i, want := range t.answers {
		got, err := e.decide(i)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if got != want {
			return fmt.Errorf("%s takes rule %d for request %d of %d rules, and rule %d takes it", e.name, got, i, len(t.rules), want)
		}
	}
	return nil
}

// measure is nanoseconds for a decision: the least of several rounds, which is what the others on the machine disturbed least.
func (t *table) measure(e decider, budget time.Duration) float64 {
	const rounds = 5
	least := 0.0
	for range rounds {
		decisions, start := 0, time.Now()
		for time.Since(start) < budget/rounds {
			for i := range t.requests {
				_, _ = e.decide(i) // checked before
			}
			decisions += len(t.requests)
		}
		if cost := float64(time.Since(start).Nanoseconds()) / float64(decisions); least == 0 || cost < least {
			least = cost
		}
	}
	return least
}

// condition is a cell as the others are told it: some texts, or numbers from low to high.
type condition struct {
	fact      int
	texts     []string
	low, high int
}

func (t *table) conditions(r *policy.Rule) []condition {
	var list []condition
	for _, c := range r.When {
		n := slices.IndexFunc(t.facts, func(f policy.Fact) bool { return f.Name == c.Fact })
		f, set := &t.facts[n], c.Cell.Set()
		out := condition{fact: n}
		if f.Numeric() {
			out.low, out.high = f.Min+int(set[0].Low)-1, f.Min+int(set[len(set)-1].High)-1
		} else {
			for i, text := range f.Values {
				if set.Has(uint32(i) + 1) {
					out.texts = append(out.texts, text)
				}
			}
		}
		list = append(list, out)
	}
	return list
}

// inputs are the requests as maps, which the others read.
func (t *table) inputs() []map[string]any {
	var list []map[string]any
	for _, values := range t.requests {
		input := map[string]any{}
		for i, f := range t.facts {
			if n, ok := values[i].Number(); ok {
				input[f.Name] = int64(n)
			} else {
				input[f.Name] = values[i].String()
			}
		}
		list = append(list, input)
	}
	return list
}
