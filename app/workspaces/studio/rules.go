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
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/policy/edit"
	"onedoor/ui/pages"
)

const (
	rulesPath = ofPolicy + "/rules"
	rulePath  = rulesPath + "/:table/:rule"
)

// addRules registers the ordered list of a policy's rules, and what is done with a rule without opening it.
func (w *Workspace) addRules(s *routes.Server) {
	s.Add(http.MethodGet, rulesPath, routes.Need("policy", "read"), w.rules)
	for name, step := range map[string]listStep{
		"up":   {"moved up", func(d *edit.Document, table, rule string) error { return d.Move(table, rule, -1) }},
		"down": {"moved down", func(d *edit.Document, table, rule string) error { return d.Move(table, rule, 1) }},
		"off":  {"switched off", func(d *edit.Document, table, rule string) error { return d.Disable(table, rule, true) }},
		"on":   {"switched on", func(d *edit.Document, table, rule string) error { return d.Disable(table, rule, false) }},
	} {
		s.Add(http.MethodPost, rulePath+"/"+name, routes.Need("policy", "write"), w.step(step))
	}
	s.Add(http.MethodGet, rulePath+"/remove", routes.Need("policy", "write"), w.askRemove)
	s.Add(http.MethodPost, rulePath+"/remove", routes.Need("policy", "write"), w.remove)
}

// listStep is one thing that a button of the list does to a rule.
type listStep struct {
	done string
	do   func(d *edit.Document, table, rule string) error
}

func (w *Workspace) rules(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	r, err := w.ruleList(k, o, c.QueryParam("view") == "table")
	if err != nil {
		return err
	}
	r.Notice = noticeWords(c.QueryParam("done"))
	return routes.Render(c, http.StatusOK, pages.StudioRulesPage(r))
}

// errNoDraft refuses to change a version.
func errNoDraft() error {
	return fault.New(fault.Conflict, "not_a_draft", "Published rules are never changed. Begin a draft, and change that.")
}

// change edits the draft that the address names, if it still is what the form was made from, and saves it.
func (w *Workspace) change(k *call, o *opened, etag string, changed analysis.RuleRef, do func(d *edit.Document) error) error {
	if o.draft == nil {
		return errNoDraft()
	}
	d, err := edit.Open(o.draft.Document)
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		return err
	}
	saved, err := w.Publishing.Save(k.ctx(), k.actor(), k.who.NeighbourhoodID, o.draft.Name, etag, d.Bytes())
	if err != nil {
		return err
	}
	before := o.policy
	o.draft, o.policy = &saved, d.Policy()
	return w.recheck(k, before, o.policy, changed)
}

// step does one thing to a rule, and shows the list as it is then.
func (w *Workspace) step(s listStep) echo.HandlerFunc {
	return func(c echo.Context) error {
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
		table, rule := c.Param("table"), c.Param("rule")
		status, says, refused := http.StatusOK, "Rule “"+titled(rule)+"” is "+s.done+".", false
		err = w.change(k, o, form.Get("etag"), analysis.RuleRef{Table: table, Rule: rule}, func(d *edit.Document) error { return s.do(d, table, rule) })
		if err != nil {
			var problem *fault.Error
			if !errors.As(err, &problem) || problem.Kind == fault.Internal {
				return err
			}
			status, says, refused = http.StatusConflict, "Not done. "+refusalWords(problem), true
			if o, err = w.open(k); err != nil {
				return err
			}
		}
		asTable := form.Get("view") == "table"
		r, err := w.ruleList(k, o, asTable)
		if err != nil {
			return err
		}
		r.Notice, r.Refused = says, refused
		if k.partial() {
			return routes.RenderParts(c, status, pages.StudioRulesParts(r))
		}
		return routes.Render(c, status, pages.StudioRulesPage(r))
	}
}

// refusalWords say why an edit was refused, without the document's lines.
func refusalWords(problem *fault.Error) string {
	switch problem.Code {
	case "draft_changed":
		return problem.Says + " The rules below are as they are now."
	case "policy_catch_all":
		return "The last rule of all must take every request that no other rule takes, and keep it with the practice or the desk."
	}
	return problem.Says
}

func (w *Workspace) askRemove(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	rule, ok := o.policy.Rule(c.Param("table"), c.Param("rule"))
	if !ok || o.draft == nil {
		return fault.Absent()
	}
	return routes.Render(c, http.StatusOK, pages.StudioConfirmPage(k.removeQuestion(o, c.Param("table"), rule)))
}

