package routes

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"onedoor/app/identity"
	"onedoor/tenants"
)

// Render answers with a page of a workspace.
func Render(c echo.Context, status int, component templ.Component) error {
	var b bytes.Buffer // a page that fails halfway is not sent
	// A refusal is drawn after the call's own context has ended, and templ draws nothing in one that has.
	if err := component.Render(context.WithoutCancel(c.Request().Context()), &b); err != nil {
		return err
	}
	return c.HTMLBlob(status, b.Bytes())
}

// RenderParts answers with what changes on a page that asks for it. The header tells the page that it may swap them in; a
// cache must not give them to a browser that asks for the whole page.
func RenderParts(c echo.Context, status int, components ...templ.Component) error {
	c.Response().Header().Set("X-Onedoor-Parts", "1")
	c.Response().Header().Set("Vary", "HX-Request")
	return Render(c, status, templ.Join(components...))
}

// Partial reports whether a page asks for the parts that change, and not a browser for a page.
func Partial(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// Address is the path of a route with its parameters filled in, in the order in which they stand.
func Address(path string, parameters ...string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") && len(parameters) > 0 {
			parts[i], parameters = url.PathEscape(parameters[0]), parameters[1:]
		}
	}
	return strings.Join(parts, "/")
}

// Workplace names where a person works, for a page's header: their organisations, or else the neighbourhood.
func Workplace(who identity.Principal, directory *tenants.Directory) string {
	var names []string
	for _, id := range who.Scope().Organisations {
		if o, ok := directory.Organisation(id); ok {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return directory.Neighbourhood().Name
	}
	return strings.Join(names, " and ")
}
