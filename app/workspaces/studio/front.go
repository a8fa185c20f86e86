package studio

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/ui/pages"
)

// addFront registers the page where a lead's work begins. It takes everyone else to the first page that is theirs.
func (w *Workspace) addFront(s *routes.Server) {
	s.Add(http.MethodGet, root, routes.Need("directory", "read"), w.front)
}

func (w *Workspace) front(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	if !k.who.May("policy", "read") {
		if home := k.home(); home != root {
			return c.Redirect(http.StatusSeeOther, home)
		}
		return fault.New(fault.Forbidden, "forbidden", "Your role here does not include this.")
	}
	return render(c, http.StatusOK, pages.StudioFrontPage(pages.StudioFront{
		Studio: k.page("Overview", root), Neighbourhood: k.directory.Neighbourhood().Name,
	}))
}
