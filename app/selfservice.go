package app

import (
	"context"

	"onedoor/app/clinical"
	"onedoor/app/store/deliverystore"
	"onedoor/jobs"
)

// standings is what reading back how requests stand in organisations' own systems works with.
func (a *App) standings(deliveries *deliverystore.Store) jobs.Standings {
	return jobs.Standings{
		Arrivals: a.services.requests, Filed: deliveries,
		System: func(ctx context.Context, d clinical.Delivery) (clinical.System, error) {
			return a.services.systems.Of(ctx, d.NeighbourhoodID, d.IntegrationID)
		},
	}
}
