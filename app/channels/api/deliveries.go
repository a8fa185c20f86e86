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
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
	NextAt       *time.Time       `json:"next_at,omitempty"`
	FiledAt      *time.Time       `json:"filed_at,omitempty"`
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
		item.Reference, item.ExternalID = d.Document.Reference, d.ExternalID
	}
	if d.State.Open() {
		item.NextAt = &d.NextAt
	}
	if !d.FiledAt.IsZero() {
		item.FiledAt = &d.FiledAt
	}
	return item
}

func (a *API) listDeliveries(c echo.Context) error {
	var f clinical.Filter
	var err error
	if s := c.QueryParam("state"); s != "" {
		if f.State, err = clinical.ParseState(s); err != nil {
			return err
		}
	}
	limit, err := parseLimit(c.QueryParam("limit"))
	if err != nil {
		return err
	}
	scope, whole := deliveryScope(routes.Principal(c), "list")
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
