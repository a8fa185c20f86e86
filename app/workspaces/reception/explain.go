package reception

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/ui/pages"
)

// explanation shows the whole of the decision that sent a request where it went.
func (w *Workspace) explanation(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	reference, err := requests.ParseReference(c.Param("reference"))
	if err != nil {
		return fault.Absent()
	}
	decision, err := w.Requests.Explain(k.ctx(), k.by, reference)
	if err != nil {
		return err
	}
	e := explained(k, reference, decision)
	if k.partial() {
		return fragments(c, http.StatusOK, pages.Fragments{Part: pages.ExplanationPart(e, 4)})
	}
	e.Page = w.page(k, "Why request "+reference.Spaced()+" was sent where it was")
	e.Page.Back = k.list.request(reference)
	return render(c, http.StatusOK, pages.ExplanationPage(e))
}

func explained(k *call, reference requests.Reference, d policy.Decision) pages.Explanation {
	e := pages.Explanation{
		Reference: reference.Spaced(), Decided: "at " + moment(d.At, k.now), Stage: "table " + d.Table, Rule: d.Rule,
		Versions: []pages.Fact{
			{Key: "Policy", Values: []string{d.PolicyHash}}, {Key: "Safety stage", Values: []string{d.SafetyHash}}, {Key: "Directory", Values: []string{d.DirectoryHash}},
		},
	}
	if d.Stage == policy.StageSafety {
		e.Stage = "the platform’s safety stage"
	}
	for _, name := range slices.Sorted(maps.Keys(d.Facts)) {
		e.Facts = append(e.Facts, pages.Fact{Key: spoken(name), Values: []string{factWords(k, name, d.Facts[name])}})
	}
	for _, candidate := range d.Candidates {
		says := candidate.Says
		if says == "" {
			says = candidate.Name
		}
		e.Candidates = append(e.Candidates, pages.CandidateLine{Chosen: candidate.Chosen, Says: says})
	}
	for _, n := range d.NearMisses {
		e.NearMisses = append(e.NearMisses, pages.NearMissLine{
			Rule: n.Rule + " of " + n.Table, Says: "it needs " + spoken(n.Fact) + " to be " + n.Needs + ", and here it is " + n.Was + ".",
		})
	}
	return e
}

// factWords are a fact's value; the four that refer to organisations are told by name.
func factWords(k *call, name string, v policy.Value) string {
	switch name {
	case policy.RegisteredPractice, policy.NominatedPharmacy, policy.ChosenPharmacy:
		if n := k.organisation(requests.Named{ODS: v.String()}); n != [16]byte{} {
			o, _ := k.directory.Organisation(n)
			return o.Name + " (" + v.String() + ")"
		}
	}
	return spoken(v.String())
}

func spoken(code string) string { return strings.ReplaceAll(code, "-", " ") }
