package operations

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/calls"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy/access"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

const (
	callsPath  = root + "/calls"
	exportPath = callsPath + "/export.csv"
	reportPath = callsPath + "/report.csv"
)

// Calls are the record of telephone calls. It is calls.Service.
type Calls interface {
	Report(ctx context.Context, neighbourhood uuid.UUID, p calls.Period) (calls.Report, error)
	ReportOf(ctx context.Context, neighbourhood, organisation uuid.UUID, p calls.Period) (calls.Report, error)
	Parity(ctx context.Context, neighbourhood uuid.UUID, p calls.Period) (calls.Parity, error)
	List(ctx context.Context, neighbourhood uuid.UUID, lines calls.Lines, p calls.Period) ([]calls.Ours, error)
	Reconcile(ctx context.Context, neighbourhood uuid.UUID, lines calls.Lines, p calls.Period, list calls.Supplier) (calls.Reconciliation, error)
}

// addCalls registers the report on calls and its files.
func (w *Workspace) addCalls(s *routes.Server) {
	s.Add(http.MethodGet, callsPath, routes.Need("report", "read"), w.callsReport)
	s.Add(http.MethodGet, reportPath, routes.Need("report", "read"), w.callsReportFile)
	s.Add(http.MethodGet, exportPath, routes.Need("call", "export"), w.callsExport)
}

// everywhere reports whether this person sees the whole neighbourhood, and so counts alone.
func (k *call) everywhere(object, action string) bool {
	reaches := k.who.Reaches(object, action)
	return slices.Contains(reaches, access.Neighbourhood) || slices.Contains(reaches, access.Platform)
}

// lines are those whose calls this person may list one by one.
func (k *call) lines(action string) calls.Lines {
	l := calls.Lines{Organisations: k.who.ScopeFor("call", action).Organisations}
	l.Own = slices.Contains(l.Organisations, k.directory.Desk().ID)
	return l
}

// organisationName is an organisation's, or the neighbourhood's for its own line.
func (k *call) organisationName(id uuid.UUID) string {
	if o, ok := k.directory.Organisation(id); ok {
		return o.Name
	}
	return "The neighbourhood’s own line"
}

func (k *call) ods(id uuid.UUID) string {
	o, _ := k.directory.Organisation(id)
	return string(o.ODS)
}

// reportFor is the report that this person may see, and whose it is.
func (w *Workspace) reportFor(k *call, p calls.Period) (calls.Report, string, error) {
	if k.everywhere("report", "read") {
		r, err := w.Calls.Report(k.ctx(), k.who.NeighbourhoodID, p)
		return r, "All lines in " + k.directory.Neighbourhood().Name + ". Counts only: where there were fewer than five calls, what came of them is not shown.", err
	}
	own := k.who.ScopeFor("report", "read").Organisations
	if len(own) == 0 {
		return calls.Report{}, "", fault.New(fault.Forbidden, "forbidden", "Your role here does not include this.")
	}
	r, err := w.Calls.ReportOf(k.ctx(), k.who.NeighbourhoodID, own[0], p)
	return r, "The lines of " + k.organisationName(own[0]) + ".", err
}

// callsStand says how many called today.
func (w *Workspace) callsStand(k *call) ([]pages.Label, error) {
	today := nhs.DateOf(k.now.In(tenants.London()))
	r, _, err := w.reportFor(k, calls.Period{From: today, To: today})
	if err != nil {
		return nil, err
	}
	return []pages.Label{{Text: wording.Counted(r.Total.Calls, "call", "calls") + " today", Colour: "grey"}}, nil
}

func (w *Workspace) callsReport(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, choice, err := periods(c.QueryParam("period"), k.now)
	if err != nil {
		return err
	}
	r, whose, err := w.reportFor(k, p)
	if err != nil {
		return err
	}
	page := pages.CallsReport{Operations: k.page("Telephone calls", callsPath), Whose: whose, Action: callsPath, Period: choice, Notes: countingNotes()}
	if r.Total.Calls == 0 {
		page.Empty = "No calls came in this time."
	} else {
		page.Figures = callFigures(r.Total)
		page.Tables = append(page.Tables, dayTable(r.Days))
		if k.everywhere("report", "read") {
			page.Tables = append(page.Tables, w.lineTable(k, r.Lines))
		}
	}
	if len(r.Kinds) > 0 {
		page.Tables = append(page.Tables, w.kindTable(r.Kinds))
	}
	if k.everywhere("report", "read") {
		parity, err := w.Calls.Parity(k.ctx(), k.who.NeighbourhoodID, p)
		if err != nil {
			return err
		}
		if len(parity.Rows) > 0 {
			page.Tables = append(page.Tables, w.parityTable(parity.Rows))
		}
	}
	query := "?period=" + periodValue(p)
	page.Downloads = append(page.Downloads, pages.StudioLink{Text: "These figures (CSV)", Href: reportPath + query})
	if k.who.May("call", "export") {
		page.Downloads = append(page.Downloads, pages.StudioLink{Text: "One row for each call, for the national collection (CSV)", Href: exportPath + query})
	}
	if k.who.May("call", "reconcile") {
		page.Downloads = append(page.Downloads, pages.StudioLink{Text: "Compare with your telephone supplier’s list", Href: reconcilePath + query})
	}
	return routes.Render(c, http.StatusOK, pages.CallsReportPage(page))
}

