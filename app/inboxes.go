package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/mesh"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/integrationstore"
	"onedoor/jobs"
	"onedoor/tenants"
)

// demonstrationInbox is how often the demonstration looks into its mailboxes: nobody watches for five minutes.
const demonstrationInbox = 5 * time.Second

// inboxes are the mailboxes in which clinical systems answer later. Several organisations may share one.
func (a *App) inboxes(deliveries *deliverystore.Store) jobs.Inboxes {
	integrations := integrationstore.New(a.db)
	i := jobs.Inboxes{Words: deliveries, Mailboxes: func(ctx context.Context, neighbourhood uuid.UUID) ([]clinical.Integration, error) {
		all, err := integrations.OfKind(ctx, tenants.JobOf(neighbourhood), clinical.MESH)
		if err != nil {
			return nil, err
		}
		return mesh.Mailboxes(all), nil
	}}
	if a.config.Demonstration {
		i.Every = demonstrationInbox
	}
	return i
}
