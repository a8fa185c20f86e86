package requeststore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
)

// wants switches an organisation's integration on for arrivals.
func wants(t *testing.T, w *demotest.World, ods nhs.ODSCode, kinds ...string) {
	t.Helper()
	store := integrationstore.New(w.DB)
	if err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return store.Put(t.Context(), tx, demo.Seeder(), clinical.Integration{
			NeighbourhoodID: riverside, OrganisationID: demo.OrganisationID(ods), Kind: clinical.FHIR, BaseURL: "http://127.0.0.1:1/" + string(ods),
			Uses: []clinical.Switched{{Use: clinical.UseArrivals, Kinds: kinds}},
		}, w.Now())
	}); err != nil {
		t.Fatal(err)
	}
}

// filed are the deliveries of a request that are no outcomes, in words, and the latest of them.
func filed(t *testing.T, w *demotest.World, reference requests.Reference) (words []string, last clinical.Delivery) {
	t.Helper()
	var rows []struct {
		ID, OrganisationID, CorrelationID, RequestID uuid.UUID
		Purpose                                      int16
		Document                                     clinical.Document `gorm:"serializer:json"`
	}
	if err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Table("deliveries").Where("neighbourhood_id = ? and request_reference = ?", riverside, string(reference)).Order("id").Find(&rows).Error
	}); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		d := r.Document
		if d.Asked == nil {
			words = append(words, "outcome "+string(d.For.ODS))
			continue
		}
		words = append(words, string(d.Purpose)+" "+string(d.For.ODS))
		last = clinical.Delivery{ID: r.ID, NeighbourhoodID: riverside, OrganisationID: r.OrganisationID, CorrelationID: r.CorrelationID, RequestID: r.RequestID, Purpose: d.Purpose, Document: d}
	}
	return words, last
}

func wantFiled(t *testing.T, w *demotest.World, reference requests.Reference, want ...string) clinical.Delivery {
	t.Helper()
	got, last := filed(t, w, reference)
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("filed %q; want %q", got, want)
	}
	return last
}

func stood(t *testing.T, w *demotest.World, d clinical.Delivery, stage clinical.Stage, says string) {
	t.Helper()
	if err := w.Requests.Stood(t.Context(), d, clinical.Standing{Stage: stage, Says: says, At: w.Now()}, true); err != nil {
		t.Fatal(err)
	}
}

