package studio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/policy/edit"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	sentencePath    = rulePath + "/sentence"
	newRulePath     = ofPolicy + "/new-rule/:table"
	newSentencePath = newRulePath + "/sentence"
)

// addRule registers the page of one rule, and the one that adds a rule.
func (w *Workspace) addRule(s *routes.Server) {
	s.Add(http.MethodGet, rulePath, routes.Need("policy", "read"), w.rule)
	s.Add(http.MethodPost, rulePath, routes.Need("policy", "write"), w.saveRule)
	s.Add(http.MethodPost, sentencePath, routes.Need("policy", "write"), w.ruleSentence)
	s.Add(http.MethodGet, newRulePath, routes.Need("policy", "write"), w.newRule)
	s.Add(http.MethodPost, newRulePath, routes.Need("policy", "write"), w.addNewRule)
	s.Add(http.MethodPost, newSentencePath, routes.Need("policy", "write"), w.ruleSentence)
}

func (w *Workspace) rule(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	rule, ok := o.policy.Rule(c.Param("table"), c.Param("rule"))
	if !ok {
		return fault.Absent()
	}
	page, err := w.rulePage(k, o, c.Param("table"), rule, k.formOf(o, rule), nil)
	if err != nil {
		return err
	}
	page.Notice = noticeWords(c.QueryParam("done"))
	return routes.Render(c, http.StatusOK, pages.StudioRulePage(page))
}

// formOf is the form of a rule with what it was made from: the draft's text and the rule's.
func (k *call) formOf(o *opened, rule policy.Rule) url.Values {
	form := formOfRule(o.policy, rule)
	form.Set("print", fingerprint(rule))
	if o.draft != nil {
		form.Set("etag", o.draft.ETag())
	}
	return form
}

