package deliverystore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/tenants"
)

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	d := p.delivery(uuid.New(), 1)
	p.enqueue(d)
	slice := p.take(uuid.New(), 1, noon)
	refused := slice.Deliveries[0].After(clinical.Receipt{}, &clinical.Refused{Says: "no"}, noon, 0)
	if err := db.InTx(ctx, tenants.JobOf(p.neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`update deliveries set state = 4, last_error = ? where neighbourhood_id = ? and id = ?`, refused.LastError, p.neighbourhood, d.ID).Error
	}); err != nil {
		t.Fatal(err)
	}
	scopes := map[string]struct {
		scope         tenants.Scope
		sees, replays bool
	}{
		"the practice whose system it is":       {p.staff(p.practice), true, true},
		"the pharmacy that recorded it":         {p.staff(p.pharmacy), true, false},
		"both":                                  {p.staff(p.pharmacy, p.practice), true, true},
		"another organisation of the same":      {p.staff(p.other), false, false},
		"staff of none":                         {p.staff(), false, false},
		"a patient's way in":                    {tenants.IntakeOf(p.neighbourhood), false, false},
		"the same ids in another neighbourhood": {tenants.StaffOf(stranger.neighbourhood, p.practice, p.pharmacy), false, false},
		"another neighbourhood's job":           {tenants.JobOf(stranger.neighbourhood), false, false},
	}
	for name, test := range scopes {
		_, err := p.store.Get(ctx, test.scope, d.ID)
		if (err == nil) != test.sees || (err != nil && !fault.Is(err, "not_found")) {
			t.Errorf("%s: get: %v", name, err)
		}
		for _, filter := range []clinical.Filter{{}, {State: clinical.NeedsAttention}, {RequestID: d.RequestID}} {
			page, err := p.store.List(ctx, test.scope, filter, "", 10)
			if err != nil || (len(page.Deliveries) == 1) != test.sees || page.Next != "" {
				t.Errorf("%s: list %+v: %d, %v", name, filter, len(page.Deliveries), err)
			}
		}
		if err := db.InTx(ctx, test.scope, func(tx *database.Tx) error {
			list, err := p.store.OfRequest(ctx, tx, d.RequestID)
			if (len(list) == 1) != test.sees {
				t.Errorf("%s: of the request: %d", name, len(list))
			}
			var n, changed int64
			if err := errors.Join(err, tx.Gorm().Raw(`select count(*) from deliveries`).Scan(&n).Error); err != nil {
				return err
			}
			result := tx.Gorm().Exec(`update deliveries set updated_at = now()`)
			changed = result.RowsAffected
			if (n == 1) != test.sees || (changed == 1) != test.replays {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed)
			}
			return result.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.replays {
			continue
		}
		if _, err := p.store.Replay(ctx, test.scope, audit.Actor{Kind: audit.System, Name: "test"}, d.ID, noon); !fault.Is(err, "not_found") {
			t.Errorf("%s: replay: %v", name, err)
		}
	}
	if got, err := p.store.Replay(ctx, p.staff(p.practice), audit.Actor{Kind: audit.System, Name: "test"}, d.ID, noon); err != nil || got.State != clinical.Pending {
		t.Errorf("replay by its owner: %s, %v", got.State, err)
	}
	if slice, err := p.store.Take(ctx, clinical.Line{NeighbourhoodID: stranger.neighbourhood, OrganisationID: p.practice}, clinical.Lease{Token: uuid.New(), For: time.Second}, clinical.Ask{Limit: 10, Now: noon}); err != nil || len(slice.Deliveries) > 0 {
		t.Errorf("a drain in another neighbourhood took %d, %v", len(slice.Deliveries), err)
	}
	if n, err := p.store.Sweep(ctx, stranger.neighbourhood, time.Second); n != 0 || err != nil {
		t.Errorf("a sweep of another neighbourhood helped %d lines, %v", n, err)
	}
	for name, scope := range map[string]tenants.Scope{
		"intake": tenants.IntakeOf(p.neighbourhood), "staff of another": p.staff(p.other), "another neighbourhood": stranger.staff(p.pharmacy),
	} {
		if err := db.InTx(ctx, scope, func(tx *database.Tx) error { return p.store.Enqueue(ctx, tx, p.delivery(uuid.New(), 1)) }); err == nil {
			t.Errorf("%s enqueued", name)
		}
	}
}

func TestPagesStayInTheScope(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	for range 7 {
		p.enqueue(p.delivery(uuid.New(), 1))
		stranger.enqueue(stranger.delivery(uuid.New(), 1))
	}
	seen, cursor := map[uuid.UUID]bool{}, ""
	for pages := 1; ; pages++ {
		page, err := p.store.List(ctx, p.staff(p.practice), clinical.Filter{}, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Deliveries {
			if d.NeighbourhoodID != p.neighbourhood || seen[d.ID] {
				t.Errorf("page %d shows %s", pages, d.ID)
			}
			seen[d.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		if other, err := p.store.List(ctx, stranger.staff(stranger.other), clinical.Filter{}, cursor, 3); err != nil || len(other.Deliveries) != 0 {
			t.Errorf("another's cursor shows %d, %v", len(other.Deliveries), err)
		}
	}
	if len(seen) != 7 {
		t.Errorf("saw %d", len(seen))
	}
	if _, err := p.store.List(ctx, p.staff(p.practice), clinical.Filter{}, "nonsense", 3); !fault.Is(err, "cursor") {
		t.Errorf("a bad cursor: %v", err)
	}
	if _, err := p.store.List(ctx, p.staff(p.practice), clinical.Filter{State: "lost"}, "", 3); !fault.Is(err, "delivery_state") {
		t.Errorf("a bad state: %v", err)
	}
}
