package studio

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/ui/pages"
)

// newCase is an empty form, or one that another page has filled in with facts.
func (w *Workspace) newCase(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	if o.draft == nil {
		return errNoDraft()
	}
	given := coarsened(o.policy, c.QueryParams())
	form := url.Values{"etag": {o.draft.ETag()}}
	for name, v := range given {
		form.Set("fact."+name, v.String())
	}
	form.Set("case", suggestedName(c.QueryParams()))
	if len(given) > 0 {
		_, rule := decides(o.policy, given, k.today())
		form.Set("to", placeValue(rule.Then.To, rule.Then.Service))
		form.Set("urgency", string(rule.Then.Urgency))
	}
	return routes.Render(c, http.StatusOK, pages.StudioCasePage(k.caseForm(o, "", form, nil)))
}

// caseDraft asks in which draft a case is wanted, when there is a choice.
func (w *Workspace) caseDraft(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	drafts, err := w.Publishing.Drafts(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	choice := pages.StudioDraftChoice{Studio: k.page("Make a case", root)}
	for _, d := range drafts {
		o, err := w.openNamed(k, d.Name)
		if err != nil {
			return err
		}
		href := o.path(newCasePath)
		if facts := factsQuery(coarsened(o.policy, c.QueryParams())); facts != "" {
			href += "?" + facts
			if name := suggestedName(c.QueryParams()); name != "" {
				href += "&" + url.Values{"case": {name}}.Encode()
			}
		}
		if len(drafts) == 1 {
			return c.Redirect(http.StatusSeeOther, href)
		}
		choice.Drafts = append(choice.Drafts, pages.StudioLink{Text: d.Name, Href: href})
	}
	return routes.Render(c, http.StatusOK, pages.StudioDraftChoicePage(choice))
}

// longestSuggestion is how much of a name another page may suggest.
const longestSuggestion = 200

// suggestedName is the name that another page has for a case: words about facts, which the lead may change.
func suggestedName(query url.Values) string {
	name := strings.TrimSpace(query.Get("case"))
	if len(name) > longestSuggestion || strings.ContainsAny(name, "\r\n") {
		return ""
	}
	return name
}

// coarsened are the facts that a query names, of those that the policy knows, as no rule can tell them from those of a
// person: a number becomes the lowest that every rule of the policy treats alike.
func coarsened(p *policy.Policy, query url.Values) policy.Facts {
	given := policy.Facts{}
	for _, f := range p.Facts() {
		v, ok := readFact(f, query.Get("fact."+f.Name))
		if !ok || !v.Known() {
			continue
		}
		if n, numeric := v.Number(); numeric {
			v = policy.Int(alike(p, f, n))
		}
		given[f.Name] = v
	}
	return given
}

// alike is the lowest number that the same cells take.
func alike(p *policy.Policy, f policy.Fact, n int) int {
	lowest := f.Min
	for _, t := range p.Tables() {
		for _, r := range t.Rules {
			for _, c := range r.When {
				if c.Fact != f.Name {
					continue
				}
				for _, span := range c.Cell.Set() {
					// Codes count from 1, the lowest number: a cell changes its mind at a span's beginning and behind its end.
					for _, code := range []uint32{span.Low, span.High + 1} {
						if at := f.Min + int(code) - 1; code > 0 && at <= n && at > lowest {
							lowest = at
						}
					}
				}
			}
		}
	}
	return lowest
}
