package bookingstore_test

import (
	"testing"
	"time"

	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/store/deliverystore"
	"onedoor/tenants"
)

// What nobody knows of an appointment is told to who keeps the service running, once reading it back has had its time, and
// to nobody of another place.
func TestWhatIsNotCertainForTooLongIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.act(bookings.ActBook)
	w.ask(t, b)
	watch := deliverystore.New(w.DB, nil)
	uncertain := func(scope tenants.Scope, after time.Duration) (n int, oldest time.Time) {
		t.Helper()
		healths, err := watch.Health(t.Context(), scope, w.Now().Add(after))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range healths {
			if h.OrganisationID == w.practice {
				n, oldest = n+h.Uncertain, h.OldestUncertain
			}
		}
		return n, oldest
	}
	const tooLong = clinical.UncertainAfter + time.Minute
	if n, _ := uncertain(w.staff(), clinical.UncertainAfter-time.Minute); n != 0 {
		t.Errorf("%d while it is still being read back", n)
	}
	for who, scope := range map[string]tenants.Scope{"staff": w.staff(), "a job": tenants.JobOf(riverside)} {
		if n, oldest := uncertain(scope, tooLong); n != 1 || !oldest.Equal(b.AskedAt) {
			t.Errorf("%s: %d since %s", who, n, oldest)
		}
	}
	if n, _ := uncertain(tenants.JobOf(hillside), tooLong); n != 0 {
		t.Errorf("another neighbourhood sees %d", n)
	}
	w.save(t, w.certain(b, bookings.Booked))
	if n, _ := uncertain(w.staff(), tooLong); n != 0 {
		t.Errorf("%d once it is certain", n)
	}
}
