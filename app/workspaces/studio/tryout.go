package studio

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/wording"
	"onedoor/policy/simulate"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// Simulations decide past requests again, and keep what came of it. It is simulations.Service.
type Simulations interface {
	Start(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q simulations.Question) (simulations.Run, error)
	Get(ctx context.Context, neighbourhood, id uuid.UUID) (simulations.Run, error)
	List(ctx context.Context, neighbourhood uuid.UUID, draft string) ([]simulations.Run, error)
	Cancel(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID) (simulations.Run, error)
	Moves(ctx context.Context, neighbourhood, run uuid.UUID, cell string) ([]simulations.Move, error)
	Material(ctx context.Context, neighbourhood, run uuid.UUID, cell string, number int) (simulations.Case, error)
	Shadows(ctx context.Context, neighbourhood uuid.UUID, draft string) ([]simulations.Shadow, error)
	ShadowCells(ctx context.Context, neighbourhood uuid.UUID, draft, hash string) ([]simulations.ShadowCell, error)
	ShadowMoves(ctx context.Context, d simulations.ShadowDraft, cell string) ([]simulations.Move, error)
}

const (
	runsPath      = root + "/simulations"
	runPath       = runsPath + "/:run"
	cancelRunPath = runPath + "/cancel"
	movesPath     = runPath + "/moves/:cell"
	makeCasePath  = movesPath + "/case/:number"
	tryOutPath    = ofPolicy + "/try"
)

// addTryOut registers the pages where a draft is tried out on past requests: the menu's, for every draft, and a draft's own.
func (w *Workspace) addTryOut(s *routes.Server) {
	s.Add(http.MethodGet, runsPath, routes.Need("policy", "simulate"), w.tryOut)
	s.Add(http.MethodPost, runsPath, routes.Need("policy", "simulate"), w.startRun)
	s.Add(http.MethodGet, runPath, routes.Need("policy", "simulate"), w.run)
	s.Add(http.MethodPost, cancelRunPath, routes.Need("policy", "simulate"), w.cancelRun)
	s.Add(http.MethodGet, movesPath, routes.Need("policy", "simulate"), w.moves)
	s.Add(http.MethodGet, makeCasePath, routes.Need("policy", "write"), w.makeCase)
}

// addTryThis registers the page where one policy is tried out.
func (w *Workspace) addTryThis(s *routes.Server) {
	s.Add(http.MethodGet, tryOutPath, routes.Need("policy", "simulate"), w.tryThis)
}

const usualDays = 28

func (w *Workspace) tryOut(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form := k.usualRun(c.QueryParam("draft"))
	return w.showTryOut(k, http.StatusOK, k.page("Try it out", runsPath), form, "", nil)
}

func (w *Workspace) tryThis(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	if o.draft == nil {
		return c.Redirect(http.StatusSeeOther, runsPath)
	}
	return w.showTryOut(k, http.StatusOK, k.policyPage("Try it out", o, tryOutPath), k.usualRun(o.draft.Name), o.draft.Name, nil)
}

// usualRun is a form that asks for the last four weeks.
func (k *call) usualRun(draft string) url.Values {
	from := k.today().Add(-usualDays)
	form := url.Values{"draft": {draft}, "mode": {string(simulate.RecordedLoad)}}
	setDate(form, "from", from)
	setDate(form, "until", k.today())
	return form
}

func setDate(form url.Values, prefix string, d nhs.Date) {
	form.Set(prefix+"-day", strconv.Itoa(d.Day))
	form.Set(prefix+"-month", strconv.Itoa(int(d.Month)))
	form.Set(prefix+"-year", strconv.Itoa(d.Year))
}

// readDate reads three fields as a day; what is typed may be anything.
func readDate(form url.Values, prefix string) (nhs.Date, bool) {
	part := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(form.Get(prefix + "-" + name)))
		if err != nil {
			return 0
		}
		return n
	}
	d := nhs.Date{Year: part("year"), Month: time.Month(part("month")), Day: part("day")}
	read, err := nhs.ParseDate(d.String())
	return d, err == nil && read == d
}

func dateInput(form url.Values, id, legend, hint string, wrong []components.Problem) components.DateInput {
	d := components.DateInput{
		ID: id, Prefix: id, Legend: locales.Plain(legend), Error: components.ErrorFor(wrong, id+"-day"),
		Day: form.Get(id + "-day"), Month: form.Get(id + "-month"), Year: form.Get(id + "-year"),
	}
	if hint != "" {
		d.Hint = locales.Plain(hint)
	}
	return d
}

