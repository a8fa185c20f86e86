// Package trouble is how the pages of every workspace say no: what was asked for is not there, may not be done, or cannot be
// done at the moment. It is given a refusal and shows it in words for staff; it asks nothing of the domain, and says no more
// than the refusal does.
package trouble

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// workspace is where members of staff work.
type workspace struct{ root, service, link string }

func workspaces() []workspace {
	return []workspace{
		{"/reception", "Onedoor reception", "Go to the queues"},
		{"/studio", "Onedoor studio", "Go to the rules"},
		{"/operations", "Onedoor operations", "Go to the overview"},
	}
}

// Page says no on the pages of a workspace, and leaves all others to another.
func Page(others routes.ProblemPage) routes.ProblemPage {
	return func(c echo.Context, status int, e *fault.Error) error {
		path := c.Request().URL.Path
		for _, w := range workspaces() {
			if path == w.root || strings.HasPrefix(path, w.root+"/") {
				return w.say(c, status, e)
			}
		}
		return others(c, status, e)
	}
}

func (w workspace) say(c echo.Context, status int, e *fault.Error) error {
	heading, says := words(status, e)
	t := pages.StaffTrouble{
		Page: components.Page{
			Title: locales.Plain(heading), Service: w.service, Home: w.root, Nonce: routes.Nonce(c), Development: routes.InDevelopment(c),
		},
		Heading: heading, Says: says,
	}
	t.Staff = &components.Staff{} // who asked is not known where no route was found
	if who := routes.Principal(c); who.Known() {
		t.Staff.Person, t.Staff.SignOut = who.Name, routes.SignOutPath
	}
	if c.Request().Method == http.MethodGet && status >= http.StatusTooManyRequests {
		t.Links = append(t.Links, pages.Link{Text: locales.Plain("Try again"), Href: path(c)})
	}
	t.Links = append(t.Links, pages.Link{Text: locales.Plain(w.link), Href: w.root})
	return routes.Render(c, status, pages.StaffSorry(t))
}

func path(c echo.Context) string { return c.Request().URL.Path }

// words are a heading and what to do. A refusal's own sentence is shown where it says what somebody can put right.
func words(status int, e *fault.Error) (heading, says string) {
	switch {
	case status == http.StatusNotFound:
		return "Page not found", "If you typed the address, check it. What belongs to other organisations is not shown to you."
	case status == http.StatusMethodNotAllowed:
		return "Page not found", "This address is not a page. Go back, and use the buttons there."
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		return "This is not working for the moment", "Nothing that you sent is half done. Wait a minute, then try again."
	case status >= http.StatusInternalServerError:
		return "There is a problem with this service", "Nothing that you sent is half done. Try again later."
	}
	return "That was not done", e.Says
}
