package analysis

import (
	"slices"

	"onedoor/policy"
)

// memory is what a report remembers of each season.
type memory []recollection

// recollection is one season's model and answers. In a memory handed to a recheck, it also says what was edited.
type recollection struct {
	model   *model
	replies map[question]reply
	short   bool
	active  []bool
	places  *places

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
	kept := slices.Clone(r.memory)
	for i := range kept {
		k := &kept[i]
		if k.short || !slices.Equal(k.active, now[i].active) || k.model.on != now[i].on || !k.sameBut(p, changed) {
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
func (k *recollection) sameBut(p *policy.Policy, changed RuleRef) bool {
	order := p.Order(k.model.on)
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
		t, r := p.At(position)
		if (RuleRef{t.Name, r.ID}) == changed {
			continue
		}
		was := next()
		if was == nil || was.RuleRef != (RuleRef{t.Name, r.ID}) || was.table.Hit != t.Hit || !sameRule(was.rule, r) {
			return false
		}
		at++
	}
	return next() == nil
}

func sameRule(a, b *policy.Rule) bool {
	return slices.EqualFunc(a.When, b.When, func(x, y policy.Condition) bool {
		return x.Fact == y.Fact && slices.Equal(x.Cell.Set(), y.Cell.Set())
	}) && string(appendOutcome(nil, &a.Then)) == string(appendOutcome(nil, &b.Then))
}

// kept are the answers that hold in a model of the edited policy: those that the rule, as it was and as it is, does not touch.
func (k *recollection) kept(m *model) map[question]reply {
	if k.replies == nil {
		return nil
	}
	var touched []box
	if k.edited != nil {
		touched = append(touched, boxes(m.layout, k.model.policy, []policy.Position{k.edited.at}, m.world, map[string]int{})[0].box)
	}
	byRef := make(map[RuleRef]*rule, len(m.rules))
	for i := range m.rules {
		if byRef[m.rules[i].RuleRef] = &m.rules[i]; m.rules[i].RuleRef == k.changed {
			touched = append(touched, m.rules[i].box)
		}
	}
	kind := -1
	if at, ok := m.byName[kindOf]; ok {
		kind = at
	}
	kept := make(map[question]reply, len(k.replies))
	for q, a := range k.replies {
		if it, ok := byRef[q.subject]; ok && q.subject != k.changed && !slices.ContainsFunc(touched, func(b box) bool { return m.near(it.box, b) }) {
			kept[q] = a
		}
		if q.kind == Gap && q.value != "" && kind >= 0 && !slices.ContainsFunc(touched, func(b box) bool { return m.takesKind(b, kind, q.value) }) {
			kept[q] = a
		}
	}
	return kept
}

// near reports whether two boxes meet, or would if one fact were left out.
func (l *layout) near(a, b box) bool {
	apart := 0
	for i := range l.columns {
		if c := &l.columns[i]; !common(a[c.first:c.last], b[c.first:c.last]) {
			if apart++; apart > 1 {
				return false
			}
		}
	}
	return true
}

func (l *layout) takesKind(b box, kind int, value string) bool {
	c := &l.columns[kind]
	class := c.class(c.code(policy.Text(value)))
	return b[c.first+class>>6]>>(class&63)&1 != 0
}