func (w *Workspace) callsReportFile(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, _, err := periods(c.QueryParam("period"), k.now)
	if err != nil {
		return err
	}
	r, _, err := w.reportFor(k, p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := calls.WriteReport(&b, r, k.ods); err != nil {
		return err
	}
	return file(c, "calls-report-"+periodValue(p)+".csv", b.Bytes())
}

// callsExport gives one row for each call of the organisations where this person is an administrator.
func (w *Workspace) callsExport(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, _, err := periods(c.QueryParam("period"), k.now)
	if err != nil {
		return err
	}
	list, err := w.Calls.List(k.ctx(), k.who.NeighbourhoodID, k.lines("export"), p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := calls.WriteCalls(&b, list, k.ods); err != nil {
		return err
	}
	return file(c, "calls-"+periodValue(p)+".csv", b.Bytes())
}

func file(c echo.Context, name string, content []byte) error {
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", content)
}

func callFigures(f calls.Figures) []pages.RunFigure {
	list := []pages.RunFigure{{Number: wording.Figure(f.Calls), Says: "calls"}}
	if f.Hidden {
		return append(list, pages.RunFigure{Number: "Too few", Says: "to say what came of them"})
	}
	list = append(list, pages.RunFigure{Number: wording.Figure(f.Answered), Says: "answered"})
	net := pages.RunFigure{Number: wording.Figure(f.Net), Says: "completed without a person, and no second call within 24 hours"}
	if share, known := f.Contained(); known {
		net.Says += " (" + percent(share) + " of those answered)"
	}
	list = append(list, net,
		pages.RunFigure{Number: wording.Figure(f.Endings[calls.Person]), Says: "reached a person"},
		pages.RunFigure{Number: wording.Figure(f.Endings[calls.Callback]), Says: "will be called back"},
		pages.RunFigure{Number: wording.Figure(f.Endings[calls.AbandonedKept]), Says: "hung up, answers kept"},
		pages.RunFigure{Number: wording.Figure(f.Endings[calls.AbandonedEmpty]), Says: "hung up before any answer"},
		pages.RunFigure{Number: wording.Figure(f.Endings[calls.Emergency]), Says: "told to call 999"},
	)
	if n := f.Endings[calls.Refused] + f.Endings[calls.Failed]; n > 0 {
		list = append(list, pages.RunFigure{Number: wording.Figure(n), Says: "could not be taken, or broke", Bad: true})
	}
	if f.ToPerson.N > 0 {
		list = append(list, pages.RunFigure{Number: length(f.ToPerson.Median), Says: "from asking for a person to speaking to one, for half of them; " + length(f.ToPerson.P90) + " or less for nine in ten"})
	}
	if f.GoingOn > 0 {
		list = append(list, pages.RunFigure{Number: wording.Figure(f.GoingOn), Says: "going on now"})
	}
	return list
}

// length is a time as people say it: 45 s, 3 min 5 s, 2.5 hours.
func length(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		if s := int(d.Seconds()) % 60; s > 0 {
			return strconv.Itoa(int(d.Minutes())) + " min " + strconv.Itoa(s) + " s"
		}
		return strconv.Itoa(int(d.Minutes())) + " min"
	}
	return strconv.FormatFloat(d.Hours(), 'f', 1, 64) + " hours"
}

// percent is a share in whole percent, of which what is not quite nothing or all stays so.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.01:
		return "under 1%"
	case share < 1 && share > 0.99:
		return "over 99%"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + "%"
}

func countingNotes() []string {
	return []string{
		"A call counts on the day in London on which it began. A call that goes on has no ending yet.",
		"Completed without a person means that a request was handed in, or an answer was heard, and nobody had to come to the telephone. A call after which the same number rang again within 24 hours is left out: it may not have met the need. Whether a call without a number repeats another is not known, and it counts as the first.",
		"The time to a person runs from the moment in which a caller first asked for one, or had to be given one, until one answered.",
		"Hung up, answers kept: what was answered went to reception as a callback, marked incomplete.",
		"By kind: those who chose a kind on the telephone, and those who began its questions on the web, with how many of each got to the end. On the telephone a person who was put through has not got to the end of the questions.",
		"Late means answered after it was due, or due and not yet answered. Requests that were brought in from another system have no due time here.",
		"Whose calls they were is not counted: a number is kept as a code that cannot be read for two days, so that a second call is known, and then not at all.",
	}
}
