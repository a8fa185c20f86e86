// Package referrals is the way in for other organisations' systems: it serves a receiver of referrals, such as that of the Booking
// and Referral Standard, at its addresses. The receiver checks each sender's credential itself and answers in its own standard's
// words; what it takes in becomes a request by app/referrals, routed and counted like one of any channel. Nothing is decided here.
package referrals

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/routes"
)

// Receiver is a receiver and one of its addresses.
type Receiver struct {
	Method, Path string // echo's
	Handler      http.Handler
}

// Bounds of a message: some hold a whole consultation.
const (
	mostMessage = 1 << 20
	within      = 20 * time.Second
)

// callerKey is where a call's context holds who makes it.
type callerKey struct{}

// caller is who makes a call, or why nobody is known.
type caller struct {
	who identity.Principal
	err error
}

// Caller is who makes a call that a receiver serves, found as on any route: a key is held to its limit, and one of the
// demonstration is refused elsewhere.
func Caller(ctx context.Context) (identity.Principal, error) {
	k, ok := ctx.Value(callerKey{}).(caller)
	if !ok {
		return identity.Principal{}, fault.New(fault.Unauthenticated, "not_signed_in", "This call did not come by the receiver's routes.")
	}
	return k.who, k.err
}

// Register adds the receivers' addresses.
func Register(s *routes.Server, receivers ...Receiver) {
	for _, r := range receivers {
		s.AddBounded(r.Method, r.Path, routes.Signed, routes.Bounds{Body: mostMessage + 1, Time: within}, func(c echo.Context) error {
			who, err := routes.Who(c)
			ctx := context.WithValue(c.Request().Context(), callerKey{}, caller{who, err})
			r.Handler.ServeHTTP(c.Response(), c.Request().WithContext(ctx))
			return nil
		})
	}
}
