package analysis

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
)

// Side is what one version decides.
type Side struct {
	Table    string         `json:"table"`
	Rule     string         `json:"rule"`
	Sentence string         `json:"sentence"`
	Outcome  policy.Outcome `json:"-"`
	To       string         `json:"to"` // as a policy writes it
	Service  string         `json:"service,omitempty"`
	Urgency  policy.Urgency `json:"urgency"`
}

// Region is a box of requests that two versions decide otherwise: to another place, by another way when that cannot take it, as
// urgent otherwise, in another time, or with other words or tags. Another rule that decides the same is no difference.
type Region struct {
	// Box is a cell for each fact that the region narrows. A cell may name "undeclared", the values that neither version declares.
	Box     map[string]string `json:"box"`
	Witness policy.Facts      `json:"witness"`
	From    Side              `json:"from"`
	To      Side              `json:"to"`
	Begins  nhs.Date          `json:"begins"` // the first day on which it holds; zero for from the day asked for
	Ends    nhs.Date          `json:"ends"`   // the last; zero for no end
	Weight  int               `json:"weight,omitempty"`
	Says    string            `json:"says"`
}

// Difference is every request that two versions decide otherwise, as disjoint boxes, those most met in the past first; it is
// complete unless the budget ended before. Only requests that can reach the tables count. The error is the context's.
func Difference(ctx context.Context, old, new *policy.Policy, o Options) (regions []Region, complete bool, err error) {
	return difference(ctx, policy.Safety(), old, new, o)
}

// comparison is two versions on the days when one set of their tables counts, in one layout.
type comparison struct {
	*layout
	world    box
	never    []box
	old, new []rule
	search   search
	steps    int
	limit    int
	found    map[[2]int][]box // by place of the two rules
	pairs    [][2]int
}

func difference(ctx context.Context, safety, old, new *policy.Policy, o Options) ([]Region, bool, error) {
	if old == nil || new == nil {
		return nil, false, fault.New(fault.Invalid, "analysis_policy", "There is no policy to compare.")
	}
	limit := o.Budget
	if limit == 0 {
		limit = DefaultBudget
	}
	domains := joinDomains(old, new)
	past := points(domains, o.Past)
	var regions []Region
	complete := true
	for _, s := range seasons(o.On, append(old.Tables(), new.Tables()...)) {
		c := newComparison(newWritten(safety), newWritten(old), newWritten(new), domains, s.on)
		c.limit = limit
		ended, err := c.compare(ctx)
		if err != nil {
			return nil, false, err
		}
		complete = complete && ended
		limit -= c.steps
		for _, when := range s.when {
			regions = append(regions, c.regions(past, when)...)
		}
	}
	slices.SortStableFunc(regions, func(a, b Region) int { return cmp.Compare(b.Weight, a.Weight) })
	return regions, complete, nil
}

// joinDomains are the values of the facts of two versions.
func joinDomains(old, new *policy.Policy) []domain {
	var domains []domain
	at := map[string]int{}
	for _, f := range append(old.Facts(), new.Facts()...) {
		if i, known := at[f.Name]; known {
			domains[i] = domains[i].join(&f)
			continue
		}
		at[f.Name] = len(domains)
		domains = append(domains, newDomain(&f))
	}
	return domains
}

func newComparison(safety, old, new *written, domains []domain, on nhs.Date) *comparison {
	byName := map[string]*domain{}
	for i := range domains {
		byName[domains[i].name] = &domains[i]
	}
	orders := [2][]policy.Position{old.policy.Order(on), new.policy.Order(on)}
	list := append(cuts(safety, byName, safety.policy.Order(on)), valueCuts(byName)...)
	list = append(append(list, cuts(old, byName, orders[0])...), cuts(new, byName, orders[1])...)
	c := &comparison{layout: newLayout(domains, list), found: map[[2]int][]box{}}
	c.world, c.never = reachable(c.layout, safety, on)
	outcomes := map[string]int{}
	c.old, c.new = boxes(c.layout, old, orders[0], c.world, outcomes), boxes(c.layout, new, orders[1], c.world, outcomes)
	c.search = search{layout: c.layout, skip: -1}
	return c
}

