package app

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/app/store/deliverystore"
	"onedoor/tenants"
)

// seed puts the demonstration in, and points its organisations at the clinical systems that this process runs.
func (a *App) seed(ctx context.Context, deliveries *deliverystore.Store) error {
	if err := removeDemoFile(a.config.Data); err != nil {
		return err
	}
	return demo.Seed(ctx, demo.Stock{
		Directory: a.services.directories, Publishing: a.services.versions, Patients: a.services.register, Identity: a.services.people, Issuer: a.issuer(),
		Connect: func(ctx context.Context, neighbourhood uuid.UUID, o tenants.Organisation) error {
			return a.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
				return deliveries.PutIntegration(ctx, tx, clinical.Integration{
					NeighbourhoodID: neighbourhood, OrganisationID: o.ID, Kind: clinical.FHIR, BaseURL: demo.System(a.simulatorURL(), o.ODS),
				}, a.now())
			})
		},
	}, nhs.DateOf(a.now().In(tenants.London())))
}

func (a *App) simulatorURL() string { return "http://" + a.simListener.Addr().String() }

func removeDemoFile(dir string) error { return demo.Remove(dir) }

// announce waits until the process is ready, writes demo.json for those who want to use it, and calls ready.
func (a *App) announce(ctx context.Context, ready func()) {
	for !a.ready(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	if a.config.Demonstration {
		register, err := a.services.register.All(ctx, demo.NeighbourhoodID("riverside"))
		if err == nil {
			err = demo.Write(a.config.Data, demo.Addresses{Base: a.config.base(), SIP: "sip:riverside@" + a.config.SIP, Simulator: a.simulatorURL()}, register)
		}
		if err != nil {
			a.log.Error("demo.json could not be written", "error", err.Error())
		}
	}
	ready()
}

func (a *App) ready(ctx context.Context) bool {
	if !a.has(RoleWeb) {
		return a.db.Ping(ctx) == nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.listener.Addr().String()+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
