package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// Coarse is what a lead sees of a past request: enough to judge the decision, too little to know whose it was.
type Coarse struct {
	Month       string // 2026-10
	CoreHours   bool
	Channel     string
	AgeBand     string
	Deprivation string
	Language    string
	// Facts are the ones that the deciding rules need, by name: a code, a number, or the widest range of numbers that both
	// versions decide alike.
	Facts map[string]string
}

// Coarsen leaves out of a request what neither version's decision needs.
func Coarsen(r *Request, live, draft Side) Coarse {
	kept := minimal(r.Facts, func(f policy.Facts) bool {
		return sameRule(live.Policy, r.Facts, f, r.At) && sameRule(draft.Policy, r.Facts, f, r.At)
	}, live.Policy, draft.Policy)
	c := Coarse{
		Month: r.At.In(tenants.London()).Format("2006-01"), CoreHours: tenants.InCoreHours(r.At),
		Channel: r.Channel, AgeBand: r.AgeBand, Deprivation: r.Deprivation, Language: r.Language, Facts: map[string]string{},
	}
	for name, k := range kept {
		c.Facts[name] = k.String()
	}
	return c
}

// Material makes the facts of a test case from one past request: those that decide which rule takes it, with numbers in
// the middle of the range that the version decides alike. Screening that found nothing is left out, as cases leave it out.
func Material(p *policy.Policy, r *Request) policy.Facts {
	kept := minimal(r.Facts, func(f policy.Facts) bool { return sameRule(p, r.Facts, f, r.At) }, p)
	facts := policy.Facts{}
	for name, k := range kept {
		facts[name] = k.middle()
	}
	for name, clear := range map[string]string{"red-flag": "none", "free-text": "clear", "recording": "none"} {
		if facts[name] == policy.Text(clear) {
			delete(facts, name)
		}
	}
	for _, f := range p.Facts() { // what the moment decides, a case says
		switch f.Name {
		case "core-hours":
			facts[f.Name] = yesNo(tenants.InCoreHours(r.At))
		case "bank-holiday":
			facts[f.Name] = yesNo(tenants.BankHoliday(nhs.DateOf(r.At.In(tenants.London()))))
		case "day":
			facts[f.Name] = policy.Text(strings.ToLower(r.At.In(tenants.London()).Weekday().String()))
		}
	}
	return facts
}

func yesNo(b bool) policy.Value {
	if b {
		return policy.Text("yes")
	}
	return policy.Text("no")
}

// span is one fact's value, or a range of numbers that are decided alike.
type span struct {
	value     policy.Value
	low, high int
}

func (s span) String() string {
	if _, numeric := s.value.Number(); numeric && s.low < s.high {
		return fmt.Sprintf("%d to %d", s.low, s.high)
	}
	return s.value.String()
}

func (s span) middle() policy.Value {
	if _, numeric := s.value.Number(); numeric {
		return policy.Int((s.low + s.high) / 2)
	}
	return s.value
}

// minimal leaves facts out, and widens numbers, as long as it stays the same. The finest facts go first.
func minimal(given policy.Facts, same func(policy.Facts) bool, versions ...*policy.Policy) map[string]span {
	facts := policy.Facts{}
	var names []string
	for name, v := range given {
		switch name {
		case policy.RegisteredPractice, policy.NominatedPharmacy, policy.ChosenPharmacy, policy.ServiceAsked, policy.PracticeAsked:
			continue // they say where somebody lives, and no rule reads them
		}
		facts[name] = v
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if a == "kind" || b == "kind" { // what it is about stays when it can
			return strings.Compare(boolean(a == "kind"), boolean(b == "kind"))
		}
		return strings.Compare(b, a) // age-months before age
	})
	for _, name := range names {
		v := facts[name]
		delete(facts, name)
		if !same(facts) {
			facts[name] = v
		}
	}
	kept := map[string]span{}
	for name, v := range facts {
		kept[name] = span{value: v}
		if n, numeric := v.Number(); numeric {
			low, high := bounds(name, n, versions)
			s := span{value: v, low: n, high: n}
			try := func(n int) bool {
				facts[name] = policy.Int(n)
				defer func() { facts[name] = v }()
				return same(facts)
			}
			for s.low > low && try(s.low-1) {
				s.low--
			}
			for s.high < high && try(s.high+1) {
				s.high++
			}
			kept[name] = s
		}
	}
	return kept
}

func boolean(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// bounds are how far a number may go in any version.
func bounds(name string, n int, versions []*policy.Policy) (low, high int) {
	low, high = n, n
	for _, p := range versions {
		for _, f := range p.Facts() {
			if f.Name == name && f.Numeric() {
				low, high = min(low, f.Min), max(high, f.Max)
			}
		}
	}
	return low, high
}

func sameRule(p *policy.Policy, a, b policy.Facts, at time.Time) bool {
	stageA, tableA, ruleA := policy.RuleFor(p, a, at)
	stageB, tableB, ruleB := policy.RuleFor(p, b, at)
	return stageA == stageB && tableA == tableB && ruleA.ID == ruleB.ID
}