func (w *Workspace) showTryOut(k *call, status int, frame pages.Studio, form url.Values, only string, wrong []components.Problem) error {
	t := pages.TryOut{
		Studio: frame, Empty: "There is no draft to try out. Begin one on the overview.",
		Says: "Past requests are decided again, by the rules in force and by a draft, and the differences counted. Nothing that is in force changes, and nobody’s name or words are shown.",
	}
	t.Wrong, t.Problems = wrong, len(wrong) > 0
	drafts, err := w.Publishing.Drafts(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	if len(drafts) > 0 {
		t.Form = tryOutForm(drafts, form, wrong)
	}
	runs, err := w.Simulations.List(k.ctx(), k.who.NeighbourhoodID, only)
	if err != nil {
		return err
	}
	for _, r := range runs {
		t.Runs = append(t.Runs, k.runRow(r))
	}
	return routes.Render(k.c, status, pages.StudioTryOut(t))
}

func tryOutForm(drafts []publishing.Draft, form url.Values, wrong []components.Problem) *pages.TryOutForm {
	f := &pages.TryOutForm{
		Action: runsPath, Draft: components.Select{ID: "draft", Name: "draft", Label: locales.Plain("Draft"), Error: components.ErrorFor(wrong, "draft")},
		From:  dateInput(form, "from", "First day", "", wrong),
		Until: dateInput(form, "until", "Last day", "", wrong),
		Mode:  components.Choice{ID: "mode", Name: "mode", Legend: locales.Plain("How full each service was"), Small: true, Error: components.ErrorFor(wrong, "mode")},
	}
	for _, d := range drafts {
		f.Draft.Options = append(f.Draft.Options, components.SelectOption{Value: d.Name, Text: d.Name, Selected: d.Name == form.Get("draft")})
	}
	for _, m := range []simulate.Mode{simulate.RecordedLoad, simulate.ClosedLoop} {
		f.Mode.Options = append(f.Mode.Options, components.Option{Value: string(m), Text: locales.Plain(modeTitle(m)), Hint: locales.Plain(modeWords(m)), Checked: form.Get("mode") == string(m)})
	}
	return f
}

func modeTitle(m simulate.Mode) string {
	if m == simulate.ClosedLoop {
		return "As it would have become"
	}
	return "As it was"
}

func modeWords(m simulate.Mode) string {
	if m == simulate.ClosedLoop {
		return "Requests are decided in order of time, and what the draft sends to a service fills that service (closed loop)."
	}
	return "Each request is decided alone, with services as full as they were at its moment (recorded load)."
}

// startRun begins a run and leads to its page.
func (w *Workspace) startRun(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	var wrong []components.Problem
	add := func(target, says string) {
		wrong = append(wrong, components.Problem{Target: target, Says: locales.Plain(says)})
	}
	d, err := w.Publishing.Draft(k.ctx(), k.who.NeighbourhoodID, form.Get("draft"))
	switch {
	case fault.Is(err, "not_found"):
		add("draft", "Choose a draft")
	case err != nil:
		return err
	}
	from, ok := readDate(form, "from")
	if !ok {
		add("from-day", "Enter the first day as a day, month and year")
	}
	until, fine := readDate(form, "until")
	if !fine {
		add("until-day", "Enter the last day as a day, month and year")
	}
	if ok && fine && until.Before(from) {
		add("until-day", "The last day must be the first day or after it")
	}
	if len(wrong) > 0 {
		return w.showTryOut(k, http.StatusUnprocessableEntity, k.page("Try it out", runsPath), form, "", wrong)
	}
	run, err := w.Simulations.Start(k.ctx(), k.actor(), k.who.NeighbourhoodID, simulations.Question{
		Draft: d.Name, Document: d.Document, From: from.Midnight(tenants.London()), Until: until.Add(1).Midnight(tenants.London()), Mode: simulate.Mode(form.Get("mode")),
	})
	if err != nil {
		refused := fault.As(err)
		if refused.Kind != fault.Invalid {
			return err
		}
		target := "draft"
		switch refused.Code {
		case "simulation_mode":
			add("mode", "Choose how full each service was")
		case "simulation_period":
			add("until-day", refused.Says)
		default:
			add(target, refused.Says)
		}
		return w.showTryOut(k, http.StatusUnprocessableEntity, k.page("Try it out", runsPath), form, "", wrong)
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(runPath, run.ID.String()))
}

func (k *call) runRow(r simulations.Run) pages.RunRow {
	row := pages.RunRow{
		Href: routes.Address(runPath, r.ID.String()), Draft: r.Draft, Period: period(r.From, r.Until), Mode: modeTitle(r.Mode), By: upper(k.by(r.By.Name)) + ", " + wording.Moment(r.CreatedAt, k.now),
		State: runState(r.State),
	}
	switch r.State {
	case simulations.Running:
		row.Says = progressWords(r)
	case simulations.Done:
		row.Says = wording.Counted(r.Total, "request", "requests")
	case simulations.Failed:
		row.Says = r.Problem
	case simulations.Queued, simulations.Cancelled:
	}
	return row
}

func runState(s simulations.State) pages.Label {
	switch s {
	case simulations.Queued:
		return pages.Label{Text: "Waiting", Colour: "grey"}
	case simulations.Running:
		return pages.Label{Text: "Running", Colour: "blue"}
	case simulations.Done:
		return pages.Label{Text: "Done", Colour: "green"}
	case simulations.Cancelled:
		return pages.Label{Text: "Stopped", Colour: "grey"}
	case simulations.Failed:
		return pages.Label{Text: "Failed", Colour: "red"}
	}
	return pages.Label{Text: titled(string(s)), Colour: "grey"}
}

// period is the days whose requests are asked about, both included.
func period(from, until time.Time) string {
	const day = "2 Jan 2006"
	first, last := from.In(tenants.London()), until.Add(-time.Second).In(tenants.London())
	if first.Format(day) == last.Format(day) {
		return first.Format(day)
	}
	return first.Format(day) + " to " + last.Format(day)
}
