package api

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
)

// addHandovers registers what an organisation's own online tool says of people who were sent on to it. It knows a handover by
// the id that the browser brought; another neighbourhood's is as if it were absent.
func (a *API) addHandovers(s *routes.Server) {
	s.Add(http.MethodGet, "/api/v1/handovers/:id", routes.Need("handover", "read"), a.getHandover)
	for name, state := range map[string]requests.ToolState{"accept": requests.ToolTaken, "decline": requests.ToolRefused, "done": requests.ToolDone} {
		s.Add(http.MethodPost, "/api/v1/handovers/:id/"+name, routes.Need("handover", "answer"), a.toolSays(state))
	}
}

func handoverID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fault.Absent()
	}
	return id, nil
}

func (a *API) getHandover(c echo.Context) error {
	id, err := handoverID(c)
	if err != nil {
		return err
	}
	who := routes.Principal(c)
	view, err := a.o.Requests.Handover(c.Request().Context(), who.NeighbourhoodID, who.Actor(), id)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, view)
}

func (a *API) toolSays(state requests.ToolState) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := handoverID(c)
		if err != nil {
			return err
		}
		var body struct {
			Says string `json:"says"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return err
		}
		who := routes.Principal(c)
		view, err := a.o.Requests.ToolSays(c.Request().Context(), who.NeighbourhoodID, who.Actor(), id, state, body.Says)
		if err != nil {
			return err
		}
		return routes.WriteJSON(c, http.StatusOK, view)
	}
}
