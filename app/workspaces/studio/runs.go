package studio

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// runOf reads the run in the address; another neighbourhood's is as if it were absent.
func (w *Workspace) runOf(k *call) (simulations.Run, error) {
	id, err := uuid.Parse(k.c.Param("run"))
	if err != nil {
		return simulations.Run{}, fault.Absent()
	}
	return w.Simulations.Get(k.ctx(), k.who.NeighbourhoodID, id)
}

// run shows how far a run is or what came of it; a page that follows it asks for that part alone.
func (w *Workspace) run(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	r, err := w.runOf(k)
	if err != nil {
		return err
	}
	page := w.runPage(k, r, c.QueryParam("queue"))
	if k.partial() {
		return routes.RenderParts(c, http.StatusOK, pages.StudioRunBody(page))
	}
	return routes.Render(c, http.StatusOK, pages.StudioRun(page))
}

func (w *Workspace) runPage(k *call, r simulations.Run, queue string) pages.RunPage {
	here := routes.Address(runPath, r.ID.String())
	page := pages.RunPage{
		Studio: k.page("Draft "+r.Draft+" on past requests", runsPath), Heading: "Draft “" + r.Draft + "” on past requests",
		Again: runsPath + "?draft=" + r.Draft,
		Facts: []pages.Fact{
			{Key: "Requests of", Values: []string{period(r.From, r.Until)}},
			{Key: "How full services were", Values: []string{modeTitle(r.Mode) + ". " + modeWords(r.Mode)}},
			{Key: "Begun by", Values: []string{upper(k.by(r.By.Name)) + ", " + wording.Moment(r.CreatedAt, k.now)}},
		},
	}
	page.Page.Back = runsPath
	switch r.State {
	case simulations.Queued, simulations.Running:
		page.Progress = &pages.RunProgress{Href: here, Cancel: routes.Address(cancelRunPath, r.ID.String()), Says: progressWords(r), Done: r.Done, Total: r.Total, Share: "0"}
		if r.Total > 0 {
			page.Progress.Share = strconv.Itoa(min(100, 100*r.Done/r.Total))
		}
	case simulations.Cancelled:
		page.Failed = "It was stopped, and nothing is known of it."
	case simulations.Failed:
		page.Failed = "It could not be finished. " + r.Problem
	case simulations.Done:
		if r.Result != nil {
			result := k.resultOf(r, queue)
			page.Result = &result
		}
	}
	return page
}

func progressWords(r simulations.Run) string {
	switch {
	case r.State == simulations.Queued:
		return "It waits to begin."
	case r.Total == 0:
		return "It begins."
	}
	return wording.Figure(r.Done) + " of " + wording.Counted(r.Total, "request", "requests") + " decided."
}

// cancelRun stops a run; one that has ended stays as it is.
func (w *Workspace) cancelRun(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	r, err := w.runOf(k)
	if err != nil {
		return err
	}
	if _, err := w.Simulations.Cancel(k.ctx(), k.actor(), k.who.NeighbourhoodID, r.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(runPath, r.ID.String()))
}
