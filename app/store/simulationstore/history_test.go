package simulationstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// soreThroat is a submission of one of the seeded people.
func (w *world) soreThroat(t *testing.T, patient int) requests.Receipt {
	t.Helper()
	p := w.Patients[patient]
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Web, Kind: "symptoms", Language: "cy",
		Patient:        patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate},
		ChosenPharmacy: nhs.ODSCode("FRV03"),
		Answers:        map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`), "pregnant": json.RawMessage(`"not-applicable"`)},
		By:             audit.Actor{Kind: audit.Patient},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestASubmissionLeavesFactsAndNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	receipt := w.soreThroat(t, 0)
	list := read(t, w.store.Source(riverside, w.Now().Add(-time.Minute), w.Now().Add(time.Minute)), 1)
	if len(list) != 1 {
		t.Fatalf("%d past requests; want 1", len(list))
	}
	r := list[0]
	if r.Channel != "web" || r.Language != "cy" || r.AgeBand != "25-44" || r.Deprivation != "1" || !r.At.Equal(w.Now()) || !r.AnsweredAt.IsZero() {
		t.Errorf("%+v", r)
	}
	if r.Facts["condition"] != policy.Text("sore-throat") || r.Facts["age"] != policy.Int(30) {
		t.Errorf("facts are %v", r.Facts)
	}
	side, err := w.store.Live(t.Context(), riverside, w.Now())
	if err != nil {
		t.Fatal(err)
	}
	if d := policy.Decide(side.Policy, r.Facts, side.Directory, r.Load, r.At); d.Destination != r.Place || d.Urgency != r.Urgency {
		t.Errorf("history holds %v, and it is decided to %v", r.Place, d.Destination)
	}
	// Nothing of the person is in the row.
	p := w.Patients[0]
	err = w.DB.InTx(t.Context(), jobOf(riverside), func(tx *database.Tx) error {
		var row string
		if err := tx.Gorm().Raw("select cast(to_jsonb(h) as text) from request_history h").Row().Scan(&row); err != nil {
			return err
		}
		for _, part := range []string{string(receipt.Reference), string(p.NHSNumber), p.GivenName, p.FamilyName, p.BirthDate.String(), string(p.Postcode), p.ID.String()} {
			if strings.Contains(row, part) {
				t.Errorf("history holds %q: %s", part, row)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClosingARequestTellsHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	receipt := w.soreThroat(t, 0)
	w.Pass(90 * time.Minute)
	sam := w.Actor(t, "sam.carter")
	if _, err := w.Requests.Claim(t.Context(), sam, requests.Command{Reference: receipt.Reference}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Close(t.Context(), sam, requests.Command{Reference: receipt.Reference}, "Sent twice."); err != nil {
		t.Fatal(err)
	}
	list := read(t, w.store.Source(riverside, w.Now().Add(-3*time.Hour), w.Now()), 1)
	if len(list) != 1 || !list[0].AnsweredAt.Equal(w.Now()) {
		t.Fatalf("%+v; want it answered at %v", list, w.Now())
	}
	waits, total, err := w.store.Waits(t.Context(), riverside, w.Now().Add(-3*time.Hour), w.Now(), simulate.ClosedLoop)
	if err != nil || total != 1 {
		t.Fatal(total, err)
	}
	if typical, ok := waits.Typical(list[0].Place.Queue, list[0].Urgency); !ok || typical < 89*time.Minute || typical > 93*time.Minute {
		t.Errorf("the queue answers in %v, %v; want about 90 minutes", typical, ok)
	}
}

func TestWhatIsImportedIsStreamedInAnyNumberOfParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1200)
	from, until := w.Now().AddDate(0, 0, -32), w.Now()
	want := slices.Clone(w.past)
	slices.SortFunc(want, func(a, b simulate.Request) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, parts := range []int{1, 2, 7} {
		got := read(t, w.store.Source(riverside, from, until), parts)
		if len(got) != len(want) {
			t.Fatalf("%d parts give %d requests; want %d", parts, len(got), len(want))
		}
		for i := range got {
			a, b := got[i], want[i]
			if a.ID != b.ID || !a.At.Equal(b.At) || !a.AnsweredAt.Equal(b.AnsweredAt) || simulate.EncodeFacts(a.Facts) != simulate.EncodeFacts(b.Facts) ||
				!bytes.Equal(simulate.EncodeLoad(a.Load), simulate.EncodeLoad(b.Load)) || a.Channel != b.Channel || a.AgeBand != b.AgeBand ||
				a.Deprivation != b.Deprivation || a.Language != b.Language || a.Place != b.Place || a.Urgency != b.Urgency {
				t.Fatalf("%d parts give %+v; want %+v", parts, a, b)
			}
		}
	}
	if got := read(t, w.store.Source(hillside, from, until), 2); len(got) != 0 {
		t.Errorf("hillside has %d requests of riverside's", len(got))
	}
}

func TestThePastIsInOrderOfTimeWhenItIsOnePart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 600)
	var last time.Time
	n := 0
	err := w.store.Source(riverside, w.Now().AddDate(0, 0, -32), w.Now())(t.Context(), 0, 1, func(batch []simulate.Request) error {
		for i := range batch {
			if batch[i].At.Before(last) {
				t.Errorf("%v comes after %v", batch[i].At, last)
			}
			last = batch[i].At
			n++
		}
		return nil
	})
	if err != nil || n != 600 {
		t.Fatal(n, err)
	}
}

// What the database counts is what the requests themselves give.
func TestWaitsAreThoseOfTheRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1500)
	source := w.store.Source(riverside, w.Now().AddDate(0, 0, -32), w.Now())
	for _, mode := range []simulate.Mode{simulate.RecordedLoad, simulate.ClosedLoop} {
		counted, total, err := w.store.Waits(t.Context(), riverside, w.Now().AddDate(0, 0, -32), w.Now(), mode)
		if err != nil || total != 1500 {
			t.Fatal(total, err)
		}
		learned, err := simulate.Learn(t.Context(), source, 2)
		if err != nil {
			t.Fatal(err)
		}
		side, err := w.store.Live(t.Context(), riverside, w.Now())
		if err != nil {
			t.Fatal(err)
		}
		other := side
		if other.Policy, err = policy.Parse(draft(t)); err != nil {
			t.Fatal(err)
		}
		a, err := simulate.Run(t.Context(), source, side, other, simulate.Options{Mode: mode, Waits: counted})
		if err != nil {
			t.Fatal(err)
		}
		b, err := simulate.Run(t.Context(), source, side, other, simulate.Options{Mode: mode, Waits: learned})
		if err != nil {
			t.Fatal(err)
		}
		first, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) || a.Moved == 0 {
			t.Errorf("%s: the database's counts and the requests' own give two results, with %d and %d moved", mode, a.Moved, b.Moved)
		}
	}
}

func TestPastCountsFactsWithoutPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 900)
	list, err := w.service.Past(t.Context(), riverside, w.Now().AddDate(0, 0, -32))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i, p := range list {
		if i > 0 && p.Count > list[i-1].Count {
			t.Error("not the most frequent first")
		}
		for _, name := range []string{"age-months", policy.RegisteredPractice, policy.ChosenPharmacy, policy.NominatedPharmacy} {
			if p.Facts[name].Known() {
				t.Errorf("the fact %s is told: %v", name, p.Facts)
			}
		}
		sum += p.Count
	}
	if sum != 900 {
		t.Errorf("%d requests are counted; want 900", sum)
	}
	if others, err := w.service.Past(t.Context(), hillside, w.Now().AddDate(0, 0, -32)); err != nil || len(others) != 0 {
		t.Errorf("hillside is told of %d: %v", len(others), err)
	}
}

func TestNobodyButAJobOfTheNeighbourhoodReadsHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50)
	someone := w.past[0]
	everyScope(t, w, func(ctx context.Context, tx *database.Tx) error {
		for _, table := range []string{"request_history", "simulations", "shadows", "shadow_differences"} {
			var n int
			if err := tx.Gorm().Raw("select count(*) from " + table).Row().Scan(&n); err != nil {
				return err
			}
			if n != 0 {
				t.Errorf("%+v reads %d rows of %s", tx.Scope(), n, table)
			}
		}
		done := tx.Gorm().Exec("update request_history set answered_at = now() where request_id = ?", someone.ID)
		if done.RowsAffected != 0 {
			t.Errorf("%+v changes history", tx.Scope())
		}
		return done.Error
	})
	found, err := w.store.Requests(t.Context(), hillside, []simulate.Sample{{ID: someone.ID, At: someone.At}})
	if err != nil || len(found) != 0 {
		t.Errorf("hillside finds %d requests of riverside's: %v", len(found), err)
	}
	found, err = w.store.Requests(t.Context(), riverside, []simulate.Sample{{ID: someone.ID, At: someone.At}, {ID: uuid.New(), At: someone.At}})
	if err != nil || len(found) != 1 {
		t.Errorf("riverside finds %d of its own: %v", len(found), err)
	}
}
