package studio

import (
	"slices"
	"strings"
	"time"

	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/ui/pages"
)

// regionsShown is how many regions a page lists. More are counted.
const regionsShown = 40

// difference says which requests two policies decide otherwise, exactly.
func (w *Workspace) difference(k *call, old, now *policy.Policy) (pages.DifferenceList, error) {
	known, err := w.known(k)
	if err != nil {
		return pages.DifferenceList{}, err
	}
	regions, complete, err := analysis.Difference(k.ctx(), old, now, known)
	if err != nil {
		return pages.DifferenceList{}, err
	}
	d := pages.DifferenceList{Complete: complete, Says: "Every request goes where it went, as soon as before."}
	if len(regions) > 0 {
		d.Says = "Requests that are not named here are decided as before."
	}
	for i, r := range regions {
		if i == regionsShown {
			d.More = "And " + wording.Counted(len(regions)-regionsShown, "more kind of request", "more kinds of request") + "."
			break
		}
		d.Regions = append(d.Regions, w.regionLine(k, r, now, old))
	}
	return d, nil
}

func (w *Workspace) regionLine(k *call, r analysis.Region, versions ...*policy.Policy) pages.RegionLine {
	line := pages.RegionLine{Who: w.boxWords(r.Box, versions...), From: k.sideWords(r.From), To: k.sideWords(r.To), Example: w.witnessWords(r.Witness, versions...)}
	if r.Weight > 0 {
		line.Requests = wording.Counted(r.Weight, "such request", "such requests") + " in the last month"
	}
	day := func(d nhsDate) string { return d.Midnight(time.UTC).Format("2 January 2006") }
	switch {
	case !r.Begins.IsZero() && !r.Ends.IsZero():
		line.Until = "From " + day(r.Begins) + " until " + day(r.Ends)
	case !r.Begins.IsZero():
		line.Until = "From " + day(r.Begins)
	case !r.Ends.IsZero():
		line.Until = "Until " + day(r.Ends)
	}
	return line
}

// sideWords say what one version decides.
func (k *call) sideWords(s analysis.Side) string {
	words := upper(k.goes(s.Outcome)) + ", " + urgencyWords(s.Outcome.Urgency)
	if len(s.Outcome.Overflow) > 0 {
		var others []string
		for _, d := range s.Outcome.Overflow {
			others = append(others, k.destination(d))
		}
		words += "; else " + strings.Join(others, ", then ")
	}
	return words + " (rule “" + titled(s.Rule) + "”)"
}

// factOf finds how a fact is declared, in the first version that has it.
func factOf(name string, versions []*policy.Policy) (policy.Fact, bool) {
	for _, p := range versions {
		facts := p.Facts()
		if i := slices.IndexFunc(facts, func(f policy.Fact) bool { return f.Name == name }); i >= 0 {
			return facts[i], true
		}
	}
	return policy.Fact{}, false
}

// boxWords say which requests a box holds, what they ask for first.
func (w *Workspace) boxWords(box map[string]string, versions ...*policy.Policy) string {
	names := orderedFacts(box, versions)
	if len(names) == 0 {
		return "Every request"
	}
	var parts []string
	for _, name := range names {
		parts = append(parts, w.cellWords(name, box[name], versions))
	}
	return upper(strings.Join(parts, ", "))
}

// orderedFacts are the facts of a box in the order in which the policy declares them.
func orderedFacts(box map[string]string, versions []*policy.Policy) []string {
	var names []string
	for _, p := range versions {
		for _, f := range p.Facts() {
			if _, ok := box[f.Name]; ok && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func (w *Workspace) cellWords(name, text string, versions []*policy.Policy) string {
	if name == "kind" {
		return w.kindCell(text)
	}
	f, ok := factOf(name, versions)
	if !ok {
		return spoken(name) + " " + spoken(text)
	}
	cell, err := policy.ParseCell(f, text)
	if err != nil { // it names what neither version declares
		return strings.ToLower(factTitle(name)) + " is " + strings.NewReplacer(`"`, "", "undeclared", "something not listed", ",", " or", "-", " ").Replace(text)
	}
	return strings.ToLower(factTitle(name)) + " is " + cell.Words()
}

// kindCell names the kinds of request in a cell by their titles.
func (w *Workspace) kindCell(text string) string {
	var titles []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, `"`, ""), ",") {
		part = strings.TrimSpace(part)
		if kind, ok := w.Catalogue.Kind(part); ok {
			part = kind.Title
		}
		titles = append(titles, part)
	}
	return strings.NewReplacer("undeclared", "a kind not listed", "unknown", "not known").Replace(strings.Join(titles, " or "))
}

// witnessWords are one request of a box.
func (w *Workspace) witnessWords(given policy.Facts, versions ...*policy.Policy) string {
	box := map[string]string{}
	for name, v := range given {
		box[name] = v.String()
	}
	var parts []string
	for _, name := range orderedFacts(box, versions) {
		v := given[name]
		f, ok := factOf(name, versions)
		switch {
		case !ok || !v.Known():
		case name == "kind":
			if kind, found := w.Catalogue.Kind(v.String()); found {
				parts = append(parts, kind.Title)
			}
		case quiet(name, v):
		default:
			parts = append(parts, valueWords(f, v))
		}
	}
	return strings.Join(parts, ", ")
}

// quiet facts say nothing where they say that nothing is amiss.
func quiet(name string, v policy.Value) bool {
	switch name {
	case "red-flag", "recording":
		return v.String() == "none"
	case "free-text":
		return v.String() == "clear"
	}
	return false
}
