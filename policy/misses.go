package policy

import "math/bits"

// overview is vectors over all rules of the program, for what has to look at many of them: which rules failed on one fact
// alone, and which rule comes after the one that decided.
type overview struct {
	words int
	bases []uint32 // of each column's vectors, in bits
	bits  []uint64
	exact bool
	kind  int      // the column of the request's kind; below 0 when no rule asks for it
	homes []uint64 // the rules that send to the registered practice
}

func (b *builder) buildOverview(p *Policy) {
	o := &p.overview
	all := make([]int, len(b.rows))
	for i := range all {
		all[i] = i
	}
	o.words, o.exact, o.kind = (len(all)+63)/64, true, -1
	kept := b.bits
	b.bits = nil
	for i := range b.columns {
		o.bases = append(o.bases, b.addVectors(i, all, o.words))
		o.exact = o.exact && b.columns[i].group == nil
		if d := b.columns[i].domain; d != nil && d.Name == factKind {
			o.kind = i
		}
	}
	o.bits, b.bits = b.bits, kept
	o.homes = make([]uint64, o.words)
	for i := range p.program.rules {
		if p.program.rules[i].rule.Then.To.Kind == ToRegisteredPractice {
			o.homes[i/64] |= 1 << (i % 64)
		}
	}
}

// vectorsOf are where the vectors of a request's classes begin, by column. They are put where there is room.
func (p *Policy) vectorsOf(values []Value, day class, room []uint32) []uint32 {
	e, o := &p.engine, &p.overview
	if len(e.columns) > len(room) {
		room = make([]uint32, len(e.columns))
	}
	starts := room[:len(e.columns)]
	for i := range starts {
		of := day
		if e.columns[i].domain != nil {
			of = e.lookups[i].find(&values[e.lookups[i].fact])
		}
		starts[i] = o.bases[i] + uint32(o.words)*uint32(e.columns[i].grouped(of)) //nolint:gosec // a few hundred words
	}
	return starts
}

// nextHome is the first rule after another that takes a request and sends it to the registered practice.
func (p *Policy) nextHome(after int, values []Value, day class) (rule int, ok bool) {
	o := &p.overview
	var room [fewColumns]uint32
	starts := p.vectorsOf(values, day, room[:])
	for w := (after + 1) / 64; w < o.words; w++ {
		left := o.homes[w]
		if w == (after+1)/64 {
			left &= ^uint64(0) << ((after + 1) % 64)
		}
		for _, start := range starts {
			left &= o.bits[int(start)+w]
		}
		for ; left != 0; left &= left - 1 {
			if rule := w*64 + bits.TrailingZeros64(left); o.exact || p.takesAll(rule, values) {
				return rule, true
			}
		}
	}
	return 0, false
}

// maxNearMisses is how many a decision tells.
const maxNearMisses = 10

// NearMiss is an earlier rule, for the same kind of request, that failed on exactly one fact.
type NearMiss struct {
	Table string `json:"table"`
	Rule  string `json:"rule"`
	Fact  string `json:"fact"`
	Needs string `json:"needs"` // after "is": 18 or over
	Was   string `json:"was"`   // 17, or not known
}

// nearMisses are told in the order in which the rules are asked. The vectors count, for 64 rules at once, on how many facts
// each failed: none, one, or more.
func (p *Policy) nearMisses(winner int, values []Value, day class) []NearMiss {
	e, o := &p.engine, &p.overview
	if winner == 0 {
		return nil
	}
	var misses []NearMiss
	var room [fewColumns]uint32
	starts := p.vectorsOf(values, day, room[:])
	for w := range (winner + 63) / 64 {
		same := ^uint64(0) // rules of tables that count today, for this kind of request
		if last := winner - w*64; last < 64 {
			same = 1<<last - 1
		}
		once, twice := uint64(0), uint64(0)
		for i, start := range starts {
			takes := o.bits[int(start)+w]
			if i == o.kind || len(e.days) > 0 && i == e.day {
				same &= takes
				continue
			}
			twice |= once &^ takes
			once |= ^takes
		}
		left := same &^ twice
		if o.exact {
			left &= once
		}
		for ; left != 0; left &= left - 1 {
			miss, ok := p.nearMiss(w*64+bits.TrailingZeros64(left), values)
			if !ok {
				continue
			}
			if misses = append(misses, miss); len(misses) == maxNearMisses {
				return misses
			}
		}
	}
	return misses
}

// nearMiss tells the one fact that a rule failed on.
func (p *Policy) nearMiss(rule int, values []Value) (NearMiss, bool) {
	r := &p.program.rules[rule]
	failed := -1
	for i := range r.rule.When {
		c := &r.rule.When[i]
		if c.Cell.set.Has(p.facts[c.fact].code(values[c.fact])) {
			continue
		}
		if failed >= 0 {
			return NearMiss{}, false
		}
		failed = i
	}
	if failed < 0 || r.rule.When[failed].Fact == factKind {
		return NearMiss{}, false
	}
	fact := &p.facts[r.rule.When[failed].fact]
	return NearMiss{r.table.Name, r.rule.ID, fact.Name, p.wordsOf(rule).cells[failed].needs, fact.say(values[r.rule.When[failed].fact])}, true
}
