package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// ended says that a conversation is no longer there.
func (v *visit) ended() error {
	return render(v.Context, http.StatusGone, v.lang, pages.Sorry(pages.Trouble{
		Page: v.frame(v.say("session-title"), nil), Heading: v.say("session-title"), Says: []locales.Text{v.say("session-says")},
		Links: []pages.Link{{Text: v.say("session-link"), Href: v.path("")}}, Urgent: true,
	}))
}

// Problem is how every page of the product says no: it is a routes.ProblemPage.
func (h *Handlers) Problem(c echo.Context, status int, e *fault.Error) error {
	lang := language(c)
	say := func(id string) locales.Text { return locales.T(lang, id) }
	var t pages.Trouble
	switch {
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		t = pages.Trouble{Heading: say("missing-title"), Says: []locales.Text{say("missing-says")}, Links: []pages.Link{{Text: say("session-link"), Href: "/"}}}
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		t = pages.Trouble{Heading: say("busy-title"), Says: []locales.Text{say("busy-says"), say("trouble-phone")}, Links: again(c, say("trouble-retry"))}
	case status >= http.StatusInternalServerError:
		t = pages.Trouble{Heading: say("broken-title"), Says: []locales.Text{say("broken-says"), say("trouble-phone")}, Links: again(c, say("trouble-retry"))}
	default:
		t = pages.Trouble{Heading: say("refused-title"), Says: []locales.Text{english(e.Says), say("refused-says")}}
	}
	t.Page = h.frame(c, t.Heading)
	t.Service, t.Home, t.Urgent = say("find-title").Says, "/", true
	t.OtherLanguage = ""
	return render(c, status, lang, pages.Sorry(t))
}

// again is a link to the same page. A form that failed is sent again by its own button, one page back.
func again(c echo.Context, says locales.Text) []pages.Link {
	if c.Request().Method != http.MethodGet || strings.HasPrefix(c.Request().URL.Path, "//") {
		return nil
	}
	return []pages.Link{{Text: says, Href: c.Request().URL.Path}}
}
