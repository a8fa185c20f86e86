package api

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// reference reads the one in the address. One that cannot be is answered as one that is not there.
func reference(c echo.Context) (requests.Reference, error) {
	r, err := requests.ParseReference(c.Param("reference"))
	if err != nil {
		return "", fault.Absent()
	}
	return r, nil
}

// readerOf is the actor for reading one request: staff in their organisations, a program what it handed in itself.
func readerOf(p identity.Principal) requests.Actor {
	by := staff(p)
	if slices.Contains(p.Reaches("request", "read"), access.Self) {
		by.Scope = tenants.IntakeOf(p.NeighbourhoodID)
	}
	return by
}

func (a *API) getRequest(c echo.Context) error {
	ref, err := reference(c)
	if err != nil {
		return err
	}
	view, err := a.o.Requests.Get(c.Request().Context(), readerOf(routes.Principal(c)), ref)
	if err != nil {
		return err
	}
	return a.writeRequest(c, view)
}

// writeRequest answers with a request as its reader may see it. What the person needs is opened for staff; where it cannot be,
// that is said, so that nobody takes it for nothing.
func (a *API) writeRequest(c echo.Context, view requests.View) error {
	if view.Staff != nil && a.o.Needs != nil {
		for _, kept := range view.Staff.Needs {
			n, err := a.o.Needs.Open(c.Request().Context(), routes.Principal(c).NeighbourhoodID, &kept)
			view.Staff.OpenedNeeds = append(view.Staff.OpenedNeeds, patients.OpenedNeeds{Needs: n, Supports: n.Supports(), Told: kept.Told, Unreadable: err != nil})
		}
	}
	return routes.WriteJSON(c, http.StatusOK, view)
}

func (a *API) explain(c echo.Context) error {
	ref, err := reference(c)
	if err != nil {
		return err
	}
	decision, err := a.o.Requests.Explain(c.Request().Context(), staff(routes.Principal(c)), ref)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, decision)
}

func (a *API) listQueues(c echo.Context) error {
	list, err := a.o.Requests.Queues(c.Request().Context(), staff(routes.Principal(c)))
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, list)
}

const (
	usualPage = 50
	mostPage  = 200
)

func (a *API) listQueue(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	q := requests.PageQuery{Queue: id}
	if q.View, err = parseView(c.QueryParam("view")); err != nil {
		return err
	}
	if q.After, err = requests.ParseCursor(c.QueryParam("cursor")); err != nil {
		return err
	}
	if q.Limit, err = parseLimit(c.QueryParam("limit")); err != nil {
		return err
	}
	page, err := a.o.Requests.List(c.Request().Context(), staff(routes.Principal(c)), q, nil)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, listPage[requests.Row]{page.Items, page.Next})
}

// listPage is part of a list; next is empty at its end.
type listPage[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func parseView(s string) (requests.QueueView, error) {
	switch v := requests.QueueView(s); v {
	case requests.ViewAll, requests.ViewUnclaimed, requests.ViewMine, requests.ViewOffers, requests.ViewToVerify:
		return v, nil
	case "all":
		return requests.ViewAll, nil
	}
	return "", fault.New(fault.Invalid, "unknown_view", "The view must be all, unclaimed, mine, offers or to-verify.")
}

func parseLimit(s string) (int, error) {
	if s == "" {
		return usualPage, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > mostPage {
		return 0, fault.New(fault.Invalid, "limit_format", "The limit must be a number from 1 to %d.", mostPage)
	}
	return n, nil
}
