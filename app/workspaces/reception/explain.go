package reception

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/wording"
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
		e.Because = nil // the request that it opens in says it already
		return fragments(c, http.StatusOK, pages.Fragments{Part: pages.ExplanationPart(e, 4)})
	}
	view, err := w.Requests.Get(k.ctx(), k.by, reference)
	if err != nil {
		return err
	}
	k.list = parseList(c.QueryParams())
	w.settleList(k, view)
	e.Version, e.Context = view.Version, k.list.context()
	e.Misrouted, e.Misroute = misroutedLines(k, view), misroutedForm(k, view, attempt{}, nil)
	e.Page = w.page(k, "Why request "+reference.Spaced()+" was sent where it was")
	e.Page.Back = k.list.request(reference)
	return routes.Render(c, http.StatusOK, pages.ExplanationPage(e))
}

func explained(k *call, reference requests.Reference, d policy.Decision) pages.Explanation {
	e := pages.Explanation{
		Reference: reference.Spaced(), Decided: "at " + wording.ShortMoment(d.At, k.now), Stage: "table " + d.Table, Rule: d.Rule,
		Because: d.Because, Told: told(k, d), Load: loadSeen(k, d),
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
			says = candidate.Name + ": " + spoken(candidate.Reason) + "."
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

// told is what the patient was told would happen, in the words that they read.
func told(k *call, d policy.Decision) []string {
	home, _ := k.directory.Organisation(d.Home.Organisation)
	destination, _ := k.directory.Organisation(d.Destination.Organisation)
	says := messages.WhatHappensNext("en", d.Message, messages.Facts{Accountable: home.Name, Destination: destination.Name, AnswerDue: d.AnswerDue})
	if says == "" {
		says = spoken(d.Message)
	}
	return paragraphs(says)
}

// loadSeen is how busy the decision took the services to be: those that have a limit.
func loadSeen(k *call, d policy.Decision) []pages.Fact {
	var facts []pages.Fact
	for id, load := range d.Load {
		name := "A service that is no longer in the directory"
		if s, ok := k.directory.Service(id); ok {
			name = s.Name + " at " + organisationName(k.directory, s.OrganisationID)
		}
		facts = append(facts, pages.Fact{Key: name, Values: []string{fmt.Sprintf("%d open, %d taken that day", load.Open, load.Today)}})
	}
	slices.SortFunc(facts, func(a, b pages.Fact) int { return strings.Compare(a.Key, b.Key) })
	return facts
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
