package routes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/tenants"
)

// The addresses of signing in. The callback is registered with the identity provider.
const (
	SignInPath         = "/sign-in"
	SignInCallbackPath = "/sign-in/callback"
	SignOutPath        = "/sign-out"
	SwitchPath         = "/sign-in/neighbourhood"
)

// Provider is the identity provider as seen from here. It is oidc.RelyingParty.
type Provider interface {
	Begin(ctx context.Context) (address string, flow identity.Flow, err error)
	Finish(ctx context.Context, flow identity.Flow, answer url.Values) (identity.Claims, error)
}

// SignInDoor starts and ends sessions. It is identity.Door.
type SignInDoor interface {
	Doors
	SignIn(ctx context.Context, c identity.Claims, before identity.Token, preferred uuid.UUID) (identity.Token, error)
	Switch(ctx context.Context, t identity.Token, neighbourhood uuid.UUID) (identity.Token, error)
	SignOut(ctx context.Context, t identity.Token) error
}

const (
	flowCookie   = "onedoor-sign-in"
	flowLifetime = 10 * time.Minute
)

// begun is a sign-in on its way, kept by the browser that began it: an answer that comes to any other is refused.
type begun struct {
	Flow   identity.Flow
	Return string
}

type signIn struct {
	provider Provider
	door     SignInDoor
}

// AddSignIn registers signing in and out.
func (s *Server) AddSignIn(p Provider, d SignInDoor) {
	h := signIn{p, d}
	s.Add(http.MethodGet, SignInPath, Public, h.begin)
	s.Add(http.MethodGet, SignInCallbackPath, Public, h.finish)
	s.Add(http.MethodPost, SwitchPath, SignedIn, h.change)
	s.Add(http.MethodPost, SignOutPath, Public, h.leave)
}

func (h signIn) begin(c echo.Context) error {
	address, flow, err := h.provider.Begin(c.Request().Context())
	if err != nil {
		return err
	}
	kept, err := json.Marshal(begun{flow, LocalPath(c.QueryParam("return"), "")})
	if err != nil {
		return err
	}
	SetCookie(c, Cookie{Name: flowCookie, Value: base64.RawURLEncoding.EncodeToString(kept), MaxAge: flowLifetime})
	return c.Redirect(http.StatusSeeOther, address)
}

func (h signIn) finish(c echo.Context) error {
	b, ok := readBegun(c)
	ClearCookie(c, flowCookie)
	if !ok {
		return fault.New(fault.Malformed, "sign_in_not_begun", "Signing in took too long, or was begun in another browser. Start again.")
	}
	ctx := c.Request().Context()
	claims, err := h.provider.Finish(ctx, b.Flow, c.QueryParams())
	if err != nil {
		return err
	}
	before, _ := SessionToken(c)
	token, err := h.door.SignIn(ctx, claims, before, uuid.Nil)
	if err != nil {
		return err
	}
	KeepSession(c, token)
	who, err := h.door.BySession(ctx, token, false)
	if err != nil {
		return err
	}
	if b.Return != "" {
		return c.Redirect(http.StatusSeeOther, b.Return)
	}
	return c.Redirect(http.StatusSeeOther, Home(who))
}

func readBegun(c echo.Context) (begun, bool) {
	value, ok := ReadCookie(c, flowCookie)
	if !ok {
		return begun{}, false
	}
	kept, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return begun{}, false
	}
	var b begun
	if err := json.Unmarshal(kept, &b); err != nil || b.Flow.State == "" {
		return begun{}, false
	}
	b.Return = LocalPath(b.Return, "")
	return b, true
}

func (h signIn) change(c echo.Context) error {
	form, err := ReadForm(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Get("neighbourhood"))
	if err != nil {
		return fault.Absent()
	}
	token, ok := SessionToken(c)
	if !ok {
		return fault.Absent()
	}
	fresh, err := h.door.Switch(c.Request().Context(), token, id)
	if err != nil {
		return err
	}
	KeepSession(c, fresh)
	return c.Redirect(http.StatusSeeOther, LocalPath(form.Get("return"), "/reception"))
}

func (h signIn) leave(c echo.Context) error {
	if token, ok := SessionToken(c); ok {
		if err := h.door.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	DropSession(c)
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.Redirect(http.StatusSeeOther, "/")
}

// Home is where somebody's work is.
func Home(p identity.Principal) string {
	switch {
	case p.Has(tenants.Receptionist), p.Has(tenants.Clinician), p.Has(tenants.OrgAdmin):
		return "/reception"
	case p.Has(tenants.Lead):
		return "/studio"
	case p.Has(tenants.Operator):
		return "/operations"
	}
	return "/"
}
