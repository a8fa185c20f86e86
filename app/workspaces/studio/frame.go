package studio

import (
	"context"
	"strings"
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
	return &call{c: c, who: who, directory: directory, now: w.Now()}, nil
}

func (k *call) ctx() context.Context { return k.c.Request().Context() }

// partial reports whether a page asks for the parts that change, and not a browser for a page.
func (k *call) partial() bool { return routes.Partial(k.c) }

// page is what every page of the workspace tells its layout. The entry whose path it is stands out in the menu.
func (k *call) page(title, path string) pages.Studio {
	s := pages.Studio{Page: components.Page{
		Title: locales.Plain(title), Service: "Onedoor studio", Home: k.home(), Nonce: routes.Nonce(k.c), Development: routes.InDevelopment(k.c),
		Staff: &components.Staff{Person: k.who.Name, Organisation: routes.Workplace(k.who, k.directory), SignOut: routes.SignOutPath},
	}}
	s.Staff.Navigation = k.entries("", func(p string) (string, bool) { return p, p == path })
	return s
}

// entries are the lines of the menu that this person may follow: those below a path, or those of no policy. One that links
// to nothing is left out.
func (k *call) entries(below string, link func(path string) (href string, current bool)) []components.NavigationItem {
	var items []components.NavigationItem
	for _, s := range sections() {
		if s.entry.text == "" || strings.HasPrefix(s.entry.path, ofPolicy) != (below != "") || !k.who.May(s.entry.object, s.entry.action) {
			continue
		}
		href, current := link(s.entry.path)
		if href == "" {
			continue
		}
		items = append(items, components.NavigationItem{Text: s.entry.text, Href: href, Current: current})
	}
	return items
}

// home is where this person's work in the studio begins.
func (k *call) home() string {
	if items := k.entries("", func(p string) (string, bool) { return p, false }); len(items) > 0 {
		return items[0].Href
	}
	return root
}
