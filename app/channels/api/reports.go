package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/calls"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Reports are counts of calls and requests. It is calls.Service.
type Reports interface {
	Report(ctx context.Context, neighbourhood uuid.UUID, p calls.Period) (calls.Report, error)
	ReportOf(ctx context.Context, neighbourhood, organisation uuid.UUID, p calls.Period) (calls.Report, error)
	Parity(ctx context.Context, neighbourhood uuid.UUID, p calls.Period) (calls.Parity, error)
}

// Directories know the organisations of a neighbourhood. It is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

const reportsPath = "/api/v1/neighbourhoods/:slug/reports"

func (a *API) addReports(s *routes.Server) {
	s.Add(http.MethodGet, reportsPath+"/calls", routes.Need("report", "read"), a.callsReport)
	s.Add(http.MethodGet, reportsPath+"/parity", routes.Need("report", "read"), a.parityReport)
}

// period reads from and to: days, or moments that stand for their day in London.
func (a *API) period(c echo.Context) (calls.Period, error) {
	from, err := dayOf(c.QueryParam("from"))
	if err != nil {
		return calls.Period{}, err
	}
	to, err := dayOf(c.QueryParam("to"))
	if err != nil {
		return calls.Period{}, err
	}
	return calls.NewPeriod(from, to, a.o.Now())
}

func dayOf(s string) (nhs.Date, error) {
	if s == "" {
		return nhs.Date{}, nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return nhs.DateOf(at.In(tenants.London())), nil
	}
	return nhs.ParseDate(s)
}

// everywhere reports whether somebody's permission to read reports reaches the whole neighbourhood.
func everywhere(p identity.Principal) bool {
	reaches := p.Reaches("report", "read")
	return slices.Contains(reaches, access.Neighbourhood) || slices.Contains(reaches, access.Platform)
}

func (a *API) callsReport(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	p, err := a.period(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), routes.Principal(c)
	directory, err := a.o.Directories.Current(ctx, nb)
	if err != nil {
		return err
	}
	organisation, err := asked(directory, who, c.QueryParam("organisation"))
	if err != nil {
		return err
	}
	var r calls.Report
	if organisation == uuid.Nil {
		r, err = a.o.Reports.Report(ctx, nb, p)
	} else {
		r, err = a.o.Reports.ReportOf(ctx, nb, organisation, p)
	}
	if err != nil {
		return err
	}
	named := func(id uuid.UUID) string {
		o, _ := directory.Organisation(id)
		return string(o.ODS)
	}
	if strings.Contains(c.Request().Header.Get("Accept"), "text/csv") || c.QueryParam("format") == "csv" {
		var b bytes.Buffer
		if err := calls.WriteReport(&b, r, named); err != nil {
			return err
		}
		c.Response().Header().Set("Content-Disposition", `attachment; filename="calls-`+p.From.String()+`-`+p.To.String()+`.csv"`)
		c.Response().Header().Set("Vary", "Accept")
		return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
	}
	c.Response().Header().Set("Vary", "Accept")
	return routes.WriteJSON(c, http.StatusOK, callsBodyOf(r, named(organisation), named))
}

// asked is the organisation whose figures somebody wants, and may see in full: an administrator's own. Who sees the whole
// neighbourhood sees it with small counts withheld, and no single organisation.
func asked(directory *tenants.Directory, who identity.Principal, ods string) (uuid.UUID, error) {
	own := who.ScopeFor("report", "read").Organisations
	switch {
	case ods != "":
		for _, id := range own {
			if o, ok := directory.Organisation(id); ok && strings.EqualFold(string(o.ODS), ods) {
				return id, nil
			}
		}
		return uuid.Nil, fault.Absent()
	case everywhere(who):
		return uuid.Nil, nil
	case len(own) > 0:
		return own[0], nil
	}
	return uuid.Nil, fault.Absent()
}

type callsBody struct {
	From         string        `json:"from"`
	To           string        `json:"to"`
	Organisation string        `json:"organisation,omitempty"`
	Total        figuresBody   `json:"total"`
	Days         []figuresBody `json:"days"`
	Lines        []figuresBody `json:"lines"`
	Kinds        []kindBody    `json:"kinds"`
}

type figuresBody struct {
	On           string        `json:"on,omitempty"`
	Organisation *string       `json:"organisation,omitempty"` // empty for the neighbourhood's own line
	Calls        int           `json:"calls"`
	Withheld     bool          `json:"withheld"`
	Outcomes     *outcomesBody `json:"outcomes"`
}

type outcomesBody struct {
	Answered               int      `json:"answered"`
	InProgress             int      `json:"in_progress"`
	Completed              int      `json:"completed"`
	CompletedWithoutRepeat int      `json:"completed_without_repeat"`
	Person                 int      `json:"person"`
	Callback               int      `json:"callback"`
	Emergency              int      `json:"emergency"`
	AbandonedKept          int      `json:"abandoned_kept"`
	AbandonedEmpty         int      `json:"abandoned_empty"`
	Refused                int      `json:"refused"`
	Failed                 int      `json:"failed"`
	Repeats                int      `json:"repeats_within_24_hours"`
	NumberWithheld         int      `json:"number_withheld"`
	SecondsToPerson        waitBody `json:"seconds_to_person"`
}

