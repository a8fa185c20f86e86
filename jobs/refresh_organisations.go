package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"onedoor/app/audit"
	"onedoor/app/directory"
)

// refreshEvery is how often organisations are read from the national register, which is itself brought up to date once a day.
const refreshEvery = 12 * time.Hour

// RefreshOrganisations reads the organisations that take part from the national register anew.
type RefreshOrganisations struct{}

// Kind is its name in River's tables.
func (RefreshOrganisations) Kind() string { return "refresh_organisations" }

// InsertOpts are those of housekeeping.
func (RefreshOrganisations) InsertOpts() river.InsertOpts { return housekeeping() }

// OrganisationRefresher reads the register. It is directory.Listings.
type OrganisationRefresher interface {
	Refresh(ctx context.Context, by audit.Actor) (directory.Listing, error)
}

type refreshWorker struct {
	river.WorkerDefaults[RefreshOrganisations]
	listings OrganisationRefresher
}

// Work refreshes. A register that does not answer is asked again at the next run.
func (w *refreshWorker) Work(ctx context.Context, _ *river.Job[RefreshOrganisations]) error {
	_, err := w.listings.Refresh(ctx, audit.Actor{Kind: audit.System, Name: RefreshOrganisations{}.Kind()})
	return err
}
