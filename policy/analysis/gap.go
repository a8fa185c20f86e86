package analysis

import (
	"fmt"

	"onedoor/policy"
)

// kindOf is the fact by which gaps are told apart.
const kindOf = "kind"

// mostPieces is how many boxes of one gap are looked at to find the one to show.
const mostPieces = 64

// findGaps asks, for each kind of request, what only the catch-all takes.
func (r *run) findGaps() error {
	m := r.model
	at, ok := m.byName[kindOf]
	if !ok || len(m.columns[at].texts) == 0 || !m.asked[kindOf] {
		r.keepGap("", func() reply { return r.gap(m.world, nil, 0) })
		return nil
	}
	c := &m.columns[at]
	for code := uint32(0); code < c.foreign(); code++ {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		class := c.class(code)
		region := append(box(nil), m.world...)
		clear(region[c.first:c.last])
		region[c.first+class>>6] = m.world[c.first+class>>6] & (1 << (class & 63))
		if m.empty(region) {
			continue
		}
		r.keepGap(c.value(code).String(), func() reply { return r.gap(region, c, code) })
	}
	return nil
}

func (r *run) keepGap(kind string, fresh func() reply) {
	r.gaps[kind] = r.ask(r.earlier.gaps[kind], fresh)
	r.kinds = append(r.kinds, kind)
}

// gap is what all rules but the catch-all leave of a region: of one kind of request, or of all. Values that no policy declares are
// left out: no rule can ask for them.
func (r *run) gap(region box, kind *column, code uint32) reply {
	m := r.model
	met, world := region, m.declared(m.world)
	region = m.declared(region)
	if m.empty(region) {
		return reply{}
	}
	catchAll := len(m.rules) - 1
	_, taken := m.before(region, catchAll)
	s := &m.search
	s.steps, s.limit, s.used = 0, perQuestion, nil
	best, size, weight, pieces := box(nil), 0.0, 0, 0
	ended := s.left(region, taken, func(b box) bool {
		pieces++
		if n, w := m.size(b), m.met(b); best == nil || w > weight || w == weight && n > size {
			best, size, weight = append(best[:0], b...), n, w
		}
		return pieces < mostPieces
	})
	if best == nil {
		return reply{open: ended == open, steps: s.steps}
	}
	last := &m.rules[catchAll]
	f := Finding{Kind: Gap, Severity: Note, Witness: m.witness(best), Weight: m.taken(met, taken), Key: key(Gap)}
	where := m.where(best, world, kindOf)
	switch {
	case where != "" && pieces > 1:
		where = ", among others when " + where
	case where != "":
		where = ", when " + where
	}
	switch {
	case kind == nil:
		f.Says = fmt.Sprintf("There are requests that only the last rule, %s, takes%s.", last.Rule, where)
	case code == 0:
		f.Fact, f.Key = kindOf, key(Gap, kindOf, "unknown")
		f.Witness = withKind(f.Witness, policy.Value{})
		f.Says = fmt.Sprintf("A request whose kind is not known is taken only by the last rule, %s%s.", last.Rule, where)
	default:
		value := kind.value(code)
		f.Fact, f.Key = kindOf, key(Gap, kindOf, value.String())
		f.Witness = withKind(f.Witness, value)
		f.Says = fmt.Sprintf("Some requests of the kind %s are taken only by the last rule, %s%s.", spoken(value.String()), last.Rule, where)
		if !m.named(kind, code) {
			f.Severity = Warning
			f.Says = fmt.Sprintf("No rule is for requests of the kind %s: the last rule, %s, takes them%s.", spoken(value.String()), last.Rule, where)
		}
	}
	if f.Weight > 0 {
		f.Says += fmt.Sprintf(" It would have met %s of the past.", counted(f.Weight, "request"))
	}
	return reply{findings: []Finding{f}, steps: s.steps}
}

// declared is a region without the values that the policy does not declare.
func (l *layout) declared(region box) box {
	b := append(box(nil), region...)
	for i := range l.columns {
		c := &l.columns[i]
		class := len(c.starts) - 1
		b[c.first+class>>6] &^= 1 << (class & 63)
	}
	return b
}

// named reports whether a rule other than the catch-all asks for a kind by name.
func (m *model) named(kind *column, code uint32) bool {
	for i := range m.rules[:len(m.rules)-1] {
		for _, c := range m.rules[i].rule.When {
			if c.Fact == kind.name && c.Cell.Set().Has(code) {
				return true
			}
		}
	}
	return false
}

// taken counts the past requests of a region that are in none of some boxes.
func (m *model) taken(region box, boxes []box) int {
	n := 0
next:
	for i := range m.past {
		if !m.holds(region, &m.past[i]) {
			continue
		}
		for _, b := range boxes {
			if m.holds(b, &m.past[i]) {
				continue next
			}
		}
		n += m.past[i].count
	}
	return n
}

func withKind(facts policy.Facts, kind policy.Value) policy.Facts {
	if delete(facts, kindOf); kind.Known() {
		facts[kindOf] = kind
	}
	return facts
}