// fingerprint tells whether a rule still says what it said.
func fingerprint(r policy.Rule) string {
	var when []string
	for _, c := range r.When {
		when = append(when, c.Fact+" "+c.Cell.String())
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %v %q %v %q %q", r.ID, r.Disabled, when, r.Then, r.IfDrifts, r.Note))
	return hex.EncodeToString(sum[:12])
}

// saveRule saves the form, or shows it again with what is wrong, or with what others did meanwhile.
func (w *Workspace) saveRule(c echo.Context) error {
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
	return w.saveForm(k, o, table, id, form)
}

func (w *Workspace) saveForm(k *call, o *opened, table, id string, form url.Values) error {
	if o.draft == nil {
		return errNoDraft()
	}
	before, there := o.policy.Rule(table, id)
	if before.ID == "" {
		before.ID = id
	}
	rule, wrong := readRule(o.policy, before, form)
	if len(wrong) == 0 && form.Get("etag") != o.draft.ETag() {
		return w.meanwhile(k, o, table, before, there, rule, form)
	}
	if len(wrong) == 0 {
		err := w.change(k, o, form.Get("etag"), analysis.RuleRef{Table: table, Rule: id}, func(d *edit.Document) error {
			if !there {
				return d.AddRule(table, lastPlace(d.Policy(), table), rule)
			}
			return d.SetRule(table, id, rule)
		})
		var problem *fault.Error
		switch {
		case err == nil:
			return k.c.Redirect(http.StatusSeeOther, o.path(rulePath, table, id)+"?done=saved")
		case fault.Is(err, "draft_changed"): // between our reading and our saving
			now, openErr := w.open(k)
			if openErr != nil {
				return openErr
			}
			before, there = now.policy.Rule(table, id)
			return w.meanwhile(k, now, table, before, there, rule, form)
		case errors.As(err, &problem) && problem.Kind == fault.Invalid:
			wrong = problemsOf(problem)
		default:
			return err
		}
	}
	page, err := w.rulePage(k, o, table, before, form, wrong)
	if err != nil {
		return err
	}
	page.Sentence = k.sentence(rule)
	return routes.Render(k.c, http.StatusUnprocessableEntity, pages.StudioRulePage(page))
}

// lastPlace is behind the last rule of a table, and before the one that takes everything.
func lastPlace(p *policy.Policy, table string) int {
	tables := p.Tables()
	for i, t := range tables {
		if t.Name == table && i == len(tables)-1 {
			return len(t.Rules) - 1
		}
	}
	return 1 << 20
}

// problemsOf are the document's own refusals, in the places of the form.
func problemsOf(problem *fault.Error) []components.Problem {
	target := ""
	switch problem.Code {
	case "policy_urgency":
		target = "urgency"
	case "policy_overflow":
		target = "overflow"
	case "policy_destination":
		target = "to"
	case "policy_catch_all":
		return []components.Problem{{Target: "to", Says: locales.Plain(refusalWords(problem))}}
	}
	says := problem.Says
	if i := strings.LastIndex(says, `": `); i >= 0 {
		says = upper(says[i+3:])
	}
	return []components.Problem{{Target: target, Says: locales.Plain(says)}}
}

// meanwhile shows what somebody else saved, with everything that was filled in: to be put on top of theirs when they did not
// touch this rule, and side by side with it when they did.
func (w *Workspace) meanwhile(k *call, o *opened, table string, now policy.Rule, there bool, mine policy.Rule, form url.Values) error {
	m := &pages.StudioMeanwhile{Who: upper(k.by(o.draft.UpdatedBy)), By: k.by(o.draft.UpdatedBy), When: wording.Moment(o.draft.UpdatedAt, k.now), Theirs: o.path(rulePath, table, mine.ID)}
	changes, err := w.changesSince(k, o, form.Get("etag"))
	if err != nil {
		return err
	}
	m.Changes = changes
	switch {
	case !there:
		m.Removed, now = true, policy.Rule{ID: mine.ID}
		m.Theirs = o.path(rulesPath)
	case fingerprint(now) != form.Get("print"):
		m.Touched = true
		m.TheirText, m.MyText = ruleLinesInWords(k, now), ruleLinesInWords(k, mine)
	}
	form.Set("etag", o.draft.ETag())
	form.Set("print", fingerprint(now))
	page, err := w.rulePage(k, o, table, now, form, nil)
	if err != nil {
		return err
	}
	page.Meanwhile, page.Sentence = m, k.sentence(mine)
	return routes.Render(k.c, http.StatusConflict, pages.StudioRulePage(page))
}

// changesSince are the parts of a draft that others changed since somebody opened it.
func (w *Workspace) changesSince(k *call, o *opened, etag string) ([]string, error) {
	saves, err := w.Publishing.Saves(k.ctx(), k.who.NeighbourhoodID, o.draft.Name)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(saves, func(s publishing.Save) bool { return s.ETag == etag && !s.Refused() })
	if i < 0 {
		return nil, nil
	}
	var list []string
	for _, c := range publishing.Changes(saves[i].Document, o.draft.Document) {
		list = append(list, k.changeLine(o, c).Text)
	}
	return list, nil
}

// ruleLinesInWords is all that a rule says, for reading two of them side by side.
func ruleLinesInWords(k *call, r policy.Rule) []string {
	lines := []string{k.sentence(r)}
	if r.Disabled {
		lines = append(lines, "Switched off.")
	}
	if r.Then.Message != "" {
		lines = append(lines, "Message: "+spoken(r.Then.Message)+".")
	}
	if len(r.Then.Tags) > 0 {
		lines = append(lines, "Tags: "+strings.Join(r.Then.Tags, ", ")+".")
	}
	if r.IfDrifts != "" {
		lines = append(lines, "If it goes wrong often: to the registered practice.")
	}
	if r.Note != "" {
		lines = append(lines, "Note: "+r.Note)
	}
	return lines
}

// ruleSentence is the sentence of what is filled in so far.
func (w *Workspace) ruleSentence(c echo.Context) error {
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
	before, _ := o.policy.Rule(c.Param("table"), c.Param("rule"))
	rule, wrong := readRule(o.policy, before, form)
	return routes.RenderParts(c, http.StatusOK, pages.StudioSentenceParts(k.sentenceSoFar(rule, wrong)))
}

func (k *call) sentenceSoFar(r policy.Rule, wrong []components.Problem) string {
	for _, problem := range wrong {
		if problem.Target == "to" || problem.Target == "urgency" {
			return "Say where these requests go and how soon, and the rule is read out here."
		}
	}
	return k.sentence(r)
}

func (w *Workspace) newRule(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	if o.draft == nil {
		return errNoDraft()
	}
	if !hasTable(o.policy, c.Param("table")) {
		return fault.Absent()
	}
	form := formOfRule(o.policy, policy.Rule{})
	form.Del("to")
	form.Set("etag", o.draft.ETag())
	page, err := w.newRulePage(k, o, c.Param("table"), form, nil)
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.StudioRulePage(page))
}

