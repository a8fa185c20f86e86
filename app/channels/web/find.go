package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/routes"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// find is the product's front page: which neighbourhood?
func (h *Handlers) find(c echo.Context) error {
	if changed, err := changeLanguage(c); changed || err != nil {
		return err
	}
	list, err := h.Neighbourhoods.Neighbourhoods(c.Request().Context())
	if err != nil {
		return err
	}
	lang := language(c)
	f := pages.Find{Page: h.frame(c, locales.T(lang, "find-title"))}
	f.Service, f.Home = locales.T(lang, "find-title").Says, "/"
	for _, n := range list {
		f.Neighbourhoods = append(f.Neighbourhoods, pages.Link{Text: locales.Plain(n.Name), Href: "/" + n.Slug + "/"})
	}
	return render(c, http.StatusOK, lang, pages.FindNeighbourhood(f))
}

// slash puts the slash after a neighbourhood that was typed without it.
func (h *Handlers) slash(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, routes.LocalPath("/"+c.Param("neighbourhood")+"/", "/"))
}