func (k *call) removeQuestion(o *opened, table string, rule policy.Rule) pages.StudioConfirm {
	return pages.StudioConfirm{
		Studio: k.policyPage("Remove this rule?", o, rulesPath), Heading: "Remove the rule “" + titled(rule.ID) + "”?",
		Says:   []string{k.sentence(rule), "Requests that it takes go on to the rules after it. To keep it for later, switch it off instead."},
		Action: o.path(rulePath+"/remove", table, rule.ID), Button: "Remove the rule", Keep: o.path(rulesPath), ETag: o.draft.ETag(),
	}
}

func (w *Workspace) remove(c echo.Context) error {
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
	table, id := c.Param("table"), c.Param("rule")
	err = w.change(k, o, form.Get("etag"), analysis.RuleRef{Table: table, Rule: id}, func(d *edit.Document) error { return d.RemoveRule(table, id) })
	var problem *fault.Error
	if errors.As(err, &problem) && (problem.Kind == fault.Invalid || problem.Code == "draft_changed") {
		now, openErr := w.open(k)
		if openErr != nil {
			return openErr
		}
		rule, ok := now.policy.Rule(table, id)
		if !ok {
			return c.Redirect(http.StatusSeeOther, now.path(rulesPath)+"?done=removed") // by somebody else
		}
		question := k.removeQuestion(now, table, rule)
		question.Notice, question.Refused = "Not removed. "+refusalWords(problem), true
		return routes.Render(c, http.StatusConflict, pages.StudioConfirmPage(question))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.path(rulesPath)+"?done=removed")
}

// ruleList is the whole list as it is drawn.
func (w *Workspace) ruleList(k *call, o *opened, asTable bool) (pages.StudioRules, error) {
	r := pages.StudioRules{Studio: k.policyPage("Rules", o, rulesPath), AsTable: asTable, Editable: o.editable(k), Path: o.path(rulesPath)}
	if o.draft != nil {
		r.ETag = o.draft.ETag()
	}
	report, err := w.report(k, o.policy)
	if err != nil {
		return r, err
	}
	counts := casesByRule(o.policy, k.today())
	tables := o.policy.Tables()
	for i, t := range tables {
		g := pages.StudioRuleGroup{ID: t.Name, Name: titled(t.Name), Says: groupWords(t, i, len(tables)), Add: o.path(newRulePath, t.Name), Columns: k.columns(o.policy, t)}
		for j, rule := range t.Rules {
			g.Rules = append(g.Rules, k.ruleLine(o, t, j, rule, report, counts))
		}
		r.Groups = append(r.Groups, g)
		r.Count += len(t.Rules)
	}
	for _, f := range report.Findings {
		if f.Rule == "" {
			r.Whole = append(r.Whole, k.finding(o, f))
		}
		if f.Severity != analysis.Note {
			r.Findings++
		}
	}
	return r, nil
}

func groupWords(t policy.Table, i, of int) string {
	says := "Asked after the rules above. "
	switch {
	case of == 1:
		says = ""
	case i == 0:
		says = "Asked first. "
	case i == of-1:
		says = "Asked last. "
	}
	switch t.Hit {
	case policy.Priority:
		says += "Of the rules that fit a request, the most urgent one decides; of those, the one that stands first."
	case policy.Unique:
		says += "At most one of these rules may fit a request."
	case policy.Any:
		says += "Rules that fit the same request must all decide alike."
	default:
		says += "The first rule that fits a request decides."
	}
	if !t.From.IsZero() {
		says += " In force from " + t.From.String() + "."
	}
	if !t.Until.IsZero() {
		says += " In force until " + t.Until.String() + "."
	}
	return says
}

// columns are the facts that the rules of a table ask about, in the policy's order.
func (k *call) columns(p *policy.Policy, t policy.Table) []pages.StudioColumn {
	used := map[string]bool{}
	for _, r := range t.Rules {
		for _, c := range r.When {
			used[c.Fact] = true
		}
	}
	var list []pages.StudioColumn
	for _, f := range p.Facts() {
		if used[f.Name] {
			list = append(list, pages.StudioColumn{Fact: f.Name, Text: factTitle(f.Name)})
		}
	}
	return list
}

