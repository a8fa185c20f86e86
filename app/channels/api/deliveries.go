package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// deliveryItem is one delivery, without anything about the patient. The platform's operator is not told which request it is.
type deliveryItem struct {
	ID           uuid.UUID        `json:"id"`
	Reference    string           `json:"request_reference,omitempty"`
	Organisation requests.Named   `json:"organisation"`
	Purpose      clinical.Purpose `json:"purpose"`
	State        clinical.State   `json:"state"`
	Attempts     int              `json:"attempts"`
	LastError    string           `json:"last_error,omitempty"`
	ExternalID   string           `json:"external_id,omitempty"`
	// TheirReference is what people there call it.
	TheirReference string     `json:"their_reference,omitempty"`
	DueAt          *time.Time `json:"due_at,omitempty"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	NextAt         *time.Time `json:"next_at,omitempty"`
	FiledAt        *time.Time `json:"filed_at,omitempty"`
}

// deliveryScope is what of a neighbourhood's deliveries a principal reaches: those of its organisations, or, for who runs
// the platform, all of them without whom they concern.
func deliveryScope(p identity.Principal, action string) (scope tenants.Scope, whole bool) {
	if slices.Contains(p.Reaches("delivery", action), access.Platform) {
		return tenants.JobOf(p.NeighbourhoodID), false
	}
	return p.ScopeFor("delivery", action), true
}

func itemOf(d clinical.Delivery, whole bool) deliveryItem {
	item := deliveryItem{
		ID: d.ID, Organisation: requests.Named{ODS: string(d.Document.For.ODS), Name: d.Document.For.Name}, Purpose: d.Purpose, State: d.State,
		Attempts: d.Attempts, LastError: d.LastError, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	if whole {
		item.Reference, item.ExternalID, item.TheirReference = d.Document.Reference, d.ExternalID, d.TheirReference
	}
	if d.State.Open() {
		item.NextAt = &d.NextAt
	}
	if !d.DueAt.IsZero() {
		item.DueAt = &d.DueAt
	}
	if !d.AcknowledgedAt.IsZero() {
		item.AcknowledgedAt = &d.AcknowledgedAt
	}
	if !d.FiledAt.IsZero() {
		item.FiledAt = &d.FiledAt
	}
	return item
}

// deliveryFilter reads what a list is narrowed by. A reference is asked of nobody who is not told references.
func (a *API) deliveryFilter(c echo.Context, whole bool, state, organisation, reference, reason string) (f clinical.Filter, err error) {
	if state != "" {
		if f.State, err = clinical.ParseState(state); err != nil {
			return f, err
		}
	}
	if organisation != "" {
		directory, err := a.o.Directories.Current(c.Request().Context(), routes.Principal(c).NeighbourhoodID)
		if err != nil {
			return f, err
		}
		for _, o := range directory.Organisations() {
			if string(o.ODS) == organisation {
				f.OrganisationID = o.ID
			}
		}
		if f.OrganisationID == uuid.Nil {
			return f, fault.Absent()
		}
	}
	if reference != "" && whole {
		parsed, err := requests.ParseReference(reference)
		if err != nil {
			return f, err
		}
		f.Reference = string(parsed)
	}
	f.Reason = reason
	return f, nil
}

func (a *API) listDeliveries(c echo.Context) error {
	scope, whole := deliveryScope(routes.Principal(c), "list")
	f, err := a.deliveryFilter(c, whole, c.QueryParam("state"), c.QueryParam("organisation"), c.QueryParam("reference"), c.QueryParam("reason"))
	if err != nil {
		return err
	}
	limit, err := parseLimit(c.QueryParam("limit"))
	if err != nil {
		return err
	}
	page, err := a.o.Deliveries.List(c.Request().Context(), scope, f, c.QueryParam("cursor"), limit)
	if err != nil {
		return err
	}
	items := make([]deliveryItem, len(page.Deliveries))
	for i, d := range page.Deliveries {
		items[i] = itemOf(d, whole)
	}
	return routes.WriteJSON(c, http.StatusOK, listPage[deliveryItem]{items, page.Next})
}

func (a *API) replay(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	if err := routes.ReadOptionalJSON(c, &struct{}{}); err != nil {
		return err
	}
	scope, whole := deliveryScope(routes.Principal(c), "replay")
	d, err := a.o.Deliveries.Replay(c.Request().Context(), scope, routes.Principal(c).Actor(), id, a.o.Now())
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, itemOf(d, whole))
}

// replayed is what replaying many came to.
type replayed struct {
	Replayed int  `json:"replayed"`
	More     bool `json:"more"`
}

func (a *API) replayAll(c echo.Context) error {
	var body struct {
		Organisation string `json:"organisation"`
		Reason       string `json:"reason"`
	}
	if err := routes.ReadOptionalJSON(c, &body); err != nil {
		return err
	}
	scope, whole := deliveryScope(routes.Principal(c), "replay")
	f, err := a.deliveryFilter(c, whole, "", body.Organisation, "", body.Reason)
	if err != nil {
		return err
	}
	n, more, err := a.o.Deliveries.ReplayAll(c.Request().Context(), scope, routes.Principal(c).Actor(), f, a.o.Now())
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, replayed{n, more})
}
