package operations

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/identity"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// call is one call to the workspace: who makes it, and the neighbourhood as it stands.
type call struct {
	workspace *Workspace
	c         echo.Context
	who       identity.Principal
	directory *tenants.Directory
	now       time.Time
}

func (w *Workspace) call(c echo.Context) (*call, error) {
	who := routes.Principal(c)
	directory, err := w.Directories.Current(c.Request().Context(), who.NeighbourhoodID)
	if err != nil {
		return nil, err
	}
	return &call{workspace: w, c: c, who: who, directory: directory, now: w.Now()}, nil
}

func (k *call) ctx() context.Context { return k.c.Request().Context() }

// page is what every page of the workspace tells its layout. The entry whose path it is stands out in the menu.
func (k *call) page(title, path string) pages.Operations {
	o := pages.Operations{Page: components.Page{
		Title: locales.Plain(title), Service: "Onedoor operations", Home: root, Nonce: routes.Nonce(k.c), Development: routes.InDevelopment(k.c),
		Staff: &components.Staff{Person: k.who.Name, Organisation: routes.Workplace(k.who, k.directory), SignOut: routes.SignOutPath},
	}}
	for _, s := range k.workspace.sections() {
		if s.text != "" && k.who.May(s.object, s.action) {
			o.Staff.Navigation = append(o.Staff.Navigation, components.NavigationItem{Text: s.text, Href: s.path, Current: s.path == path})
		}
	}
	return o
}
