package analysis

import (
	"math/bits"

	"onedoor/app/nhs"
	"onedoor/policy"
)

// rule is one enabled rule of the tables that count, as a box.
type rule struct {
	RuleRef
	at      policy.Position
	table   *policy.Table
	rule    *policy.Rule
	box     box
	empty   bool // the safety stage decides everything that it asks for, or no moment has it
	home    bool // it keeps the request with the registered practice or the desk
	rank    int  // of the urgency it gives
	outcome int  // rules that decide the same have the same
}

// model is a policy on the days when one set of its tables counts. Its rules are in the order in which they are asked, the
// catch-all last.
type model struct {
	*layout
	policy   *policy.Policy
	written  *written
	facts    map[string]*policy.Fact
	domains  []domain
	byDomain map[string]*domain
	on       nhs.Date
	rules    []rule
	asked    map[string]bool // the facts that some rule asks for
	world    box             // the hull of what can reach the tables
	never    []box           // what cannot, inside the hull
	past     []point
	index    index
	search   search
}

// bitset is a set of rules by their place in a model.
type bitset []uint64

func (b bitset) add(i int)      { b[i>>6] |= 1 << (i & 63) }
func (b bitset) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// index tells which rules take each class of each column, and which are how urgent.
type index struct {
	words  int
	takes  [][]bitset // by column and class
	ranked [5]bitset  // by urgency's rank
	home   bitset
}

// cuts are the sets that a policy's rules ask for, in the codes of domains that hold its own.
func cuts(w *written, domains map[string]*domain, order []policy.Position) []cut {
	list := make([]cut, 0, 6*len(order))
	for _, at := range order {
		_, r := w.policy.At(at)
		for n, set := range w.cells[at.Table][at.Rule] {
			fact := r.When[n].Fact
			list = append(list, cut{fact, domains[fact].translate(w.facts[fact], set)})
		}
	}
	return list
}

// newModel makes the boxes of a policy's rules on a day. More cuts may be asked for than the rules need.
func newModel(safety, w *written, on nhs.Date, more []cut, pl *places) *model {
	p := w.policy
	facts := p.Facts()
	domains := make([]domain, len(facts))
	byName := make(map[string]*domain, len(facts))
	for i := range facts {
		domains[i] = newDomain(&facts[i])
		byName[facts[i].Name] = &domains[i]
	}
	order := p.Order(on)
	list := append(cuts(w, byName, order), cuts(safety, byName, safety.policy.Order(on))...)
	list = append(append(list, valueCuts(byName)...), pl.cuts(byName)...)
	for _, c := range more {
		if byName[c.fact] != nil {
			list = append(list, c)
		}
	}
	m := &model{layout: newLayout(domains, list), policy: p, written: w, facts: w.facts, domains: domains, byDomain: byName, on: on}
	m.world, m.never = reachable(m.layout, safety, on)
	m.rules = boxes(m.layout, w, order, m.world, map[string]int{})
	m.asked = map[string]bool{}
	for i := range m.rules {
		for _, c := range m.rules[i].rule.When {
			m.asked[c.Fact] = true
		}
	}
	m.index = newIndex(m.layout, m.rules)
	m.search = search{layout: m.layout, skip: -1}
	return m
}

// boxes are the rules of a policy, cut to the world. Outcomes numbers what they decide.
func boxes(l *layout, w *written, order []policy.Position, world box, outcomes map[string]int) []rule {
	rules := make([]rule, len(order))
	cells := make(box, len(order)*l.words)
	scratch := make(box, l.words)
	for i, at := range order {
		t, r := w.policy.At(at)
		b := cells[i*l.words : (i+1)*l.words]
		copy(b, world)
		for n, set := range w.cells[at.Table][at.Rule] {
			fact := r.When[n].Fact
			col := &l.columns[l.byName[fact]]
			col.set(scratch, col.translate(w.facts[fact], set))
			for word := col.first; word < col.last; word++ {
				b[word] &= scratch[word]
			}
		}
		key := w.outcomes[at.Table][at.Rule]
		id, known := outcomes[key]
		if !known {
			id = len(outcomes)
			outcomes[key] = id
		}
		rules[i] = rule{
			RuleRef: RuleRef{t.Name, r.ID}, at: at, table: t, rule: r, box: b, empty: l.empty(b), home: atHome(r.Then.To),
			rank: r.Then.Urgency.Rank(), outcome: id,
		}
	}
	return rules
}

// appendOutcome writes all that a rule decides.
func appendOutcome(key []byte, o *policy.Outcome) []byte {
	part := func(s string) { key = append(append(key, s...), 0) }
	part(o.To.String())
	part(o.Service)
	part(string(o.Urgency))
	for _, d := range o.Overflow {
		part("overflow " + d.String())
	}
	for _, t := range o.Tags {
		part("tag " + t)
	}
	part(o.Message)
	part(o.CareWithin.String())
	part(o.AnswerWithin.String())
	return key
}

func atHome(d policy.Destination) bool {
	return d.Kind == policy.ToRegisteredPractice || d.Kind == policy.ToDesk
}

func newIndex(l *layout, rules []rule) index {
	x := index{words: (len(rules) + 63) / 64, takes: make([][]bitset, len(l.columns))}
	x.home = make(bitset, x.words)
	for rank := range x.ranked {
		x.ranked[rank] = make(bitset, x.words)
	}
	for i := range rules {
		if x.ranked[rules[i].rank].add(i); rules[i].home {
			x.home.add(i)
		}
	}
	for c := range l.columns {
		col := &l.columns[c]
		flat := make(bitset, len(col.starts)*x.words)
		x.takes[c] = make([]bitset, len(col.starts))
		for class := range col.starts {
			x.takes[c][class] = flat[class*x.words : (class+1)*x.words]
		}
		for i := range rules {
			for class := range each(rules[i].box[col.first:col.last]) {
				x.takes[c][class].add(i)
			}
		}
	}
	return x
}

// meeting are the rules before a place whose boxes meet a region, in columns other than one that is left out (-1 for none).
func (m *model) meeting(region box, before, leaveOut int, into bitset) bitset {
	words := (before + 63) / 64
	into = into[:words]
	for w := range into {
		into[w] = ^uint64(0)
	}
	if before&63 != 0 {
		into[words-1] = 1<<(before&63) - 1
	}
	for c := range m.columns {
		col := &m.columns[c]
		if c == leaveOut || within(box(m.world[col.first:col.last]), box(region[col.first:col.last])) {
			continue
		}
		for w := range into {
			if into[w] == 0 {
				continue
			}
			any := uint64(0)
			for class := range each(region[col.first:col.last]) {
				any |= m.index.takes[c][class][w]
			}
			into[w] &= any
		}
	}
	return into
}

// list turns a set of rules into their places.
func (b bitset) list(into []int) []int {
	into = into[:0]
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			into = append(into, w<<6+bits.TrailingZeros64(word))
		}
	}
	return into
}
