package studio

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/policy/edit"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	casesPath      = ofPolicy + "/cases"
	newCasePath    = ofPolicy + "/new-case"
	casePath       = ofPolicy + "/case"
	removeCasePath = ofPolicy + "/remove-case"
	// caseDraftPath takes the facts that newCasePath takes, from a page that is about no draft.
	caseDraftPath = root + "/new-case"
)

// addCases registers the cases that stand beside the rules: this patient goes there. A case is named in the query, since its
// name is a sentence. The form that adds one takes facts by the names of its fields, so that another page can fill it in.
func (w *Workspace) addCases(s *routes.Server) {
	s.Add(http.MethodGet, casesPath, routes.Need("policy", "read"), w.cases)
	s.Add(http.MethodGet, caseDraftPath, routes.Need("policy", "write"), w.caseDraft)
	s.Add(http.MethodGet, newCasePath, routes.Need("policy", "write"), w.newCase)
	s.Add(http.MethodPost, newCasePath, routes.Need("policy", "write"), w.saveCase)
	s.Add(http.MethodGet, casePath, routes.Need("policy", "write"), w.oneCase)
	s.Add(http.MethodPost, casePath, routes.Need("policy", "write"), w.saveCase)
	s.Add(http.MethodGet, removeCasePath, routes.Need("policy", "write"), w.askRemoveCase)
	s.Add(http.MethodPost, removeCasePath, routes.Need("policy", "write"), w.removeCase)
}

func (w *Workspace) cases(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	list := pages.StudioCases{Studio: k.policyPage("Cases", o, casesPath), Cases: k.caseLines(o, ""), Add: o.path(newCasePath), Editable: o.editable(k)}
	for _, line := range list.Cases {
		if line.Fails != "" {
			list.Failing++
		}
	}
	slices.SortStableFunc(list.Cases, func(a, b pages.StudioCase) int { return boolOrder(a.Fails != "", b.Fails != "") })
	list.Notice = noticeWords(c.QueryParam("done"))
	return routes.Render(c, http.StatusOK, pages.StudioCasesPage(list))
}

// boolOrder puts what is true first.
func boolOrder(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

// caseLines are the cases in words: all, or those that end at one rule (table/rule).
func (k *call) caseLines(o *opened, only string) []pages.StudioCase {
	failing := map[string]policy.CaseFailure{}
	for _, f := range o.policy.RunCases(k.today()) {
		failing[f.Case] = f
	}
	var list []pages.StudioCase
	for _, c := range o.policy.Cases() {
		table, rule := decides(o.policy, c.Given, dayOf(c, k.today()))
		if only != "" && only != table.Name+"/"+rule.ID {
			continue
		}
		query := "?" + url.Values{"name": {c.Name}}.Encode()
		line := pages.StudioCase{
			Name: c.Name, Given: upper(k.factsWords(o.policy, c.Given)), Expect: k.expected(c.Expect), Goes: upper(k.goes(rule.Then)) + ", " + strings.ToLower(urgencyLabel(rule.Then.Urgency).Text),
			Rule: titled(rule.ID), Href: o.path(casePath) + query, Remove: o.path(removeCasePath) + query,
		}
		if line.Given == "" {
			line.Given = "Nothing is known"
		}
		if table.Name != "safety" {
			line.RuleHref = o.path(rulePath, table.Name, rule.ID)
		}
		if _, fails := failing[c.Name]; fails {
			line.Fails = "It goes to " + k.goes(rule.Then) + ", " + strings.ToLower(urgencyLabel(rule.Then.Urgency).Text) + ", by the rule “" + titled(rule.ID) + "”."
		}
		list = append(list, line)
	}
	return list
}

// expected says what a case expects.
func (k *call) expected(x policy.Expectation) string {
	var list []string
	if x.To != nil {
		list = append(list, k.goes(policy.Outcome{To: *x.To, Service: x.Service}))
	}
	if x.Urgency != "" {
		list = append(list, strings.ToLower(urgencyLabel(x.Urgency).Text))
	}
	if x.Rule != "" {
		list = append(list, "by the rule “"+titled(x.Rule)+"”")
	}
	return upper(strings.Join(list, ", "))
}

// readFact reads one value of a form; an empty one is not known.
func readFact(f policy.Fact, text string) (policy.Value, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return policy.Value{}, true
	}
	v := policy.Text(text)
	if f.Numeric() {
		n, err := number(text)
		if err != nil {
			return policy.Value{}, false
		}
		v = policy.Int(n)
	}
	return v, f.Allows(v)
}

func (w *Workspace) oneCase(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	found, ok := caseNamed(o.policy, c.QueryParam("name"))
	if !ok || o.draft == nil {
		return fault.Absent()
	}
	form := url.Values{"etag": {o.draft.ETag()}, "case": {found.Name}, "urgency": {string(found.Expect.Urgency)}, "rule": {found.Expect.Rule}}
	for name, v := range found.Given {
		form.Set("fact."+name, v.String())
	}
	if found.Expect.To != nil {
		form.Set("to", placeValue(*found.Expect.To, found.Expect.Service))
	}
	return routes.Render(c, http.StatusOK, pages.StudioCasePage(k.caseForm(o, found.Name, form, nil)))
}

func caseNamed(p *policy.Policy, name string) (policy.Case, bool) {
	list := p.Cases()
	i := slices.IndexFunc(list, func(c policy.Case) bool { return c.Name == name })
	if i < 0 {
		return policy.Case{}, false
	}
	return list[i], true
}