func (k *call) ruleLine(o *opened, t policy.Table, position int, rule policy.Rule, report *analysis.Report, counts map[analysis.RuleRef]caseCount) pages.StudioRuleLine {
	line := pages.StudioRuleLine{
		ID: t.Name + "--" + rule.ID, Position: position + 1, Name: titled(rule.ID), Href: o.path(rulePath, t.Name, rule.ID), Sentence: k.sentence(rule), Note: rule.Note,
		Off: rule.Disabled, Urgency: urgencyLabel(rule.Then.Urgency), Goes: k.goes(rule.Then), Cells: map[string]string{}, Remove: o.path(rulePath+"/remove", t.Name, rule.ID),
	}
	for _, c := range rule.When {
		line.Cells[c.Fact] = c.Cell.Words()
	}
	for _, f := range findingsOf(report, t.Name, rule.ID) {
		line.Findings = append(line.Findings, k.finding(o, f))
	}
	count := counts[analysis.RuleRef{Table: t.Name, Rule: rule.ID}]
	line.Cases, line.CasesFail = wording.Counted(count.all, "case", "cases"), count.fail
	if position > 0 {
		line.Up = o.path(rulePath+"/up", t.Name, rule.ID)
	}
	if position < len(t.Rules)-1 {
		line.Down = o.path(rulePath+"/down", t.Name, rule.ID)
	}
	line.Switch = o.path(rulePath+"/off", t.Name, rule.ID)
	if rule.Disabled {
		line.Switch = o.path(rulePath+"/on", t.Name, rule.ID)
	}
	return line
}

// caseCount is how many stored cases end at a rule, and how many of those should not.
type caseCount struct{ all, fail int }

func casesByRule(p *policy.Policy, on nhsDate) map[analysis.RuleRef]caseCount {
	failing := map[string]bool{}
	for _, f := range p.RunCases(on) {
		failing[f.Case] = true
	}
	counts := map[analysis.RuleRef]caseCount{}
	for _, c := range p.Cases() {
		table, rule := decides(p, c.Given, dayOf(c, on))
		ref := analysis.RuleRef{Table: table.Name, Rule: rule.ID}
		n := counts[ref]
		n.all++
		if failing[c.Name] {
			n.fail++
		}
		counts[ref] = n
	}
	return counts
}

func dayOf(c policy.Case, on nhsDate) nhsDate {
	if c.On.IsZero() {
		return on
	}
	return c.On
}

// decides is the rule that takes some facts, the safety stage's included.
func decides(p *policy.Policy, given policy.Facts, on nhsDate) (*policy.Table, *policy.Rule) {
	facts := policy.Facts{"red-flag": policy.Text("none"), "free-text": policy.Text("clear"), "recording": policy.Text("none")}
	for name, v := range given {
		if v.Known() {
			facts[name] = v
		}
	}
	match := func(p *policy.Policy) (*policy.Table, *policy.Rule) {
		var values []policy.Value
		for _, f := range p.Facts() {
			values = append(values, facts[f.Name])
		}
		return p.At(p.Match(values, on))
	}
	if table, rule := match(policy.Safety()); rule.Then.To.Kind != policy.ToRouting {
		return table, rule
	}
	return match(p)
}

// finding is one finding in words.
func (k *call) finding(o *opened, f analysis.Finding) pages.StudioFinding {
	line := pages.StudioFinding{Severity: severityLabel(f.Severity), Says: o.plainly(f.Says), Kind: kindTitle(f.Kind), Key: f.Key}
	if f.Rule != "" {
		line.Rule, line.Href = titled(f.Rule), o.path(rulePath, f.Table, f.Rule)
	}
	if words := k.factsWords(o.policy, f.Witness); words != "" {
		line.Example = "For example: " + words + "."
		if o.editable(k) {
			line.Case = o.path(newCasePath) + "?" + factsQuery(f.Witness)
		}
	}
	if f.Weight > 0 && !strings.Contains(f.Says, " of the past") { // some sentences say it already
		line.Weight = "It would have met " + wording.Counted(f.Weight, "request", "requests") + " in the last month."
	}
	return line
}

// factsQuery are facts as the form of a case takes them.
func factsQuery(facts policy.Facts) string {
	query := url.Values{}
	for name, v := range facts {
		if v.Known() {
			query.Set("fact."+name, v.String())
		}
	}
	return query.Encode()
}

// factsWords are facts as a lead reads them, in the policy's order: symptoms, sore throat, age 4.
func (k *call) factsWords(p *policy.Policy, facts policy.Facts) string {
	var list []string
	for _, f := range p.Facts() {
		v, ok := facts[f.Name]
		if !ok || slices.Contains([]string{"red-flag", "free-text", "recording"}, f.Name) && (v.String() == "none" || v.String() == "clear") {
			continue
		}
		list = append(list, valueWords(f, v))
	}
	return strings.Join(list, ", ")
}
