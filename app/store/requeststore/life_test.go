package requeststore_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/patients"
	"onedoor/app/requests"
)

func soreThroat(w *demotest.World) requests.Submission {
	return requests.Submission{
		NeighbourhoodID: demo.NeighbourhoodID("riverside"), Channel: requests.App, Kind: "symptoms",
		Patient: patients.Given{NHSNumber: w.Patients[0].NHSNumber, BirthDate: w.Patients[0].BirthDate},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`)},
		By:      audit.Actor{Kind: audit.Client, ID: uuid.New(), Name: "app"},
	}
}

func TestASoreThroatGoesThePharmacysWay(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	ctx := t.Context()
	receipt, err := w.Requests.Submit(ctx, soreThroat(w))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.MarshalIndent(receipt, "", " ")
	t.Logf("%s", b)
	sam, grace := w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	c := requests.Command{Reference: receipt.Reference}
	if _, err := w.Requests.Verify(ctx, sam, c); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Accept(ctx, grace, c); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Claim(ctx, grace, c); err != nil {
		t.Fatal(err)
	}
	v, err := w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done"})
	if err != nil {
		t.Fatal(err)
	}
	b, _ = json.MarshalIndent(v, "", " ")
	t.Logf("%s", b)
}
