package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/policy/simulate"
)

// runBody is a simulation and how far it is.
type runBody struct {
	ID         uuid.UUID         `json:"id"`
	Draft      string            `json:"draft"`
	State      simulations.State `json:"state"`
	Mode       simulate.Mode     `json:"mode"`
	Since      time.Time         `json:"since"`
	Until      time.Time         `json:"until"`
	LiveHash   string            `json:"live_hash"`
	DraftHash  string            `json:"draft_hash"`
	Done       int               `json:"done"`
	Total      int               `json:"total"`
	CreatedAt  time.Time         `json:"created_at"`
	FinishedAt *time.Time        `json:"finished_at,omitempty"`
	Problem    string            `json:"problem,omitempty"`
	Result     *simulate.Result  `json:"result,omitempty"`
}

func runOf(r simulations.Run) runBody {
	b := runBody{
		ID: r.ID, Draft: r.Draft, State: r.State, Mode: r.Mode, Since: r.From, Until: r.Until, LiveHash: r.LiveHash, DraftHash: r.DraftHash,
		Done: r.Done, Total: r.Total, CreatedAt: r.CreatedAt, Problem: r.Problem, Result: r.Result,
	}
	if !r.FinishedAt.IsZero() {
		b.FinishedAt = &r.FinishedAt
	}
	return b
}

// simulateDraft answers with the result, or with the run alone for who would rather ask again.
func (a *API) simulateDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	var body struct {
		Mode  string `json:"mode"`
		Since string `json:"since"`
		Until string `json:"until"`
	}
	if err := routes.ReadOptionalJSON(c, &body); err != nil {
		return err
	}
	d, err := a.o.Policies.Draft(c.Request().Context(), nb, c.Param("name"))
	if err != nil {
		return err
	}
	q := simulations.Question{Draft: d.Name, Document: d.Document, Mode: simulate.Mode(body.Mode)}
	if q.From, err = parseOptionalMoment(body.Since, "/since"); err != nil {
		return err
	}
	if q.Until, err = parseOptionalMoment(body.Until, "/until"); err != nil {
		return err
	}
	by := routes.Principal(c).Actor()
	if strings.Contains(c.Request().Header.Get("Prefer"), "respond-async") {
		run, err := a.o.Simulations.Start(c.Request().Context(), by, nb, q)
		if err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set(echo.HeaderLocation, a.runAddress(c, run.ID))
		h.Set("Preference-Applied", "respond-async")
		return routes.WriteJSON(c, http.StatusAccepted, runOf(run))
	}
	run, err := a.o.Simulations.RunNow(c.Request().Context(), by, nb, q)
	if err != nil {
		return err
	}
	if run.State != simulations.Done || run.Result == nil {
		return fault.New(fault.Unavailable, "simulation_unfinished", "The simulation did not finish. Ask for a shorter period, or send Prefer: respond-async. %s", run.Problem)
	}
	c.Response().Header().Set("Content-Location", a.runAddress(c, run.ID))
	return routes.WriteJSON(c, http.StatusOK, run.Result)
}

func (a *API) runAddress(c echo.Context, id uuid.UUID) string {
	return "/api/v1/neighbourhoods/" + c.Param("slug") + "/policy/simulations/" + id.String()
}

func (a *API) getSimulation(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	run, err := a.o.Simulations.Get(c.Request().Context(), nb, id)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, runOf(run))
}

func (a *API) cancelSimulation(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	if err := routes.ReadOptionalJSON(c, &struct{}{}); err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	run, err := a.o.Simulations.Cancel(c.Request().Context(), routes.Principal(c).Actor(), nb, id)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, runOf(run))
}
