package analysis

import (
	"onedoor/app/nhs"
	"onedoor/policy"
)

// The facts that are worked out from the moment, and their values as policies must declare them.
const (
	coreHours   = "core-hours"
	weekday     = "day"
	bankHoliday = "bank-holiday"
)

// fromMoment reports whether a fact is worked out from the moment, so that it is never unknown.
func fromMoment(name string) bool {
	return name == coreHours || name == weekday || name == bankHoliday
}

// impossible are combinations that no moment has: core hours are on no weekend and on no bank holiday.
var impossible = []map[string][]string{
	{coreHours: {"yes"}, weekday: {"saturday", "sunday"}},
	{coreHours: {"yes"}, bankHoliday: {"yes"}},
}

// valueCuts tell each value apart of the facts whose values are looked at one by one: the kind, and what is worked out from the
// moment. Of facts that matter to safety, what is not known is looked at even when no rule asks for it.
func valueCuts(domains map[string]*domain) []cut {
	var list []cut
	for name := range domains {
		if name == ageOf || name == pregnantOf || domains[name].safety {
			list = append(list, cut{name, policy.Set{{}}})
		}
		if !fromMoment(name) && (name != kindOf || len(domains[name].texts) == 0) {
			continue
		}
		for code := uint32(1); code < domains[name].foreign(); code++ {
			list = append(list, cut{name, policy.Set{{Low: code, High: code}}})
		}
	}
	return list
}

// reachable is what can come to a neighbourhood's tables: a hull, and the boxes inside it that cannot. The safety stage takes its
// part first.
func reachable(l *layout, safety *written, on nhs.Date) (hull box, never []box) {
	whole := l.whole()
	for i := range l.columns {
		if c := &l.columns[i]; fromMoment(c.name) {
			c.set(whole, policy.Set{{Low: 1, High: c.foreign() - 1}})
		}
	}
	rules := boxes(l, safety, safety.policy.Order(on), whole, map[string]int{})
	hull = make(box, l.words)
	var before, passes []box
	s := search{layout: l, limit: noLimit, skip: -1}
	for i := range rules {
		if r := &rules[i]; r.rule.Then.To.Kind == policy.ToRouting && !r.empty {
			s.left(r.box, before, func(b box) bool {
				passes = append(passes, append(box(nil), b...))
				for w := range b {
					hull[w] |= b[w]
				}
				return true
			})
		}
		before = append(before, rules[i].box)
	}
	s.left(hull, passes, func(b box) bool {
		never = append(never, append(box(nil), b...))
		return true
	})
	for _, combination := range impossible {
		if b := l.combination(hull, combination); b != nil {
			never = append(never, b)
		}
	}
	return hull, never
}

// noLimit is for what is known to be small.
const noLimit = 1 << 60

// combination is the part of a region in which facts have certain values, or nil when a fact is not looked at or the region has
// no such part.
func (l *layout) combination(region box, values map[string][]string) box {
	b := append(box(nil), region...)
	scratch := make(box, l.words)
	for name, list := range values {
		at, ok := l.byName[name]
		if !ok {
			return nil
		}
		c := &l.columns[at]
		var spans []policy.Span
		for _, v := range list {
			code := c.code(policy.Text(v))
			spans = append(spans, policy.Span{Low: code, High: code})
		}
		c.set(scratch, tidy(spans))
		for w := c.first; w < c.last; w++ {
			b[w] &= scratch[w]
		}
	}
	if l.empty(b) {
		return nil
	}
	return b
}
