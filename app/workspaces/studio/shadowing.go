package studio

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/wording"
	"onedoor/policy/simulate"
	"onedoor/ui/pages"
)

const shadowCellPath = shadowPath + "/:cell"

// addShadowing registers what a draft would have done to live requests while it was tried on them.
func (w *Workspace) addShadowing(s *routes.Server) {
	s.Add(http.MethodGet, shadowPath, routes.Need("policy", "simulate"), w.shadowing)
	s.Add(http.MethodGet, shadowCellPath, routes.Need("policy", "simulate"), w.shadowMoves)
}

func (w *Workspace) shadowing(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, elsewhere, err := w.openDraft(k)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusSeeOther, elsewhere)
	}
	page := pages.ShadowPage{
		Studio: k.policyPage("Tried on live requests", o, shadowPath),
		Says:   "While a draft is tried, it decides on each request that comes in, without effect. What it would have done otherwise is counted here.",
	}
	if k.who.May("policy", "write") {
		page.Switch = &pages.StudioSwitch{Action: o.path(shadowPath), Name: "on", Value: "yes", Text: "Begin to try it", Hint: "The draft is not tried now."}
		if o.draft.Shadow {
			page.Switch.Value, page.Switch.Text, page.Switch.Hint = "", "Stop trying it", "The draft is tried on each request that comes in."
		}
	}
	all, err := w.Simulations.Shadows(k.ctx(), k.who.NeighbourhoodID, o.draft.Name)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Hash != o.draft.Hash {
			page.Earlier = append(page.Earlier, "From "+wording.Moment(s.Since, k.now)+" to "+wording.Moment(s.Seen, k.now)+": "+wording.Counted(s.Requests, "request", "requests")+", "+wording.Figure(s.Different)+" decided otherwise.")
			continue
		}
		page.Problem = s.Problem
		page.Facts = []pages.Fact{
			{Key: "Tried since", Values: []string{wording.Moment(s.Since, k.now)}}, {Key: "Requests since", Values: []string{wording.Figure(s.Requests)}}, {Key: "Decided otherwise", Values: []string{wording.Figure(s.Different)}},
		}
	}
	cells, err := w.Simulations.ShadowCells(k.ctx(), k.who.NeighbourhoodID, o.draft.Name, o.draft.Hash)
	if err != nil {
		return err
	}
	for _, cell := range cells {
		page.Rows = append(page.Rows, moveRow(simulate.Cell{From: cell.From, To: cell.To, Requests: cell.Requests}, o.path(shadowCellPath, cell.ID)))
	}
	return routes.Render(c, http.StatusOK, pages.StudioShadowing(page))
}

// shadowMoves lists the newest differences of one cell, coarsened, each with both explanations.
func (w *Workspace) shadowMoves(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, elsewhere, err := w.openDraft(k)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusSeeOther, elsewhere)
	}
	cells, err := w.Simulations.ShadowCells(k.ctx(), k.who.NeighbourhoodID, o.draft.Name, o.draft.Hash)
	if err != nil {
		return err
	}
	for _, cell := range cells {
		if cell.ID != c.Param("cell") {
			continue
		}
		draft := simulations.ShadowDraft{NeighbourhoodID: k.who.NeighbourhoodID, Name: o.draft.Name, Document: o.draft.Document}
		list, err := w.Simulations.ShadowMoves(k.ctx(), draft, cell.ID)
		if err != nil {
			return err
		}
		page := k.moveList(k.policyPage("Decided otherwise", o, shadowPath), cell.Requests, cell.From, cell.To, list)
		page.Page.Back = o.path(shadowPath)
		return routes.Render(c, http.StatusOK, pages.StudioMoves(page))
	}
	return fault.Absent()
}
