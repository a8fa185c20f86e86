package studio

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/alarms"
	"onedoor/app/fault"
	"onedoor/app/misroutes"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy/control"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

const (
	misroutesPath    = root + "/misroutes"
	misrouteRulePath = misroutesPath + "/rules/:table/:rule"
	acknowledgePath  = misroutesPath + "/alarms/:id/acknowledge"
)

// Misroutes counts by rule what came back. It is misroutes.Service.
type Misroutes interface {
	Charts(ctx context.Context, neighbourhood uuid.UUID) ([]misroutes.Chart, error)
}

// addMisroutes registers the page that gathers by rule what was sent to the wrong place, and the clearing of alarms.
func (w *Workspace) addMisroutes(s *routes.Server) {
	s.Add(http.MethodGet, misroutesPath, routes.Need("alarm", "read"), w.misroutes)
	s.Add(http.MethodGet, misrouteRulePath, routes.Need("alarm", "read"), w.misrouteRule)
	s.Add(http.MethodPost, acknowledgePath, routes.Need("alarm", "acknowledge"), w.acknowledge)
}

// alarmAddress is the page about an alarm; empty when there is none.
func alarmAddress(a alarms.Alarm) string {
	table, rule, ok := strings.Cut(a.Subject, "/")
	if a.Kind != alarms.RuleDrift || !ok {
		return ""
	}
	return routes.Address(misrouteRulePath, table, rule)
}

// drifting are the open alarms on rules, by table and rule.
func (w *Workspace) drifting(k *call) ([]alarms.Alarm, error) {
	open, err := w.Alarms.Open(k.ctx(), k.who.NeighbourhoodID)
	return slices.DeleteFunc(open, func(a alarms.Alarm) bool { return a.Kind != alarms.RuleDrift }), err
}

