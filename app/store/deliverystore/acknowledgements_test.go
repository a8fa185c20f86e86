package deliverystore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// accepted is a delivery that was taken on the way, under the name M1.
func (p place) accepted() clinical.Delivery {
	p.t.Helper()
	p.enqueue(p.delivery(uuid.New(), 1))
	token := uuid.New()
	slice := p.take(token, 1, noon)
	d := slice.Deliveries[0].After(clinical.Receipt{State: clinical.Accepted, ExternalID: "M1"}, nil, noon, 0)
	p.finish(token, clinical.Progress{Deliveries: []clinical.Delivery{d}})
	return d
}

func (p place) read(id uuid.UUID) clinical.Delivery {
	p.t.Helper()
	d, err := p.store.Get(ctx, p.staff(p.practice), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p place) kept(scope tenants.Scope) (n int) {
	p.t.Helper()
	err := p.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, `select count(*) from delivery_acknowledgements`).Scan(&n)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func TestALaterWordIsKeptOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	d := p.accepted()
	infrastructure := clinical.Acknowledgement{ID: "A1", DeliveryID: d.ID, State: clinical.Acknowledged, At: noon}
	business := clinical.Acknowledgement{ID: "A2", DeliveryID: d.ID, State: clinical.Filed, At: noon}
	for _, a := range []clinical.Acknowledgement{infrastructure, infrastructure, business, infrastructure} {
		if err := p.store.Acknowledge(ctx, p.neighbourhood, a, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	got := p.read(d.ID)
	if got.State != clinical.Filed || !got.AcknowledgedAt.Equal(noon) || !got.FiledAt.Equal(noon) || got.ExternalID != "M1" {
		t.Errorf("%+v", got)
	}
	if n := p.kept(tenants.JobOf(p.neighbourhood)); n != 2 {
		t.Errorf("%d kept", n)
	}
}

func TestAReportNamesWhatWasSentByTheSystemsName(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	d := p.accepted()
	report := clinical.Acknowledgement{ID: "R1", ExternalID: "M1", State: clinical.NeedsAttention, Says: "MESH found no practice."}
	if err := p.store.Acknowledge(ctx, p.neighbourhood, report, noon); err != nil {
		t.Fatal(err)
	}
	if got := p.read(d.ID); got.State != clinical.NeedsAttention || got.LastError != report.Says {
		t.Errorf("%+v", got)
	}
	for name, a := range map[string]clinical.Acknowledgement{
		"nobody's":       {ID: "X", DeliveryID: uuid.New(), State: clinical.Filed},
		"an unknown one": {ID: "X", ExternalID: "M2", State: clinical.Filed},
		"one of no name": {ID: "X", State: clinical.Filed},
	} {
		if err := p.store.Acknowledge(ctx, p.neighbourhood, a, noon); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWordOnWhatIsBeingSentIsHeardLater(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	d := p.delivery(uuid.New(), 1)
	p.enqueue(d)
	p.take(uuid.New(), 1, noon)
	word := clinical.Acknowledgement{ID: "A1", DeliveryID: d.ID, State: clinical.Filed}
	if err := p.store.Acknowledge(ctx, p.neighbourhood, word, noon); !errors.Is(err, clinical.ErrInHand) {
		t.Errorf("got %v", err)
	}
	if n := p.kept(tenants.JobOf(p.neighbourhood)); n != 0 || p.read(d.ID).State != clinical.Sent {
		t.Errorf("%d kept", n)
	}
}

func TestLateDeliveriesAreNoticedOnce(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	d := p.accepted()
	due := p.read(d.ID).DueAt
	if !due.Equal(clinical.DueAtPractice(noon)) {
		t.Fatalf("due %v", due)
	}
	for name, c := range map[string]struct {
		neighbourhood uuid.UUID
		now           time.Time
		want          int
	}{
		"1 in time":               {p.neighbourhood, due, 0},
		"2 another neighbourhood": {stranger.neighbourhood, due.Add(time.Hour), 0},
	} {
		if late, err := p.store.Late(ctx, c.neighbourhood, c.now, 10); err != nil || len(late) != c.want {
			t.Errorf("%s: %d, %v", name, len(late), err)
		}
	}
	late, err := p.store.Late(ctx, p.neighbourhood, due.Add(time.Second), 10)
	if err != nil || len(late) != 1 || late[0].ID != d.ID || p.read(d.ID).State != clinical.NeedsAttention || !strings.Contains(p.read(d.ID).LastError, "24 November at 18:30") {
		t.Fatalf("%+v, %v", late, err)
	}
	word := clinical.Acknowledgement{ID: "late", DeliveryID: d.ID, State: clinical.Filed}
	if err := p.store.Acknowledge(ctx, p.neighbourhood, word, noon); err != nil || p.read(d.ID).State != clinical.Filed {
		t.Errorf("a word that comes late is not heard: %v", err)
	}
	if again, err := p.store.Late(ctx, p.neighbourhood, due.Add(time.Hour), 10); err != nil || len(again) != 0 {
		t.Errorf("told twice: %v", err)
	}
	filed := p.accepted()
	if err := p.store.Acknowledge(ctx, p.neighbourhood, clinical.Acknowledgement{ID: "A", DeliveryID: filed.ID, State: clinical.Filed}, noon); err != nil {
		t.Fatal(err)
	}
	if late, err := p.store.Late(ctx, p.neighbourhood, due.Add(time.Hour), 10); err != nil || len(late) != 0 {
		t.Errorf("what is filed is late: %v", err)
	}
	waiting := p.delivery(uuid.New(), 1)
	p.enqueue(waiting)
	if late, err := p.store.Late(ctx, p.neighbourhood, due.Add(time.Hour), 10); err != nil || len(late) != 1 || p.read(waiting.ID).State != clinical.Pending {
		t.Errorf("what still waits to be sent goes on: %+v, %v", late, err)
	}
}

func TestAnotherTenantCannotAcknowledge(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	d := p.accepted()
	word := clinical.Acknowledgement{ID: "A1", DeliveryID: d.ID, State: clinical.Filed}
	if err := p.store.Acknowledge(ctx, stranger.neighbourhood, word, noon); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood: %v", err)
	}
	if got := p.read(d.ID); got.State != clinical.Accepted {
		t.Errorf("%+v", got)
	}
	if err := p.store.Acknowledge(ctx, p.neighbourhood, word, noon); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		scope tenants.Scope
		want  int
	}{
		"the practice": {p.staff(p.practice), 1}, "the pharmacy": {p.staff(p.pharmacy), 1}, "another organisation": {p.staff(p.other), 0},
		"a patient's way in": {tenants.IntakeOf(p.neighbourhood), 0}, "another neighbourhood's staff": {tenants.StaffOf(stranger.neighbourhood, p.practice), 0},
		"another neighbourhood's job": {tenants.JobOf(stranger.neighbourhood), 0},
	} {
		if n := p.kept(c.scope); n != c.want {
			t.Errorf("%s sees %d", name, n)
		}
	}
}
