package deliverystore_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
)

// connect gives the practice a way in that is on for other organisations' outcomes of some kinds.
func (p place) connect(i clinical.Integration, kinds ...string) clinical.Integration {
	p.t.Helper()
	if i.ID == uuid.Nil {
		i.ID = uuid.New()
	}
	i.NeighbourhoodID, i.OrganisationID, i.Kind, i.BaseURL = p.neighbourhood, p.practice, clinical.FHIR, "https://x.example/fhir"
	i.Uses = []clinical.Switched{{Use: clinical.UseFromOthers, Kinds: kinds}}
	err := p.db.InTx(ctx, tenants.JobOf(p.neighbourhood), func(tx *database.Tx) error {
		return integrationstore.New(p.db).Put(ctx, tx, audit.Actor{Kind: audit.System, Name: "test"}, i, noon)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

// of is a delivery about a kind of request.
func (p place) of(kind string) clinical.Delivery {
	d := p.delivery(uuid.New(), 1)
	d.Document.Kind.Code = kind
	return d
}

func (p place) stored(d clinical.Delivery) clinical.Delivery {
	p.t.Helper()
	got, err := p.store.Get(ctx, p.staff(p.practice), d.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

func TestADeliveryGoesByWhatNamesItsKindAndKeepsToIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	general, named := p.connect(clinical.Integration{}), p.connect(clinical.Integration{}, "symptoms")
	symptoms, callback := p.of("symptoms"), p.of("callback")
	p.enqueue(symptoms, callback)
	token := uuid.New()
	slice := p.take(token, 10, noon)
	if len(slice.Deliveries) != 2 {
		t.Fatalf("took %d", len(slice.Deliveries))
	}
	for d, want := range map[uuid.UUID]uuid.UUID{symptoms.ID: named.ID, callback.ID: general.ID} {
		for _, taken := range slice.Deliveries {
			if taken.ID == d && taken.IntegrationID != want {
				t.Errorf("%s was taken for %s, not %s", taken.Document.Kind.Code, taken.IntegrationID, want)
			}
		}
	}
	if got := p.stored(symptoms); got.IntegrationID != named.ID || got.State != clinical.Sent {
		t.Errorf("its way is not stored before it is sent: %s, %s", got.IntegrationID, got.State)
	}
	// The drain died. What may have been sent goes the same way, though another names the kind now.
	p.connect(clinical.Integration{ID: named.ID}, "callback")
	p.connect(clinical.Integration{}, "symptoms")
	for _, d := range p.take(token, 10, noon.Add(time.Hour)).Deliveries {
		if want := map[uuid.UUID]uuid.UUID{symptoms.ID: named.ID, callback.ID: general.ID}[d.ID]; d.IntegrationID != want {
			t.Errorf("%s changed its way", d.Document.Kind.Code)
		}
	}
}

func TestWhatWasNeverSentGoesByWhatIsSwitchedOnNow(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	first := p.connect(clinical.Integration{})
	d := p.of("symptoms")
	p.enqueue(d)
	token := uuid.New()
	if slice := p.take(token, 10, noon); slice.Deliveries[0].IntegrationID != first.ID {
		t.Fatal("not taken for the only one")
	} else if wait, done := p.finish(token, clinical.Progress{Deliveries: slice.Deliveries}); done || wait > 0 { // as it was found
		t.Fatalf("left for %v, done: %v", wait, done)
	}
	second := p.connect(clinical.Integration{}, "symptoms")
	if slice := p.take(uuid.New(), 10, noon); len(slice.Deliveries) != 1 || slice.Deliveries[0].IntegrationID != second.ID {
		t.Errorf("%+v", slice)
	}
}

func TestAPausedIntegrationHoldsBackOnlyWhatIsForIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ general, named bool }{
		"the one for all kinds": {true, false}, "the one that names a kind": {false, true}, "both": {true, true}, "none": {false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, testdb.New(t))
			general := p.connect(clinical.Integration{Paused: c.general})
			named := p.connect(clinical.Integration{Paused: c.named}, "symptoms")
			for range 12 { // more than a slice holds
				p.enqueue(p.of("symptoms"), p.of("callback"))
			}
			token := uuid.New()
			taken := p.take(token, 100, noon).Deliveries
			want := map[uuid.UUID]int{}
			if !c.general {
				want[general.ID] = 12
			}
			if !c.named {
				want[named.ID] = 12
			}
			got := map[uuid.UUID]int{}
			for i, d := range taken {
				got[d.IntegrationID]++
				taken[i].State, taken[i].FiledAt = clinical.Filed, noon
			}
			if len(got) != len(want) || got[general.ID] != want[general.ID] || got[named.ID] != want[named.ID] {
				t.Errorf("took %v, not %v", got, want)
			}
			wait, done := p.finish(token, clinical.Progress{Deliveries: taken})
			if waits := c.general || c.named; done == waits || (wait > 0) != waits {
				t.Errorf("done: %v, wait: %v", done, wait)
			}
		})
	}
}

func TestWhatMayHaveBeenSentByAPausedIntegrationWaitsForIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	first := p.connect(clinical.Integration{})
	p.enqueue(p.of("symptoms"))
	token := uuid.New()
	p.take(token, 10, noon) // and the drain dies
	p.connect(clinical.Integration{}, "symptoms")
	p.connect(clinical.Integration{ID: first.ID, Paused: true})
	if slice := p.take(token, 10, noon.Add(time.Hour)); len(slice.Deliveries) != 0 {
		t.Errorf("took %+v", slice.Deliveries)
	}
	p.connect(clinical.Integration{ID: first.ID})
	if slice := p.take(token, 10, noon.Add(time.Hour)); len(slice.Deliveries) != 1 || slice.Deliveries[0].IntegrationID != first.ID {
		t.Errorf("took %+v", slice.Deliveries)
	}
}
