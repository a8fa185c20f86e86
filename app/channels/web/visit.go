package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

const (
	conversationCookie = "onedoor-conversation"
	languageCookie     = "onedoor-language"

	year = 365 * 24 * time.Hour
)

// visit is one call to one neighbourhood's pages.
type visit struct {
	echo.Context
	h         *Handlers
	lang      string
	directory *tenants.Directory
	token     Token                // empty when the browser has none
	talk      *intake.Conversation // nil when there is none
}

// page is a handler that knows the neighbourhood and the language.
type page func(v *visit) error

// at finds the neighbourhood and the language, and the conversation if there is one.
func (h *Handlers) at(p page) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := &visit{Context: c, h: h, lang: language(c)}
		if changed, err := changeLanguage(c); changed || err != nil {
			return err
		}
		if err := v.enter(c.Param("neighbourhood")); err != nil {
			return err
		}
		if err := v.load(); err != nil && !absent(err) {
			return err
		}
		return p(v)
	}
}

// during is for the pages of a conversation that goes on. One that has ended is explained; one that was sent shows what
// became of it.
func (h *Handlers) during(p page) echo.HandlerFunc {
	return h.at(func(v *visit) error {
		switch {
		case v.token == "":
			return v.to("")
		case v.talk == nil:
			routes.ClearCookie(v.Context, conversationCookie)
			return v.ended()
		case v.talk.Submitted != "":
			return v.to("sent")
		}
		return p(v)
	})
}

// after is for the pages of a conversation that was sent.
func (h *Handlers) after(p page) echo.HandlerFunc {
	return h.at(func(v *visit) error {
		switch {
		case v.token == "":
			return v.to("status")
		case v.talk == nil:
			routes.ClearCookie(v.Context, conversationCookie)
			return v.to("status")
		}
		return p(v)
	})
}

func (v *visit) ctx() context.Context { return v.Request().Context() }

// enter finds the neighbourhood of an address.
func (v *visit) enter(slug string) error {
	list, err := v.h.Neighbourhoods.Neighbourhoods(v.ctx())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(n tenants.Neighbourhood) bool { return n.Slug == slug })
	if i < 0 {
		return fault.Absent()
	}
	v.directory, err = v.h.Directories.Current(v.ctx(), list[i].ID)
	return err
}

// load finds the conversation that the cookie names.
func (v *visit) load() error {
	value, ok := routes.ReadCookie(v.Context, conversationCookie)
	if !ok {
		return nil
	}
	token, ok := parseToken(value)
	if !ok {
		return nil
	}
	v.token = token
	talk, err := v.h.Conversations.Load(v.ctx(), v.directory.Neighbourhood().ID, token.hash())
	if err != nil {
		return err
	}
	if talk.Expired(v.h.Now()) {
		return fault.Absent()
	}
	v.talk = talk
	return nil
}

// save keeps the conversation, and the cookie, for an hour from the last answer.
func (v *visit) save() error {
	v.talk.Language = v.lang
	if err := v.h.Conversations.Save(v.ctx(), v.token.hash(), v.talk); err != nil {
		return err
	}
	routes.SetCookie(v.Context, routes.Cookie{Name: conversationCookie, Value: string(v.token), MaxAge: intake.Lifetime})
	return nil
}

// erase overwrites what was answered, at once; the empty conversation that is left has expired.
func (v *visit) erase() error {
	if v.talk == nil {
		return nil
	}
	blank := &intake.Conversation{
		ID: v.talk.ID, NeighbourhoodID: v.talk.NeighbourhoodID, StartedAt: v.talk.StartedAt, UpdatedAt: v.h.Now().Add(-intake.Lifetime),
	}
	return v.h.Conversations.Save(v.ctx(), v.token.hash(), blank)
}

// path is an address in this neighbourhood: path("check-answers").
func (v *visit) path(page string) string {
	return "/" + v.directory.Neighbourhood().Slug + "/" + page
}

// to goes to a page of this neighbourhood, after a form too.
func (v *visit) to(page string) error { return v.Redirect(http.StatusSeeOther, v.path(page)) }

// say is a message in the visitor's language.
func (v *visit) say(id string, args ...locales.Args) locales.Text {
	return locales.T(v.lang, id, args...)
}

// words are a line of the catalogue in the visitor's language; what is not of the catalogue stays in English, and says so.
func (v *visit) words(line string) locales.Text {
	if says, ok := v.h.Catalogue.Words(v.lang, line); ok && line != "" {
		return locales.In(v.lang, says)
	}
	return english(line)
}

// english is the text of a refusal, which is in English only.
func english(says string) locales.Text {
	if says == "" {
		return locales.Text{}
	}
	return locales.In(locales.English, says)
}

// frame is what every page of the neighbourhood has around it.
func (v *visit) frame(title locales.Text, problems []components.Problem) components.Page {
	p := v.h.frame(v.Context, title)
	p.Service, p.Home, p.Forget = v.directory.Neighbourhood().Name, v.path(""), v.path("forget")
	p.Problems = len(problems) > 0
	p.LargePrint = v.talk != nil && v.talk.LargePrint
	return p
}

// asking is the frame of a page that asks for part of a conversation: it says how to go on by telephone.
func (v *visit) asking(title locales.Text, problems []components.Problem) components.Page {
	p := v.frame(title, problems)
	if v.talk == nil || v.talk.Reference == "" {
		return p
	}
	e := components.Elsewhere{Reference: requests.Reference(v.talk.Reference).Spaced(), Ring: v.say("elsewhere-ring-any")}
	if line := v.h.line(v.directory.Neighbourhood().ID); line != "" {
		e.Ring = v.say("elsewhere-ring", locales.Args{"Line": line.Local()})
	}
	p.Elsewhere = &e
	return p
}

func (h *Handlers) frame(c echo.Context, title locales.Text) components.Page {
	return components.Page{
		Title: title, NHSLogo: h.NHSLogo, Nonce: routes.Nonce(c), Development: routes.InDevelopment(c),
		OtherLanguage: "?lang=" + other(language(c)),
	}
}

// show renders a page; one with problems is a refusal.
func (v *visit) show(problems []components.Problem, page templ.Component) error {
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return render(v.Context, status, v.lang, page)
}

func render(c echo.Context, status int, lang string, page templ.Component) error {
	// A refusal is rendered after the call's own context has ended, and templ renders nothing in one that has.
	ctx := locales.With(context.WithoutCancel(c.Request().Context()), lang)
	var b strings.Builder
	if err := page.Render(ctx, &b); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Language", lang)
	return c.HTML(status, b.String())
}

// language is the one chosen here before, or else the browser's.
func language(c echo.Context) string {
	if chosen, ok := routes.ReadCookie(c, languageCookie); ok {
		return locales.Known(chosen)
	}
	return locales.Best(c.Request().Header.Get("Accept-Language"))
}

// changeLanguage answers ?lang=: it remembers the choice and shows the same page.
func changeLanguage(c echo.Context) (bool, error) {
	chosen := c.QueryParam("lang")
	if chosen == "" || c.Request().Method != http.MethodGet {
		return false, nil
	}
	routes.SetCookie(c, routes.Cookie{Name: languageCookie, Value: locales.Known(chosen), MaxAge: year})
	return true, c.Redirect(http.StatusSeeOther, routes.LocalPath(c.Request().URL.Path, "/"))
}

func other(lang string) string {
	if lang == locales.Welsh {
		return locales.English
	}
	return locales.Welsh
}
