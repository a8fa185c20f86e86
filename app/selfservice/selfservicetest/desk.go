package selfservicetest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/clinical"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/selfservice"
	"onedoor/app/store/bookingstore"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/callstore"
	"onedoor/app/store/selfservicestore"
)

// Desk is self-service over the demonstration's real stores, with one practice's system at the far end.
type Desk struct {
	*demotest.World
	*Practice
	Service  *selfservice.Service
	Callers  *callers.Service
	Calls    *calls.Service
	Bookings *bookings.Service

	mu    sync.Mutex
	off   bool
	kind  clinical.IntegrationKind
	codes []string
}

// New makes one over a world.
func New(t testing.TB, w *demotest.World) *Desk {
	t.Helper()
	d := &Desk{World: w, Practice: NewPractice(w.Now()), kind: clinical.FHIR}
	d.Calls = calls.NewService(calls.Options{Store: callstore.New(w.DB), Sealer: w.Vault, Now: w.Now})
	d.Callers = callers.New(callers.Options{
		Store: callerstore.New(w.DB, w.Now), Texts: d, Requests: w.Requests, Calls: d.Calls, Systems: d, Sealer: w.Vault, Now: w.Now, Floor: -1,
	})
	d.Bookings = bookings.New(bookings.Options{
		Store: bookingstore.New(w.DB), Systems: d, Now: w.Now,
		Settled: func(ctx context.Context, b bookings.Booking) error { return d.Service.Settled(ctx, b) },
	})
	d.Service = selfservice.New(selfservice.Options{
		Requests: w.Requests, Callers: d.Callers, Bookings: d.Bookings, Systems: d, Store: selfservicestore.New(w.DB), Sealer: w.Vault, Now: w.Now,
	})
	return d
}

// integration is the only one's id.
var integration = uuid.MustParse("8d0a6a52-6d0f-4f5e-9f0c-2f4be6f1f001")

// Switch turns the practice's integration on or off, and says what kind it is.
func (d *Desk) Switch(on bool, kind clinical.IntegrationKind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off, d.kind = !on, kind
}

// For implements the systems' way: one practice has one.
func (d *Desk) For(_ context.Context, _, organisation uuid.UUID, _ clinical.Use, _ string) (clinical.System, clinical.Integration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off || organisation != demo.OrganisationID("A81001") {
		return nil, clinical.Integration{}, &clinical.Refused{Says: "Nothing is connected."}
	}
	return d.Practice, clinical.Integration{ID: integration, Kind: d.kind}, nil
}

// Of implements the systems' way back.
func (d *Desk) Of(_ context.Context, _, id uuid.UUID) (clinical.System, error) {
	if id != integration {
		return nil, &clinical.Refused{Says: "Nothing is connected."}
	}
	return d.Practice, nil
}

// Queue keeps the code of a text.
func (d *Desk) Queue(_ context.Context, m messages.Message) (uuid.UUID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.codes = append(d.codes, m.Text.Code)
	return uuid.NewV7()
}

// Code is the last one that was texted; empty for none.
func (d *Desk) Code() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.codes) == 0 {
		return ""
	}
	return d.codes[len(d.codes)-1]
}

// Submit hands in a request of a person of the register, and gives the visit of whoever handed it in.
func (d *Desk) Submit(t testing.TB, patient int, kind string, change ...func(*requests.Submission)) selfservice.Visit {
	t.Helper()
	p := d.Patients[patient]
	in := requests.Submission{
		NeighbourhoodID: demo.NeighbourhoodID("riverside"), Channel: requests.Web, Kind: kind, By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	}
	if p.BirthDate.Age(nhs.DateOf(d.Now())) < 16 {
		in.Answers = map[string]json.RawMessage{"red-flags-child": json.RawMessage(`["none"]`)}
	}
	for _, c := range change {
		c(&in)
	}
	receipt, err := d.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return selfservice.Visit{NeighbourhoodID: in.NeighbourhoodID, Reference: receipt.Reference, Channel: in.Channel}
}

// Prove lets a visitor in by a code.
func (d *Desk) Prove(t testing.TB, v selfservice.Visit) callers.Proof {
	t.Helper()
	if err := d.Service.SendCode(t.Context(), v, "en"); err != nil {
		t.Fatal(err)
	}
	proof, err := d.Service.Prove(t.Context(), v, d.Code())
	if err != nil {
		t.Fatal(err)
	}
	return proof
}