// place is a rule in the merged order of two versions. A rule that both have is one place.
type place struct{ old, new int } // -1 where a version has no such rule

// compare walks the merged order. Where a rule that both versions have comes first they agree; so it is enough to look at what the
// others win there, and at what the other version then does.
func (c *comparison) compare(ctx context.Context) (complete bool, err error) {
	var before []box
	old, new := 0, 0 // the rules of each version that are still to come
	for _, at := range c.merged() {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		it := &rule{}
		if at.old >= 0 {
			it, old = &c.old[at.old], at.old+1
		}
		if at.new >= 0 {
			it, new = &c.new[at.new], at.new+1
		}
		switch {
		case it.empty:
			continue
		case at.new < 0:
			complete = c.wins(it, before, c.new, new, func(b box, other int) { c.differs(at.old, other, b) })
		case at.old < 0:
			complete = c.wins(it, before, c.old, old, func(b box, other int) { c.differs(other, at.new, b) })
		}
		if before = append(before, it.box); (at.old < 0 || at.new < 0) && !complete {
			return false, nil
		}
	}
	return true, nil
}

// wins walks what a rule that one version alone has wins, and yields which rule of the other version takes each part of it.
func (c *comparison) wins(it *rule, before []box, others []rule, from int, yield func(box, int)) bool {
	taken := slices.Clone(c.never)
	for _, b := range before {
		if c.meets(it.box, b) {
			taken = append(taken, b)
		}
	}
	c.search.steps, c.search.limit = 0, c.limit-c.steps
	walked := true
	ended := c.search.left(it.box, taken, func(b box) bool {
		walked = c.walk(slices.Clone(b), others, from, yield)
		return walked
	})
	c.steps += c.search.steps
	return ended == nothing && walked
}

// walk splits a box by the first of some rules that takes each part. The last rule of a version takes all that is left.
func (c *comparison) walk(b box, others []rule, from int, yield func(box, int)) bool {
	for i := from; i < len(others); i++ {
		if c.steps++; c.steps > c.limit {
			return false
		}
		taken := others[i].box
		if others[i].empty || !c.meets(b, taken) {
			continue
		}
		yield(c.intersect(b, taken), i)
		for k := range c.columns {
			col := &c.columns[k]
			out := slices.Clone(b)
			some := false
			for w := col.first; w < col.last; w++ {
				out[w] &^= taken[w]
				some = some || out[w] != 0
				b[w] &= taken[w]
			}
			if some && !c.walk(out, others, i+1, yield) {
				return false
			}
		}
		return true
	}
	return true
}

func (c *comparison) differs(old, new int, b box) {
	if c.old[old].outcome == c.new[new].outcome {
		return
	}
	pair := [2]int{old, new}
	if c.found[pair] == nil {
		c.pairs = append(c.pairs, pair)
	}
	c.found[pair] = append(c.found[pair], b)
}

// merged is one order of the rules of both versions that keeps the order of each. Rules with one box and one outcome are one place,
// as many as can be without crossing.
func (c *comparison) merged() []place {
	byKey := map[string][]int{}
	for i := range c.old {
		k := c.old[i].key()
		byKey[k] = append(byKey[k], i)
	}
	match := make([]int, len(c.new)) // by new rule, the old one like it, or -1
	for i := range c.new {
		match[i] = -1
		if list := byKey[c.new[i].key()]; len(list) > 0 {
			match[i], byKey[c.new[i].key()] = list[0], list[1:]
		}
	}
	kept := rising(match)
	var list []place
	old := 0
	for i := range c.new {
		if !kept[i] {
			list = append(list, place{-1, i})
			continue
		}
		for ; old < match[i]; old++ {
			list = append(list, place{old, -1})
		}
		list = append(list, place{match[i], i})
		old++
	}
	for ; old < len(c.old); old++ {
		list = append(list, place{old, -1})
	}
	return list
}

// key is equal for rules of both versions that take and decide the same.
func (r *rule) key() string {
	k := make([]byte, 0, 8*len(r.box)+8)
	for _, word := range r.box {
		k = binary.LittleEndian.AppendUint64(k, word)
	}
	return string(binary.LittleEndian.AppendUint64(k, uint64(r.outcome))) //nolint:gosec // counted from 0
}

