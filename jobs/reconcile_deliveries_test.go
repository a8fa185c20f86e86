package jobs_test

import (
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/jobs"
	"onedoor/tenants"
)

func TestWhatIsFiledIsComparedWithWhatTheSystemHas(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	outcome := p.outcome(reference)
	p.enqueue(outcome...)
	client, err := newClient(p.db, jobs.Options{ReconcileEvery: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(ctx) })
	p.until(clinical.Filed, outcome...)
	scope := tenants.JobOf(p.neighbourhood)
	lost := p.outcome("9999999999")[0]
	p.enqueue(lost)
	p.until(clinical.Filed, lost)
	if err := p.db.InTx(ctx, scope, func(tx *database.Tx) error {
		if err := tx.Gorm().Exec("update deliveries set updated_at = updated_at - interval '1 minute'").Error; err != nil {
			return err
		}
		return tx.Gorm().Exec("update integrations set base_url = ? where organisation_id = ?", p.simulator.URL+"/FA002/fhir", p.pharmacy).Error
	}); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; <-time.After(20 * time.Millisecond) {
		differences, err := p.store.Differences(ctx, scope, 10)
		if err != nil {
			t.Fatal(err)
		}
		health, err := p.store.Health(ctx, scope, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, h := range health {
			checked += h.Checked
		}
		if len(differences) == 2 && checked >= 3 { // what went to the system that is somebody else's now; the practice's agrees
			for _, d := range differences {
				if d.OrganisationID != p.pharmacy || d.Kind != clinical.Missing {
					t.Errorf("%+v", d)
				}
			}
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%d differences, %d compared", len(differences), checked)
		}
	}
}
