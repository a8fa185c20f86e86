package jobs_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
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
	p.written(practiceODS, outcome[1]) // the practice's system makes a second of what it has
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
		checked, twice := 0, 0
		for _, h := range health {
			checked, twice = checked+h.Checked, twice+h.Twice
		}
		if len(differences) == 3 && checked >= 3 { // two that went to the system that is somebody else's now, and the practice's
			for _, d := range differences {
				if theirs := d.OrganisationID == p.practice; theirs != (d.Kind == clinical.Twice) || !theirs && d.Kind != clinical.Missing {
					t.Errorf("%+v", d)
				}
			}
			if twice != 1 {
				t.Errorf("%d are counted that a system has twice", twice)
			}
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%d differences, %d compared", len(differences), checked)
		}
	}
}

// written has a system make another Task of a delivery, as one does that knows nothing again.
func (p place) written(ods string, d clinical.Delivery) {
	p.t.Helper()
	address := p.simulator.URL + "/" + ods + "/fhir/Task"
	response, err := http.Get(address + "?identifier=" + url.QueryEscape(r4.DeliverySystem+"|"+d.ID.String())) //nolint:noctx // a server of the test's own
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var found struct {
		Entry []struct {
			Resource map[string]any `json:"resource"`
		} `json:"entry"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || len(found.Entry) != 1 {
		p.t.Fatal(len(found.Entry), err)
	}
	second := found.Entry[0].Resource
	delete(second, "id")
	body, err := json.Marshal(second)
	if err != nil {
		p.t.Fatal(err)
	}
	made, err := http.Post(address, r4.ContentType, bytes.NewReader(body)) //nolint:noctx // a server of the test's own
	if err != nil || made.StatusCode != http.StatusCreated {
		p.t.Fatal(made, err)
	}
	_ = made.Body.Close()
}