type waitBody struct {
	N      int      `json:"n"`
	Median *float64 `json:"median"`
	P90    *float64 `json:"p90"`
}

type kindBody struct {
	Kind  string         `json:"kind"`
	Phone completionBody `json:"phone"`
	Web   completionBody `json:"web"`
}

type completionBody struct {
	Begun     int      `json:"begun"`
	Completed *int     `json:"completed"`
	Share     *float64 `json:"share"`
}

func callsBodyOf(r calls.Report, organisation string, named calls.Named) callsBody {
	b := callsBody{From: r.From.String(), To: r.To.String(), Organisation: organisation, Total: figuresBodyOf(r.Total), Days: []figuresBody{}, Lines: []figuresBody{}, Kinds: []kindBody{}}
	for _, d := range r.Days {
		f := figuresBodyOf(d.Figures)
		f.On = d.On.String()
		b.Days = append(b.Days, f)
	}
	for _, l := range r.Lines {
		f, ods := figuresBodyOf(l.Figures), named(l.OrganisationID)
		f.Organisation = &ods
		b.Lines = append(b.Lines, f)
	}
	for _, k := range r.Kinds {
		b.Kinds = append(b.Kinds, kindBody{k.Kind, completionBodyOf(k.Phone), completionBodyOf(k.Web)})
	}
	return b
}

func figuresBodyOf(f calls.Figures) figuresBody {
	b := figuresBody{Calls: f.Calls, Withheld: f.Hidden}
	if f.Hidden {
		return b
	}
	b.Outcomes = &outcomesBody{
		Answered: f.Answered, InProgress: f.GoingOn, Completed: f.Endings[calls.Completed], CompletedWithoutRepeat: f.Net, Person: f.Endings[calls.Person],
		Callback: f.Endings[calls.Callback], Emergency: f.Endings[calls.Emergency], AbandonedKept: f.Endings[calls.AbandonedKept], AbandonedEmpty: f.Endings[calls.AbandonedEmpty],
		Refused: f.Endings[calls.Refused], Failed: f.Endings[calls.Failed], Repeats: f.Repeats, NumberWithheld: f.Withheld, SecondsToPerson: waitBody{N: f.ToPerson.N},
	}
	if f.ToPerson.N > 0 {
		median, p90 := f.ToPerson.Median.Seconds(), f.ToPerson.P90.Seconds()
		b.Outcomes.SecondsToPerson.Median, b.Outcomes.SecondsToPerson.P90 = &median, &p90
	}
	return b
}

func completionBodyOf(c calls.Completion) completionBody {
	b := completionBody{Begun: c.Begun}
	if share, known := c.Share(); known {
		b.Completed, b.Share = &c.Done, &share
	}
	return b
}

type parityBody struct {
	From string      `json:"from"`
	To   string      `json:"to"`
	Rows []parityRow `json:"rows"`
}

type parityRow struct {
	Kind          string                     `json:"kind"`
	Channel       string                     `json:"channel"`
	Requests      int                        `json:"requests"`
	Withheld      bool                       `json:"withheld"`
	UrgencyShares map[policy.Urgency]float64 `json:"urgency_shares"`
	Answered      *int                       `json:"answered"`
	HoursToAnswer *waitBody                  `json:"hours_to_answer"`
	Judged        *int                       `json:"judged"`
	ShareLate     *float64                   `json:"share_late"`
}

func (a *API) parityReport(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	if !everywhere(routes.Principal(c)) {
		return fault.New(fault.Forbidden, "neighbourhood_only", "This report is of the whole neighbourhood, which its lead sees.")
	}
	p, err := a.period(c)
	if err != nil {
		return err
	}
	r, err := a.o.Reports.Parity(c.Request().Context(), nb, p)
	if err != nil {
		return err
	}
	b := parityBody{From: p.From.String(), To: p.To.String(), Rows: []parityRow{}}
	for _, row := range r.Rows {
		b.Rows = append(b.Rows, parityRowOf(row))
	}
	return routes.WriteJSON(c, http.StatusOK, b)
}

func parityRowOf(r calls.ParityRow) parityRow {
	b := parityRow{Kind: r.Kind, Channel: r.Channel, Requests: r.Requests, Withheld: r.Hidden}
	if r.Hidden {
		return b
	}
	b.UrgencyShares = map[policy.Urgency]float64{}
	for urgency, n := range r.Urgencies {
		b.UrgencyShares[urgency] = float64(n) / float64(r.Requests)
	}
	b.Answered, b.Judged, b.HoursToAnswer = &r.Answered, &r.Judged, &waitBody{N: r.Answered}
	if r.Answered > 0 {
		median, p90 := r.Median.Hours(), r.P90.Hours()
		b.HoursToAnswer.Median, b.HoursToAnswer.P90 = &median, &p90
	}
	if r.Judged > 0 {
		late := float64(r.Late) / float64(r.Judged)
		b.ShareLate = &late
	}
	return b
}
