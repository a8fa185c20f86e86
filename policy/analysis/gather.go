package analysis

import (
	"fmt"
	"slices"

	"onedoor/policy"
)

// gathering puts the answers of all seasons together.
type gathering struct {
	seasons []season
	keys    []string
	byKey   map[string]*gathered
}

type gathered struct {
	Finding
	in []int // the seasons in which it was found
}

func (g *gathering) add(s season, r *run) {
	at := len(g.seasons)
	g.seasons = append(g.seasons, s)
	if g.byKey == nil {
		g.byKey = map[string]*gathered{}
	}
	var all []*Finding
	gather := func(list []Finding) {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	more := map[string]int{}
	undecided := map[Kind][]RuleRef{}
	for i := range r.rules {
		ref := r.model.rules[i].RuleRef
		for t, a := range r.rules[i] {
			gather(a.findings)
			if a.more > 0 {
				more[ref.Table] += a.more
			}
			if a.open {
				undecided[kinds[t]] = append(undecided[kinds[t]], ref)
			}
		}
	}
	for _, kind := range r.kinds {
		a := r.gaps[kind]
		gather(a.findings)
		if a.open {
			undecided[Gap] = append(undecided[Gap], RuleRef{})
		}
	}
	for _, kind := range slices.Sorted(mapKeys(undecided)) {
		gather([]Finding{undecidedFinding(kind, undecided[kind])})
	}
	for _, table := range slices.Sorted(mapKeys(more)) {
		gather([]Finding{moreOverlaps(table, more[table])})
	}
	gather(r.outages())
	for _, f := range all {
		known, ok := g.byKey[f.Key]
		if !ok {
			known = &gathered{Finding: *f}
			g.byKey[f.Key] = known
			g.keys = append(g.keys, f.Key)
		}
		known.Weight = max(known.Weight, f.Weight)
		known.in = append(known.in, at)
	}
}

func mapKeys[K comparable, V any](m map[K]V) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// undecidedFinding says which questions of a kind are open.
func undecidedFinding(kind Kind, subjects []RuleRef) Finding {
	f := Finding{Kind: Undecided, Severity: Warning, Key: key(Undecided, string(kind))}
	for _, s := range subjects {
		if s != (RuleRef{}) {
			f.By = append(f.By, s)
		}
	}
	asked := map[Kind]string{
		Shadow: "whether it can ever be reached", Overlap: "which rules overlap it", Unknown: "what an unknown fact does to it",
		Monotone: "whether a worse answer makes a request less urgent than it does", DeadEnd: "where its requests end",
	}
	if len(f.By) == 0 {
		f.Says = "The analysis ended before it was clear which requests only the catch-all takes: treat this as not checked."
		return f
	}
	f.Says = fmt.Sprintf("The analysis ended before it was clear of %s %s (%s): treat this as not checked.", counted(len(f.By), "rule"), asked[kind], names(f.By, f.By[0].Table))
	return f
}

// findings are all of them, once each; those that hold only at some time say when.
func (g *gathering) findings(p *policy.Policy) []Finding {
	tables := map[string]int{}
	for i, t := range p.Tables() {
		tables[t.Name] = i
	}
	list := make([]*gathered, 0, len(g.keys))
	for _, k := range g.keys {
		f := g.byKey[k]
		var when []stretch
		everywhere := true
		for i, s := range g.seasons {
			switch {
			case slices.Contains(f.in, i):
				when = append(when, s.when...)
			case f.Table == "" || s.active[tables[f.Table]]:
				everywhere = false
			}
		}
		if !everywhere {
			slices.SortFunc(when, func(a, b stretch) int { return compareDates(a.from, b.from) })
			f.Says += " This holds " + said(when) + "."
		}
		list = append(list, f)
	}
	rank(list)
	findings := make([]Finding, len(list))
	for i := range list {
		findings[i] = list[i].Finding
	}
	return findings
}

// key is made of what a finding is about, and of nothing that an unrelated edit changes.
func key(kind Kind, parts ...string) string {
	k := string(kind)
	for _, part := range parts {
		k += "|" + part
	}
	return k
}
