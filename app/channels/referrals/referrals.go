// Package referrals is the way in for other organisations' systems: it serves a receiver of referrals, such as that of the Booking
// and Referral Standard, at its addresses. The receiver checks each sender's credential itself and answers in its own standard's
// words; what it takes in becomes a request by app/referrals, routed and counted like one of any channel. Nothing is decided here.
package referrals

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

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

// Register adds the receivers' addresses.
func Register(s *routes.Server, receivers ...Receiver) {
	for _, r := range receivers {
		s.AddBounded(r.Method, r.Path, routes.Signed, routes.Bounds{Body: mostMessage + 1, Time: within}, func(c echo.Context) error {
			r.Handler.ServeHTTP(c.Response(), c.Request())
			return nil
		})
	}
}
