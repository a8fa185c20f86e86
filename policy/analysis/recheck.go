package analysis

import (
	"slices"

	"onedoor/policy"
)

// memory is what a report remembers of each season.
type memory []recollection

// recollection is one season's model and answers. In a memory handed to a recheck, it also says what was edited.
type recollection struct {
	model  *model
	rules  []answers
	gaps   map[string]*reply
	short  bool
	active []bool
	places *places

	cuts    []cut // of the rule as it was
	points  []point
	edited  *rule // as it was, in its own model; nil when it is new
	changed RuleRef
}

func (m memory) season(i int) *recollection {
	if i < len(m) {
		return &m[i]
	}
	return &recollection{}
}

// remember is what of this report holds for an edited policy: nothing, unless one rule alone differs.
func (r *Report) remember(p *policy.Policy, changed RuleRef, o Options) memory {
	if p == nil || !sameOptions(r.options, o) || !sameFacts(r.policy, p) {
		return nil
	}
	now := seasons(o.On, p.Tables())
	if len(now) != len(r.memory) {
		return nil
	}
	kept, rules := slices.Clone(r.memory), newWritten(p)
	for i := range kept {
		k := &kept[i]
		if k.short || !slices.Equal(k.active, now[i].active) || k.model.on != now[i].on || !k.sameBut(rules, changed) {
			return nil
		}
		k.changed, k.points = changed, k.model.past
		for j := range k.model.rules {
			if it := &k.model.rules[j]; it.RuleRef == changed {
				k.edited = it
				for _, c := range it.rule.When {
					k.cuts = append(k.cuts, cut{c.Fact, c.Cell.Set()})
				}
			}
		}
	}
	return kept
}

func sameOptions(a, b Options) bool {
	past := len(a.Past) == len(b.Past) && (len(a.Past) == 0 || &a.Past[0] == &b.Past[0])
	directory := a.Directory == b.Directory || a.Directory != nil && b.Directory != nil && a.Directory.Hash() == b.Directory.Hash()
	return past && directory && a.On == b.On && a.Budget == b.Budget
}

func sameFacts(a, b *policy.Policy) bool {
	return slices.EqualFunc(a.Facts(), b.Facts(), func(x, y policy.Fact) bool {
		return x.Name == y.Name && x.Safety == y.Safety && x.Min == y.Min && x.Max == y.Max && slices.Equal(x.Values, y.Values) && slices.Equal(x.Worse, y.Worse)
	})
}

// sameBut reports whether a policy's rules are a model's, in the same order, when one is left out of both.
func (k *recollection) sameBut(p *written, changed RuleRef) bool {
	order := p.policy.Order(k.model.on)
	at := 0
	next := func() *rule {
		for at < len(k.model.rules) {
			if it := &k.model.rules[at]; it.RuleRef != changed {
				return it
			}
			at++
		}
		return nil
	}
	for _, position := range order {
		t, r := p.policy.At(position)
		if (RuleRef{t.Name, r.ID}) == changed {
			continue
		}
		was := next()
		if was == nil || was.RuleRef != (RuleRef{t.Name, r.ID}) || was.table.Hit != t.Hit || !k.model.written.sameRule(was.at, p, position) {
			return false
		}
		at++
	}
	return next() == nil
}

// recall is the answers of an earlier analysis that still hold.
type recall struct {
	rules map[RuleRef]answers
	gaps  map[string]*reply
}

// kept are the answers that hold in a model of the edited policy: those that the rule, as it was and as it is, does not touch. What
// a rule wins depends on the rules that meet it; what an unknown or a worse answer does to it also on those that would meet it but
// for that fact.
func (k *recollection) kept(m *model, severities [][]step) recall {
	if k.model == nil {
		return recall{}
	}
	var touched []box
	if k.edited != nil {
		touched = append(touched, boxes(m.layout, k.model.written, []policy.Position{k.edited.at}, m.world, map[string]int{})[0].box)
	}
	was := make(map[RuleRef]answers, len(k.rules))
	for i := range k.rules {
		was[k.model.rules[i].RuleRef] = k.rules[i]
	}
	for i := range m.rules {
		if m.rules[i].RuleRef == k.changed {
			touched = append(touched, m.rules[i].box)
		}
	}
	kept := recall{map[RuleRef]answers{}, map[string]*reply{}}
	for i := range m.rules {
		it := &m.rules[i]
		known, ok := was[it.RuleRef]
		if !ok || it.RuleRef == k.changed {
			continue
		}
		for _, b := range touched {
			apart, column := m.apart(it.box, b)
			switch {
			case apart == 0:
				known = answers{}
			case apart > 1:
			default:
				if it.box[m.columns[column].first]&1 != 0 {
					known[ofUnknown] = nil
				}
				if len(severities[column]) > 0 {
					known[ofMonotone] = nil
				}
			}
		}
		kept.rules[it.RuleRef] = known
	}
	at, ok := m.byName[kindOf]
	for kind, a := range k.gaps {
		if ok && kind != "" && !slices.ContainsFunc(touched, func(b box) bool { return m.takesKind(b, at, kind) }) {
			kept.gaps[kind] = a
		}
	}
	return kept
}

// apart counts the columns in which two boxes have nothing in common, up to two, and names the last of them.
func (l *layout) apart(a, b box) (n, column int) {
	for i := range l.columns {
		if c := &l.columns[i]; !common(a[c.first:c.last], b[c.first:c.last]) {
			column = i
			if n++; n > 1 {
				break
			}
		}
	}
	return n, column
}

func (l *layout) takesKind(b box, kind int, value string) bool {
	c := &l.columns[kind]
	class := c.class(c.code(policy.Text(value)))
	return b[c.first+class>>6]>>(class&63)&1 != 0
}