func hasTable(p *policy.Policy, name string) bool {
	return slices.ContainsFunc(p.Tables(), func(t policy.Table) bool { return t.Name == name })
}

func (w *Workspace) addNewRule(c echo.Context) error {
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
	table := c.Param("table")
	rule, wrong := readRule(o.policy, policy.Rule{}, form)
	if rule.ID = slugOf(form.Get("rule")); rule.ID == "" {
		wrong = append([]components.Problem{{Target: "rule", Says: locales.Plain("Enter a name for the rule")}}, wrong...)
	}
	if len(wrong) == 0 {
		err = w.change(k, o, form.Get("etag"), analysis.RuleRef{Table: table, Rule: rule.ID}, func(d *edit.Document) error {
			return d.AddRule(table, placeOf(d.Policy(), table, form.Get("before")), rule)
		})
		var problem *fault.Error
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, o.path(rulePath, table, rule.ID)+"?done=added")
		case fault.Is(err, "rule_exists"):
			wrong = []components.Problem{{Target: "rule", Says: locales.Plain("There is a rule of this name in this group already. Enter another name")}}
		case fault.Is(err, "draft_changed"):
			return w.newMeanwhile(k, table, form)
		case errors.As(err, &problem) && problem.Kind == fault.Invalid:
			wrong = problemsOf(problem)
		default:
			return err
		}
	}
	page, err := w.newRulePage(k, o, table, form, wrong)
	if err != nil {
		return err
	}
	page.Sentence = k.sentenceSoFar(rule, wrong)
	return routes.Render(c, http.StatusUnprocessableEntity, pages.StudioRulePage(page))
}

// newMeanwhile shows a new rule again, to be put on top of what somebody else saved.
func (w *Workspace) newMeanwhile(k *call, table string, form url.Values) error {
	o, err := w.open(k)
	if err != nil {
		return err
	}
	m := &pages.StudioMeanwhile{Who: upper(k.by(o.draft.UpdatedBy)), By: k.by(o.draft.UpdatedBy), When: wording.Moment(o.draft.UpdatedAt, k.now), Theirs: o.path(rulesPath)}
	if m.Changes, err = w.changesSince(k, o, form.Get("etag")); err != nil {
		return err
	}
	form.Set("etag", o.draft.ETag())
	page, err := w.newRulePage(k, o, table, form, nil)
	if err != nil {
		return err
	}
	page.Meanwhile = m
	return routes.Render(k.c, http.StatusConflict, pages.StudioRulePage(page))
}

// placeOf is where a new rule goes: before the one that was chosen, or last.
func placeOf(p *policy.Policy, table, before string) int {
	for _, t := range p.Tables() {
		if t.Name != table {
			continue
		}
		if i := slices.IndexFunc(t.Rules, func(r policy.Rule) bool { return r.ID == before }); i >= 0 {
			return i
		}
	}
	return lastPlace(p, table)
}
