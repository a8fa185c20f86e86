package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
)

type kindItem struct {
	Kind          string   `json:"kind"`
	Title         string   `json:"title"`
	Questionnaire string   `json:"questionnaire"` // its canonical name, with the version: url|version
	Outcomes      []string `json:"outcomes"`
}

func (a *API) listKinds(c echo.Context) error {
	items := []kindItem{}
	for _, k := range a.o.Catalogue.Kinds() {
		item := kindItem{Kind: k.Code, Title: k.Title, Questionnaire: k.Questionnaire.Version(), Outcomes: []string{}}
		for _, o := range k.Outcomes {
			item.Outcomes = append(item.Outcomes, o.Code)
		}
		items = append(items, item)
	}
	return routes.WriteJSON(c, http.StatusOK, items)
}

func (a *API) questionnaire(c echo.Context) error {
	k, ok := a.o.Catalogue.Kind(c.Param("kind"))
	if !ok {
		return fault.Absent()
	}
	return c.Blob(http.StatusOK, "application/fhir+json", k.Questionnaire.JSON())
}
