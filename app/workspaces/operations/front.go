package operations

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/routes"
	"onedoor/ui/pages"
)

// addFront registers the page that lists what there is to do, and says where somebody should look first.
func (w *Workspace) addFront(s *routes.Server) {
	s.Add(http.MethodGet, root, routes.Need("operations", "read"), w.front)
}

func (w *Workspace) front(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	f := pages.OperationsFront{Operations: k.page("Overview", root), Where: k.directory.Neighbourhood().Name}
	for _, s := range w.sections() {
		if s.text != "" && s.path != root && k.who.May(s.object, s.action) {
			entry := pages.OperationsEntry{Text: s.text, Href: s.path, Says: s.says}
			if s.stands != nil {
				if entry.Stands, err = s.stands(k); err != nil {
					return err
				}
			}
			f.Pages = append(f.Pages, entry)
		}
	}
	return routes.Render(c, http.StatusOK, pages.OperationsFrontPage(f))
}