// saveCase adds a case, or changes the one that the form names.
func (w *Workspace) saveCase(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	o, err := w.open(k)
	if err != nil {
		return err
	}
	if o.draft == nil {
		return errNoDraft()
	}
	was := form.Get("was")
	again := func(status int, wrong []components.Problem, says string) error {
		f := k.caseForm(o, was, form, wrong)
		f.Notice, f.Refused = says, says != ""
		return routes.Render(c, status, pages.StudioCasePage(f))
	}
	before, _ := caseNamed(o.policy, was)
	made, wrong := readCase(o.policy, before, form)
	if len(wrong) > 0 {
		return again(http.StatusUnprocessableEntity, wrong, "")
	}
	done := "case-saved"
	err = w.change(k, o, form.Get("etag"), analysis.RuleRef{}, func(d *edit.Document) error {
		if was == "" {
			done = "case-added"
			return d.AddCase(made)
		}
		return d.SetCase(was, made)
	})
	var problem *fault.Error
	switch {
	case fault.Is(err, "draft_changed"):
		says := "Not saved yet. " + fault.As(err).Says + " What you filled in is below: save it again to put it on top of their changes."
		if o, err = w.open(k); err != nil {
			return err
		}
		form.Set("etag", o.draft.ETag())
		return again(http.StatusConflict, nil, says)
	case fault.Is(err, "case_exists"):
		return again(http.StatusUnprocessableEntity, []components.Problem{{Target: "case", Says: locales.Plain("There is a case of this name already. Enter another name")}}, "")
	case errors.As(err, &problem) && (problem.Kind == fault.Invalid || problem.Code == "no_case"):
		return again(http.StatusUnprocessableEntity, nil, "Not saved. "+problem.Says)
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.path(casesPath)+"?done="+done)
}

// readCase reads the form into a case. What the form does not ask stays as it was.
func readCase(p *policy.Policy, before policy.Case, form url.Values) (policy.Case, []components.Problem) {
	made := policy.Case{Name: strings.TrimSpace(form.Get("case")), On: before.On, Given: policy.Facts{}}
	made.Expect.Table, made.Expect.Message = before.Expect.Table, before.Expect.Message
	var wrong []components.Problem
	add := func(target, says string) {
		wrong = append(wrong, components.Problem{Target: target, Says: locales.Plain(says)})
	}
	if made.Name == "" {
		add("case", "Enter a name that says who goes where")
	}
	for name, v := range before.Given {
		if !slices.ContainsFunc(p.Facts(), func(f policy.Fact) bool { return f.Name == name }) {
			made.Given[name] = v
		}
	}
	for _, f := range p.Facts() {
		v, ok := readFact(f, form.Get("fact."+f.Name))
		switch {
		case !ok:
			add("fact-"+f.Name, factTitle(f.Name)+" must be "+f.Domain())
		case v.Known():
			made.Given[f.Name] = v
		}
	}
	if to := form.Get("to"); to != "" {
		d, service, ok := readPlace(to)
		if !ok {
			add("to", "Select where the request goes")
		}
		if before.Expect.To != nil { // whether nearest or open is not asked here
			d.Nearest, d.Open = before.Expect.To.Nearest && d.Slug == before.Expect.To.Slug, before.Expect.To.Open && d.Slug == before.Expect.To.Slug
		}
		made.Expect.To, made.Expect.Service = &d, service
	}
	made.Expect.Urgency, made.Expect.Rule = policy.Urgency(form.Get("urgency")), form.Get("rule")
	if made.Expect.To == nil && made.Expect.Urgency == "" && made.Expect.Rule == "" && len(wrong) == 0 {
		add("to", "Select where the request goes")
	}
	return made, wrong
}

func (w *Workspace) askRemoveCase(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	found, ok := caseNamed(o.policy, c.QueryParam("name"))
	if !ok || o.draft == nil {
		return fault.Absent()
	}
	return routes.Render(c, http.StatusOK, pages.StudioConfirmPage(k.removeCaseQuestion(o, found)))
}

func (k *call) removeCaseQuestion(o *opened, found policy.Case) pages.StudioConfirm {
	return pages.StudioConfirm{
		Studio: k.policyPage("Remove this case?", o, casesPath), Heading: "Remove the case “" + found.Name + "”?",
		Says:   []string{"Nobody will be told any more when the rules send such a request elsewhere."},
		Action: o.path(removeCasePath) + "?" + url.Values{"name": {found.Name}}.Encode(), Button: "Remove the case", Keep: o.path(casesPath), ETag: o.draft.ETag(),
	}
}

func (w *Workspace) removeCase(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	o, err := w.open(k)
	if err != nil {
		return err
	}
	name := c.QueryParam("name")
	err = w.change(k, o, form.Get("etag"), analysis.RuleRef{}, func(d *edit.Document) error { return d.RemoveCase(name) })
	if fault.Is(err, "draft_changed") {
		now, openErr := w.open(k)
		if openErr != nil {
			return openErr
		}
		if found, ok := caseNamed(now.policy, name); ok {
			question := k.removeCaseQuestion(now, found)
			question.Notice, question.Refused = "Not removed. "+refusalWords(fault.As(err)), true
			return routes.Render(c, http.StatusConflict, pages.StudioConfirmPage(question))
		}
		err = nil // by somebody else
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.path(casesPath)+"?done=case-removed")
}