func (w *Workspace) misroutes(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	charts, err := w.Misroutes.Charts(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	open, err := w.drifting(k)
	if err != nil {
		return err
	}
	m := pages.Misroutes{Studio: k.page("Sent to the wrong place", misroutesPath)}
	if c.QueryParam("done") == "acknowledged" {
		m.Notice = "The alarm is acknowledged and cleared."
	}
	standing := map[string]bool{}
	for _, a := range open {
		standing[a.Subject] = true
		m.Alarms = append(m.Alarms, pages.MisrouteAlarm{ID: a.ID.String(), Says: a.Says, Since: wording.Moment(a.RaisedAt, k.now), Href: alarmAddress(a)})
	}
	silent := 0
	for _, chart := range charts {
		alarmed := standing[misroutes.Subject(chart.Table, chart.Rule)]
		if chart.Decisions == 0 && chart.Before == nil && !alarmed {
			silent++
			continue
		}
		m.Rules = append(m.Rules, misrouteRow(chart, alarmed))
	}
	if silent > 0 && len(m.Rules) > 0 {
		m.Silent = wording.Counted(silent, "rule has sent nothing yet, and is not listed.", "rules have sent nothing yet, and are not listed.")
	}
	return routes.Render(c, http.StatusOK, pages.StudioMisroutesPage(m))
}

func misrouteRow(c misroutes.Chart, alarmed bool) pages.MisrouteRow {
	row := pages.MisrouteRow{
		Rule: ruleName(c), Href: routes.Address(misrouteRulePath, c.Table, c.Rule), Table: c.Table, Sentence: c.Sentence,
		Decisions: misroutes.Coarse(c.Decisions), Came: misroutes.Coarse(c.Returned), Usual: usual(c), State: stateOf(c, alarmed),
	}
	if c.Decisions > 0 {
		row.Rated, _, _ = rated(control.Point{N: c.Decisions, X: c.Returned})
	}
	return row
}

// ruleName tells the platform's rules from the neighbourhood's.
func ruleName(c misroutes.Chart) string {
	if c.Safety {
		return c.Rule + " (the platform’s safety stage)"
	}
	return c.Rule
}

func usual(c misroutes.Chart) string {
	if c.Baseline == nil {
		return "Not known yet"
	}
	return misroutes.Percent(c.Baseline.P)
}

// stateOf is how a rule stands now: its newest day or week, unless an alarm stands.
func stateOf(c misroutes.Chart, alarmed bool) pages.Label {
	switch {
	case alarmed && c.FellBack:
		return pages.Label{Text: "Alarm: it fell back", Colour: "red"}
	case alarmed:
		return pages.Label{Text: "Alarm", Colour: "red"}
	case c.FellBack:
		return pages.Label{Text: "Fell back", Colour: "orange"}
	case c.Baseline == nil:
		return pages.Label{Text: "Being learnt", Colour: "grey"}
	}
	switch c.Points[len(c.Points)-1].Signal() {
	case control.Above:
		return pages.Label{Text: "More than usual", Colour: "orange"}
	case control.Below:
		return pages.Label{Text: "Fewer than usual", Colour: "blue"}
	}
	return pages.Label{Text: "As usual", Colour: "green"}
}

func (w *Workspace) misrouteRule(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	return w.showMisrouteRule(k, http.StatusOK, c.Param("table"), c.Param("rule"), "", nil)
}

// showMisrouteRule shows one rule, with what was wrong with a note about its alarm.
func (w *Workspace) showMisrouteRule(k *call, status int, table, rule, note string, wrong []components.Problem) error {
	charts, err := w.Misroutes.Charts(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(charts, func(c misroutes.Chart) bool { return c.Table == table && c.Rule == rule })
	if i < 0 {
		return fault.Absent()
	}
	chart := charts[i]
	m := pages.MisrouteRule{Studio: k.page(chart.Rule, misroutesPath), Heading: "Rule " + ruleName(chart), Sentence: chart.Sentence, Says: aboutRule(k, chart)}
	if m.Wrong = wrong; len(wrong) > 0 {
		m.Problems = true
	}
	live, err := w.live(k)
	if err != nil {
		return err
	}
	if live != nil && !chart.Safety {
		m.RuleHref = routes.Address(rulePath, live.Hash, table, rule)
	}
	open, err := w.drifting(k)
	if err != nil {
		return err
	}
	for _, a := range open {
		if a.Subject != misroutes.Subject(table, rule) {
			continue
		}
		line := pages.MisrouteAlarm{ID: a.ID.String(), Says: a.Says, Since: wording.Moment(a.RaisedAt, k.now), Note: note, Wrong: components.ErrorFor(wrong, "note")}
		if k.who.May("alarm", "acknowledge") {
			line.Acknowledge = routes.Address(acknowledgePath, a.ID.String())
		}
		m.Alarms = append(m.Alarms, line)
	}
	if m.Past, err = w.pastAlarms(k, misroutes.Subject(table, rule)); err != nil {
		return err
	}
	m.Now = figures(chart, "now", "As it reads now")
	if chart.Before != nil {
		before := figures(*chart.Before, "before", "As it read before")
		before.Sentence = chart.Before.Sentence
		m.Before = &before
	}
	return routes.Render(k.c, status, pages.StudioMisrouteRulePage(m))
}

// aboutRule says what a lead should know before reading the chart.
func aboutRule(k *call, c misroutes.Chart) []string {
	var says []string
	switch {
	case c.Safety:
		says = append(says, "This rule is the platform’s own. It is changed by the platform, and not in this neighbourhood.")
	case c.FellBack:
		says = append(says, "It drifted, and has fallen back to the registered practice since "+wording.Moment(c.Since, k.now)+". Publish the rules as they should be, or restore an earlier version, to undo that.")
	case c.IfDrifts:
		says = append(says, "When it drifts past its limits, it falls back to the registered practice by itself.")
	}
	return says
}

func (w *Workspace) pastAlarms(k *call, subject string) ([]pages.TimelineLine, error) {
	recent, err := w.Alarms.Recent(k.ctx(), k.who.NeighbourhoodID, alarms.RuleDrift)
	var lines []pages.TimelineLine
	for _, a := range recent {
		if a.Subject != subject || a.Open() {
			continue
		}
		line := pages.TimelineLine{At: wording.Moment(a.RaisedAt, k.now), Stamp: a.RaisedAt.Format("2006-01-02T15:04:05Z"), Says: a.Says + " Cleared " + wording.Moment(a.ClearedAt, k.now)}
		if a.Acknowledged != nil {
			line.Says += " by " + k.by(a.Acknowledged.By.Name)
			line.Note = a.Acknowledged.Note
		}
		line.Says += "."
		lines = append(lines, line)
	}
	return lines, err
}

// acknowledge clears an alarm with a note.
func (w *Workspace) acknowledge(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	open, err := w.Alarms.Open(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(open, func(a alarms.Alarm) bool { return a.ID == id })
	_, err = w.Alarms.Acknowledge(k.ctx(), k.who.Actor(), k.who.NeighbourhoodID, id, form.Get("note"))
	if f := fault.As(err); err != nil && f.Kind == fault.Invalid && i >= 0 && open[i].Kind == alarms.RuleDrift {
		table, rule, _ := strings.Cut(open[i].Subject, "/")
		problems := []components.Problem{{Target: "note", Says: plainWords(f.Says)}}
		return w.showMisrouteRule(k, http.StatusUnprocessableEntity, table, rule, form.Get("note"), problems)
	}
	if err != nil && !fault.Is(err, "alarm_cleared") { // cleared meanwhile is what was wanted
		return err
	}
	return c.Redirect(http.StatusSeeOther, misroutesPath+"?done=acknowledged")
}