// rising marks a longest rising subsequence of the numbers that are not negative.
func rising(numbers []int) []bool {
	var tails []int // by length, the place of the smallest last number
	before := make([]int, len(numbers))
	for i, n := range numbers {
		if n < 0 {
			continue
		}
		length, _ := slices.BinarySearchFunc(tails, n, func(at, n int) int { return cmp.Compare(numbers[at], n) })
		before[i] = -1
		if length > 0 {
			before[i] = tails[length-1]
		}
		tails = append(tails[:length], append([]int{i}, tails[min(length+1, len(tails)):]...)...)
	}
	marked := make([]bool, len(numbers))
	if len(tails) > 0 {
		for at := tails[len(tails)-1]; at >= 0; at = before[at] {
			marked[at] = true
		}
	}
	return marked
}

// regions are what was found, boxes that make one box joined.
func (c *comparison) regions(past []point, when stretch) []Region {
	var list []Region
	for _, pair := range c.pairs {
		from, to := side(&c.old[pair[0]]), side(&c.new[pair[1]])
		for _, b := range c.join(c.found[pair]) {
			r := Region{Box: map[string]string{}, Witness: c.witness(b), From: from, To: to, Begins: when.from, Ends: when.until, Weight: c.count(b, past)}
			for i := range c.columns {
				if cell := c.columns[i].cell(b, c.world); cell != "-" {
					r.Box[c.columns[i].name] = cell
				}
			}
			r.Says = sayChange(c.where(b, c.world, ""), from, to, r.Weight)
			list = append(list, r)
		}
	}
	return list
}

// join puts boxes together that differ in one column alone, until none do.
func (c *comparison) join(list []box) []box {
	for joined := true; joined && len(list) > 1; {
		joined = false
		for i := range c.columns {
			col := &c.columns[i]
			rest := map[string]int{}
			kept := list[:0]
			for _, b := range list {
				k := (&rule{box: append(slices.Clone(b[:col.first]), b[col.last:]...)}).key()
				at, known := rest[k]
				if !known {
					rest[k] = len(kept)
					kept = append(kept, b)
					continue
				}
				for w := col.first; w < col.last; w++ {
					kept[at][w] |= b[w]
				}
				joined = true
			}
			list = kept
		}
	}
	return list
}

func side(r *rule) Side {
	return Side{
		Table: r.Table, Rule: r.Rule, Sentence: r.rule.Sentence(), Outcome: r.rule.Then,
		To: r.rule.Then.To.String(), Service: r.rule.Then.Service, Urgency: r.rule.Then.Urgency,
	}
}

func sayChange(where string, from, to Side, weight int) string {
	if where == "" {
		where = "Every request"
	} else {
		where = "When " + where + ", a request"
	}
	says := fmt.Sprintf("%s that goes to %s by rule %s goes to %s by rule %s", where, decided(from), from.Rule, decided(to), to.Rule)
	if decided(from) == decided(to) {
		says = fmt.Sprintf("%s goes to %s by rule %s instead of rule %s, and %s", where, decided(to), to.Rule, from.Rule, changed(&from.Outcome, &to.Outcome))
	}
	if weight > 0 {
		says += fmt.Sprintf(": %s of the past", counted(weight, "request"))
	}
	return says + "."
}

func decided(s Side) string {
	words := s.Outcome.To.Words()
	if s.Service != "" {
		words += " for " + spoken(s.Service)
	}
	return words + ", as " + string(s.Urgency) + ","
}

// changed says what differs between outcomes with one destination and urgency.
func changed(a, b *policy.Outcome) string {
	var list []string
	for _, part := range []struct {
		what string
		same bool
	}{
		{"where it goes if that cannot take it", slices.Equal(a.Overflow, b.Overflow)},
		{"its tags", slices.Equal(a.Tags, b.Tags)},
		{"what the patient is told", a.Message == b.Message},
		{"when it must be answered", a.AnswerWithin == b.AnswerWithin},
		{"when care is due", a.CareWithin == b.CareWithin},
	} {
		if !part.same {
			list = append(list, part.what)
		}
	}
	return "what changes is " + joined(list, " and ")
}
