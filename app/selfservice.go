package app

import (
	"context"

	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/selfservice"
	"onedoor/app/store/bookingstore"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/selfservicestore"
	"onedoor/jobs"
)

// wireSelfService makes what people, and staff for them, settle in clinical systems while they wait.
func (a *App) wireSelfService() {
	s := a.services
	s.bookings = bookings.New(bookings.Options{
		Store: bookingstore.New(a.db), Systems: s.systems, Now: a.now, Held: s.traces.Hold,
		Settled: func(ctx context.Context, b bookings.Booking) error { return s.selfservice.Settled(ctx, b) },
	})
	s.selfservice = selfservice.New(selfservice.Options{
		Requests: s.requests, Callers: s.callers, Bookings: s.bookings, Systems: s.systems, Store: selfservicestore.New(a.db), Sealer: s.vault, Now: a.now,
	})
}

// standings is what reading back how requests stand in organisations' own systems works with.
func (a *App) standings(deliveries *deliverystore.Store) jobs.Standings {
	return jobs.Standings{
		Arrivals: a.services.requests, Filed: deliveries, Orders: a.services.selfservice,
		System: func(ctx context.Context, d clinical.Delivery) (clinical.System, error) {
			return a.services.systems.Of(ctx, d.NeighbourhoodID, d.IntegrationID)
		},
	}
}
