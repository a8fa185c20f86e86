// Package outcomes measures and proves deliveries: how fast outcomes reach clinical systems, what an outage does to the others,
// and that a process that is killed loses none and files none twice. It makes up neighbourhoods of organisations with
// simulated systems, hands outcomes in through the real store, has the real jobs deliver them, and then counts at the
// receivers. It is for the command bench and for tests; the product does not use it, and nobody it names exists.
package outcomes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/integrationstore"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Organisation is one with a simulated system.
type Organisation struct {
	ID  uuid.UUID
	ODS nhs.ODSCode
}

// World is a neighbourhood that is made up for one measurement.
type World struct {
	db            *database.DB
	store         *deliverystore.Store
	simulator     string // its root address
	neighbourhood uuid.UUID
	organisations []Organisation
	requests      int // handed in so far: their references are made of it
}

// NewWorld makes a neighbourhood of organisations whose systems stand at a simulator. The prefix, a letter, tells the
// organisations of several worlds apart.
func NewWorld(ctx context.Context, db *database.DB, simulator, prefix string, organisations int) (*World, error) {
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		return nil, err
	}
	w := &World{db: db, store: deliverystore.New(db, inserter), simulator: simulator, neighbourhood: uuid.New()}
	for i := range organisations {
		ods, err := nhs.ParseODSCode(fmt.Sprintf("%s%05d", prefix, i))
		if err != nil {
			return nil, err
		}
		o := Organisation{uuid.New(), ods}
		if err := w.connect(ctx, o); err != nil {
			return nil, err
		}
		w.organisations = append(w.organisations, o)
	}
	return w, nil
}

func (w *World) connect(ctx context.Context, o Organisation) error {
	return w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return integrationstore.New(w.db).Put(ctx, tx, audit.Actor{Kind: audit.System, Name: "bench"}, clinical.Integration{
			NeighbourhoodID: w.neighbourhood, OrganisationID: o.ID, Kind: clinical.FHIR, BaseURL: w.simulator + simulator.BasePath(o.ODS),
			Uses: []clinical.Switched{{Use: clinical.UseOutcomes}},
		}, time.Now())
	})
}

// Jobs makes what delivers in this process.
func (w *World) Jobs(o jobs.Options) (*jobs.Client, error) { return NewJobs(w.db, o) }

// NewJobs makes what delivers from a database.
func NewJobs(db *database.DB, o jobs.Options) (*jobs.Client, error) {
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		return nil, err
	}
	store := deliverystore.New(db, inserter)
	found := systems.New(systems.Options{Integrations: integrationstore.New(db), Now: time.Now})
	return jobs.New(db, jobs.Work{Drains: store, Sweeps: store, Systems: found}, o)
}

// outcome makes a request of an organisation with some outcomes, one after the other.
func (w *World) outcome(o Organisation, outcomes int) ([]clinical.Delivery, error) {
	w.requests++
	request, list := uuid.New(), make([]clinical.Delivery, outcomes)
	party := clinical.Party{ODS: o.ODS, Name: "Organisation " + string(o.ODS)}
	for i := range list {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		now := time.Now()
		list[i], err = clinical.NewDelivery(id, clinical.Target{
			NeighbourhoodID: w.neighbourhood, OrganisationID: o.ID, RecordedByID: o.ID, RequestID: request, Sequence: i + 1,
		}, clinical.Document{
			Reference: fmt.Sprintf("%010d", w.requests), Purpose: clinical.OwnRecord,
			Kind:    clinical.Coded{Code: "symptoms", Title: "Symptoms or a health problem"},
			Patient: clinical.Patient{NHSNumber: "9990001006", GivenName: "Daniel", FamilyName: "Example", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}},
			Outcome: clinical.Coded{Code: "done", Title: "Done"}, Note: "Advice was given, and the person knows what to do if it does not get better.",
			RecordedBy: "Grace Example", RecordedAt: now, From: party, For: party,
		}, now)
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// handIn stores outcomes with what wakes their drains, in one transaction.
func (w *World) handIn(ctx context.Context, list []clinical.Delivery) error {
	return w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error { return w.store.Enqueue(ctx, tx, list...) })
}

// left counts what is not filed yet, and of it what needs a person.
func (w *World) left(ctx context.Context, except ...uuid.UUID) (open, attention int, err error) {
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, `
			select count(*) filter (where state in (0, 1)), count(*) filter (where state = 4)
			from deliveries where neighbourhood_id = $1 and state in (0, 1, 4) and not organisation_id = any ($2)`, w.neighbourhood, append([]uuid.UUID{}, except...)).Scan(&open, &attention)
	})
	return open, attention, err
}

// some reports whether anything is open: it is asked often, and costs little.
func (w *World) some(ctx context.Context, except ...uuid.UUID) (open bool, err error) {
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, "select exists (select from deliveries where neighbourhood_id = $1 and state in (0, 1) and not organisation_id = any ($2))",
			w.neighbourhood, append([]uuid.UUID{}, except...)).Scan(&open)
	})
	return open, err
}

// untilFiled waits until everything is filed, but for some organisations.
func (w *World) untilFiled(ctx context.Context, within time.Duration, except ...uuid.UUID) error {
	ends := time.Now().Add(within)
	for {
		some, err := w.some(ctx, except...)
		if err != nil {
			return err
		}
		open, attention := 1, 0
		if !some || time.Now().After(ends) {
			open, attention, err = w.left(ctx, except...)
		}
		switch {
		case err != nil:
			return err
		case attention > 0:
			return fmt.Errorf("%d deliveries were refused", attention)
		case open == 0:
			return nil
		case time.Now().After(ends):
			return fmt.Errorf("%d deliveries are not filed after %s", open, within)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// trouble sets how an organisation's system behaves.
func (w *World) trouble(ctx context.Context, o Organisation, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.simulator+simulator.FaultsPath(o.ODS), strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulator answers %s", response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// ledger are the effects in one organisation's system, in their order.
func (w *World) ledger(ctx context.Context, o Organisation) ([]simulator.Effect, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.simulator+simulator.LedgerPath(o.ODS), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var effects []simulator.Effect
	return effects, json.NewDecoder(response.Body).Decode(&effects)
}
