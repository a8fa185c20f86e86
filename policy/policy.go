// Package policy decides where a request goes, how urgent it is and by when it must be answered, and says why.
//
// A policy is an ordered set of decision tables that a neighbourhood keeps as a YAML document; Parse reads, checks and
// compiles one. Decide is a pure function of a policy, the facts of one request, the neighbourhood's directory, the load of
// its services and a moment. It runs in three stages: the platform's own safety stage, which no neighbourhood can edit,
// reorder or shadow; the neighbourhood's tables, where the first matching rule wins; and the resolver, which turns what the
// rule names into one place that takes the request. A Decision holds all that Replay needs to give it again.
//
// The rules of all tables are compiled into bit vectors (engine): Match and Route find the rule that decides in a time that hardly
// grows with their number, and Decide besides says why. Scan asks rule after rule: it is what the engine is held against.
//
// The package reads no database and no clock, and knows nothing of who the patient is. Facts come from the catalogue and
// the patient's registration; decisions go to package requests.
package policy

import (
	"slices"
	"time"

	"onedoor/app/nhs"
)

// Policy is one version of a neighbourhood's rules, checked and compiled. It never changes and is safe for concurrent use.
type Policy struct {
	name     string
	document []byte
	hash     string
	facts    []Fact // the document's own, then the platform's
	declared int    // how many are the document's own
	tables   []Table
	cases    []Case
	program  program
	engine   engine
	overview overview
	words    []atomicWords // of each rule of the program
}

// Name is what the document calls itself.
func (p *Policy) Name() string { return p.name }

// Hash identifies the meaning of the document: SHA-256, in hexadecimal, of its canonical form. Comments and layout do not count.
func (p *Policy) Hash() string { return p.hash }

// Document is the YAML that was parsed, as it was written.
func (p *Policy) Document() []byte { return slices.Clone(p.document) }

// Cases are the test cases that stand beside the rules.
func (p *Policy) Cases() []Case { return slices.Clone(p.cases) }

// Facts are the inputs that rules may read, in document order and then the platform's own.
func (p *Policy) Facts() []Fact { return slices.Clone(p.facts) }

// Declared are the facts that the document itself declares, in its order.
func (p *Policy) Declared() []Fact { return slices.Clone(p.facts[:p.declared]) }

// Tables are the decision tables in the order in which they are asked.
func (p *Policy) Tables() []Table { return slices.Clone(p.tables) }

// Rule finds a rule by the names that a decision gives.
func (p *Policy) Rule(table, id string) (Rule, bool) {
	for _, t := range p.tables {
		if t.Name != table {
			continue
		}
		for _, r := range t.Rules {
			if r.ID == id {
				return r, true
			}
		}
	}
	return Rule{}, false
}

// HitPolicy says what happens when several rules of a table match, in the words of OMG DMN.
type HitPolicy string

// The hit policies of routing tables. Unique says that no two rules match one request, Any that rules which do decide the
// same; that is proven before a policy is published, by package analysis, and where it does not hold the first rule wins.
const (
	First    HitPolicy = "first"    // the first matching rule wins
	Unique   HitPolicy = "unique"   // one rule at most matches
	Any      HitPolicy = "any"      // rules that match decide the same
	Priority HitPolicy = "priority" // the most urgent wins; of those, the first
)

// Hit policies that give several outcomes: for tables that are evaluated by themselves, by package dmn. A routing policy that
// asks for one is refused.
const (
	Collect     HitPolicy = "collect"
	RuleOrder   HitPolicy = "rule order"
	OutputOrder HitPolicy = "output order"
)

// Table is a decision table. When none of its rules matches, the next table is asked.
type Table struct {
	Name  string
	Hit   HitPolicy
	From  nhs.Date // the first day it counts; zero for always
	Until nhs.Date // the last day it counts; zero for no end
	Rules []Rule
}

// Active reports whether a table counts on a day.
func (t *Table) Active(on nhs.Date) bool {
	return (t.From.IsZero() || !on.Before(t.From)) && (t.Until.IsZero() || !t.Until.Before(on))
}

// Rule is one row: a box of facts and what follows from it.
type Rule struct {
	ID       string
	When     []Condition // in document order; a fact that is not named may be anything
	Then     Outcome
	Note     string
	Disabled bool            // kept, and never matches
	IfDrifts DestinationKind // where its requests go while an alarm on the rule stands; nothing for an alarm alone
}

// Condition is one cell of a row.
type Condition struct {
	Fact string
	Cell Cell
	fact int // its position among the policy's facts
}

// Outcome is what a rule decides.
type Outcome struct {
	To           Destination
	Service      string        // the slug of the service wanted at an organisation that To names
	Urgency      Urgency       // what the machine gives; provisional
	Overflow     []Destination // tried in order when To does not serve
	Tags         []string
	Message      string        // a code of patient words, used when the request goes where the rule says
	CareWithin   time.Duration // zero when the rule sets no time for the care itself
	AnswerWithin time.Duration // shortens the answer's time; zero leaves it
}