func TestARequestIsFiledWhereItComesToAndTakenBackWhenItGoes(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, grace := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	wants(t, w, "A81001")
	wants(t, w, "FRV01", "symptoms")
	c := submit(t, w, soreThroat(w))
	first := wantFiled(t, w, c.Reference, "arrival A81001")
	if a := first.Document.Asked; !strings.Contains(first.Document.Note, "verify") || len(a.Lines) == 0 || a.Channel != "app" || a.Offered || a.ConfirmedBy != "" {
		t.Errorf("the arrival says %+v, %+v", first.Document, a)
	}
	ok(w.Requests.Verify(ctx, sam, c))
	offer := wantFiled(t, w, c.Reference, "arrival A81001", "arrival FRV01")
	if a := offer.Document.Asked; !a.Offered || a.ConfirmedBy != sam.Name || offer.Document.From.ODS != "A81001" {
		t.Errorf("the offer says %+v", a)
	}
	ok(w.Requests.Accept(ctx, grace, c))
	back := wantFiled(t, w, c.Reference, "arrival A81001", "arrival FRV01", "withdrawal A81001")
	if back.CorrelationID != first.ID || !strings.Contains(back.Document.Asked.Withdrawn, "Quayside") {
		t.Errorf("taken back %+v of %s", back, first.ID)
	}
	ok(w.Requests.Claim(ctx, grace, c))
	v := ok(w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done"}))
	wantFiled(t, w, c.Reference, "arrival A81001", "arrival FRV01", "withdrawal A81001", "outcome FRV01", "outcome A81001", "withdrawal FRV01")
	if len(v.Staff.Arrivals) != 2 || v.Staff.Arrivals[0].Standing || v.Staff.Arrivals[1].Standing {
		t.Errorf("arrivals %+v", v.Staff.Arrivals)
	}
	other := submit(t, w, ask(w, 0, "admin", nil))
	wantFiled(t, w, other.Reference, "arrival A81001")
	elsewhere := submit(t, w, ask(w, 21, "admin", nil))
	wantFiled(t, w, elsewhere.Reference) // the hub wants none
}

func TestWhatAnOrganisationDidInItsOwnSystemClosesTheRequest(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam := w.Actor(t, "sam.carter")
	wants(t, w, "A81001")
	c := submit(t, w, ask(w, 0, "admin", nil))
	d := wantFiled(t, w, c.Reference, "arrival A81001")
	stood(t, w, d, clinical.StageWaiting, "")
	if v := ok(w.Requests.Get(t.Context(), sam, c.Reference)); v.Version != 1 {
		t.Errorf("waiting changed it to version %d", v.Version)
	}
	stood(t, w, d, clinical.StageInHand, "With Dr Rahman")
	stood(t, w, d, clinical.StageDone, "Letter sent.")
	stood(t, w, d, clinical.StageDone, "Letter sent.")
	v := ok(w.Requests.Get(t.Context(), sam, c.Reference))
	if v.Status != requests.Closed || v.Outcome.Code != "done" || v.Outcome.Note != "Letter sent." || !strings.Contains(v.Outcome.By, "Weir Lane") || v.Version != 3 {
		t.Errorf("%+v, version %d, %s", v.Outcome, v.Version, v.Status)
	}
	wantFiled(t, w, c.Reference, "arrival A81001") // nothing is taken back, and its own record has it
}

func TestAnOrganisationTakesAndRefusesOffersInItsOwnSystem(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam, grace := w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	wants(t, w, "FRV01")
	offered := func() (requests.Command, clinical.Delivery) {
		c := submit(t, w, soreThroat(w))
		ok(w.Requests.Verify(t.Context(), sam, c))
		return c, wantFiled(t, w, c.Reference, "arrival FRV01")
	}
	taken, d := offered()
	stood(t, w, d, clinical.StageInHand, "")
	if v := ok(w.Requests.Get(t.Context(), grace, taken.Reference)); v.Accountable.ODS != "FRV01" || v.Status != requests.Queued {
		t.Errorf("taken: %+v", v.Receipt)
	}
	stood(t, w, d, clinical.StageRefused, "No pharmacist today.")
	v := ok(w.Requests.Get(t.Context(), sam, taken.Reference))
	if v.Accountable.ODS != "A81001" || v.Queue.Name != "Clinical requests" || v.Status != requests.Queued {
		t.Errorf("refused after it was taken: %+v", v.Receipt)
	}
	if len(v.Staff.Arrivals) != 1 || v.Staff.Arrivals[0].Says != "No pharmacist today." {
		t.Errorf("arrivals %+v", v.Staff.Arrivals)
	}
	refused, d := offered()
	stood(t, w, d, clinical.StageRefused, "Not eligible.")
	if v := ok(w.Requests.Get(t.Context(), sam, refused.Reference)); v.Accountable.ODS != "A81001" || v.Offered != nil || v.Status != requests.Queued {
		t.Errorf("refused: %+v", v.Receipt)
	}
	wantFiled(t, w, refused.Reference, "arrival FRV01") // they know
	finished, d := offered()
	stood(t, w, d, clinical.StageDone, "Treated.")
	wantFiled(t, w, finished.Reference, "arrival FRV01", "outcome A81001") // the registered practice is told
	late, d := offered()
	w.Pass(48 * time.Hour)
	if _, err := w.Requests.ReturnExpiredOffers(t.Context(), riverside, w.Now()); err != nil {
		t.Fatal(err)
	}
	wantFiled(t, w, late.Reference, "arrival FRV01", "withdrawal FRV01")
	stood(t, w, d, clinical.StageInHand, "") // too late: it was taken back
	if v := ok(w.Requests.Get(t.Context(), sam, late.Reference)); v.Accountable.ODS != "A81001" {
		t.Errorf("taken after it came back: %+v", v.Receipt)
	}
}

func TestATaskThatWasTakenOutStaysWithThePractice(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam := t.Context(), w.Actor(t, "sam.carter")
	wants(t, w, "A81001")
	c := submit(t, w, ask(w, 0, "admin", nil))
	ok(w.Requests.Claim(ctx, sam, c))
	d := wantFiled(t, w, c.Reference, "arrival A81001")
	for n := range 3 {
		if v := ok(w.Requests.Get(ctx, sam, c.Reference)); v.Claimed == nil || !v.Staff.Arrivals[0].Standing {
			t.Errorf("after %d readings: %+v", n, v.Staff.Arrivals)
		}
		if err := w.Requests.Stood(ctx, d, clinical.Standing{}, false); err != nil {
			t.Fatal(err)
		}
	}
	v := ok(w.Requests.Get(ctx, sam, c.Reference))
	if v.Status != requests.Queued || v.Claimed != nil || v.Staff.Arrivals[0].Standing || v.Staff.Arrivals[0].Stage != clinical.StageCancelled {
		t.Errorf("%+v, %+v", v.Receipt, v.Staff.Arrivals)
	}
}

func TestOnlyWhatWasTakenInIsReadBack(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	wants(t, w, "A81001")
	c := submit(t, w, ask(w, 0, "admin", nil))
	d := wantFiled(t, w, c.Reference, "arrival A81001")
	w.Pass(time.Minute)
	due := func(neighbourhood uuid.UUID) int {
		list, err := w.Requests.DueArrivals(t.Context(), neighbourhood, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := due(riverside); n != 0 {
		t.Errorf("%d are due before they were filed", n)
	}
	if err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Exec("update deliveries set state = 3 where neighbourhood_id = ? and id = ?", riverside, d.ID).Error
	}); err != nil {
		t.Fatal(err)
	}
	if n := due(riverside); n != 1 {
		t.Errorf("%d are due", n)
	}
	if n := due(demo.NeighbourhoodID("hillside")); n != 0 {
		t.Errorf("%d are due in another neighbourhood", n)
	}
	stood(t, w, d, clinical.StageWaiting, "")
	if n := due(riverside); n != 0 {
		t.Errorf("%d are due just after they were read", n)
	}
	w.Pass(time.Hour)
	if err := w.Requests.PutOffReading(t.Context(), requests.Arrival{ID: d.ID, NeighbourhoodID: demo.NeighbourhoodID("hillside")}, w.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := due(riverside); n != 1 {
		t.Errorf("%d are due after another tenant put them off", n)
	}
	if err := w.Requests.PutOffReading(t.Context(), requests.Arrival{ID: d.ID, NeighbourhoodID: riverside}, w.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := due(riverside); n != 0 {
		t.Errorf("%d are due after they were put off", n)
	}
}
