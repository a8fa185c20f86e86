package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gorm.io/gorm"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/tenants"
)

func TestTransactionCarriesItsScopeAndNothingElse(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb, org1, org2 := uuid.New(), uuid.New(), uuid.New()
	type seen struct {
		Neighbourhood *uuid.UUID
		Actor         *string
		Organisations *string
	}
	read := func(tx *database.Tx) seen {
		var s seen
		if err := tx.Gorm().Raw(`select current_neighbourhood() neighbourhood, current_actor() actor, current_organisations()::text organisations`).Scan(&s).Error; err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, scope := range []tenants.Scope{tenants.StaffOf(nb, org1, org2), tenants.StaffOf(nb), tenants.IntakeOf(nb), tenants.JobOf(nb)} {
		err := db.InTx(context.Background(), scope, func(tx *database.Tx) error {
			s := read(tx)
			if s.Neighbourhood == nil || *s.Neighbourhood != nb || s.Actor == nil || *s.Actor != string(scope.Kind) {
				t.Errorf("scope %v reads as %+v", scope, s)
			}
			if want := len(scope.Organisations) > 0; want != (s.Organisations != nil) {
				t.Errorf("scope %v reads as organisations %v", scope, s.Organisations)
			} else if want && *s.Organisations != "{"+org1.String()+","+org2.String()+"}" {
				t.Errorf("scope %v reads as organisations %v", scope, *s.Organisations)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // every connection of the pool has been used with a scope by now, or is new
		if err := db.Global(context.Background(), func(tx *database.Tx) error {
			if s := read(tx); s != (seen{}) {
				t.Errorf("with no scope, the transaction sees %+v", s)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTransactionNeedsAScope(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	for name, scope := range map[string]tenants.Scope{
		"none": {}, "no neighbourhood": tenants.JobOf(uuid.Nil), "of another kind": {Kind: "root'; drop table events; --", NeighbourhoodID: uuid.New()},
	} {
		if err := db.InTx(context.Background(), scope, func(*database.Tx) error { return errors.New("ran") }); err == nil || err.Error() == "ran" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type eventRow struct {
	ID        int64 `gorm:"->"`
	Topic     string
	Reference string

	NeighbourhoodID uuid.UUID
}

func (eventRow) TableName() string { return "events" }

func references(t *testing.T, db *database.DB) (found []string) {
	t.Helper()
	err := db.Global(context.Background(), func(tx *database.Tx) error {
		return tx.Gorm().Model(eventRow{}).Order("id").Pluck("reference", &found).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestGormAndPgxAreOneTransaction(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	scope := tenants.JobOf(uuid.New())
	refused := errors.New("refused")
	for _, outcome := range []error{refused, nil} {
		err := db.InTx(context.Background(), scope, func(tx *database.Tx) error {
			if err := tx.Gorm().Create(&eventRow{Topic: "request", Reference: "gorm", NeighbourhoodID: scope.NeighbourhoodID}).Error; err != nil {
				return err
			}
			var seen int
			if err := tx.Pgx().QueryRow(context.Background(), `select count(*) from events`).Scan(&seen); err != nil || seen != 1 {
				t.Errorf("pgx sees %d rows of gorm's, %v", seen, err)
			}
			if err := tx.Publish(database.Event{Topic: "request", Reference: "pgx"}); err != nil {
				return err
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Fatal(err)
		}
		if got := references(t, db); (len(got) == 2) != (outcome == nil) {
			t.Errorf("after %v there are %v", outcome, got)
		}
	}
}

func TestNestedTransactionIsASavepoint(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	scope := tenants.JobOf(uuid.New())
	row := func(reference string) *eventRow {
		return &eventRow{Topic: "request", Reference: reference, NeighbourhoodID: scope.NeighbourhoodID}
	}
	err := db.InTx(context.Background(), scope, func(tx *database.Tx) error {
		if err := tx.Gorm().Create(row("kept")).Error; err != nil {
			return err
		}
		_ = tx.Gorm().Transaction(func(inner *gorm.DB) error {
			if err := inner.Create(row("undone")).Error; err != nil {
				t.Error(err)
			}
			return inner.Exec(`select 1/0`).Error
		})
		return tx.Gorm().Create(row("kept too")).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := references(t, db); len(got) != 2 || got[1] != "kept too" {
		t.Errorf("there are %v", got)
	}
}

func TestPanicAndCancelRollBack(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	scope := tenants.JobOf(uuid.New())
	write := func(tx *database.Tx) {
		if err := tx.Publish(database.Event{Topic: "request"}); err != nil {
			t.Error(err)
		}
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.InTx(context.Background(), scope, func(tx *database.Tx) error { write(tx); panic("on purpose") })
		t.Error("the panic was swallowed")
	}()
	ctx, cancel := context.WithCancel(context.Background())
	err := db.InTx(ctx, scope, func(tx *database.Tx) error { write(tx); cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled transaction ended with %v", err)
	}
	wrote := false
	for within := 50 * time.Millisecond; !wrote; within *= 4 { // on a busy machine the time may be over before it begins
		ctx, cancel = context.WithTimeout(context.Background(), within)
		err = db.InTx(ctx, scope, func(tx *database.Tx) error {
			if err := tx.Publish(database.Event{Topic: "request"}); err != nil {
				return err
			}
			wrote = true
			return tx.Gorm().Exec(`select pg_sleep(60)`).Error
		})
		cancel()
	}
	if !errors.Is(err, context.DeadlineExceeded) && !pgconn.Timeout(err) {
		t.Errorf("a transaction past its time ended with %v", err)
	}
	if fault.Is(err, database.CodeUnavailable) {
		t.Errorf("the caller's own deadline is blamed on the database: %v", err)
	}
	if got := references(t, db); len(got) != 0 {
		t.Errorf("there are %v", got)
	}
}

func TestPostgresErrorsComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	err := db.Global(context.Background(), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`insert into river_queue (name, updated_at) values ('q', now()), ('q', now())`).Error
	})
	if !database.IsUnique(err, "river_queue_pkey") || !database.IsUnique(err, "") || database.IsUnique(err, "other") {
		t.Errorf("got %v", err)
	}
	err = db.Global(context.Background(), func(tx *database.Tx) error {
		_ = tx.Gorm().Exec(`select 1/0`).Error // swallowed: the commit must not pretend
		return nil
	})
	if err == nil {
		t.Error("a transaction that had failed was said to be committed")
	}
	fine := fault.New(fault.Conflict, "request_claimed", "Claimed.")
	if err := db.Global(context.Background(), func(*database.Tx) error { return fine }); !errors.Is(err, fine) {
		t.Errorf("got %v", err)
	}
}

func TestRiverWritesInTheSameTransactionAsTheProduct(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	client, err := river.NewClient(riverpgxv5.New(db.Pool()), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	for _, outcome := range []error{refused, nil} {
		err := db.InTx(context.Background(), tenants.JobOf(uuid.New()), func(tx *database.Tx) error {
			if _, err := client.InsertTx(context.Background(), tx.Pgx(), aJob{}, nil); err != nil {
				return err
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Fatal(err)
		}
	}
	jobs, err := client.JobList(context.Background(), river.NewJobListParams())
	if err != nil || len(jobs.Jobs) != 1 {
		t.Errorf("there are %v, %v", jobs, err)
	}
}

type aJob struct{}

func (aJob) Kind() string { return "a_job" }

func TestFullPoolIsUnavailableAndRecovers(t *testing.T) {
	t.Parallel()
	db, err := database.Open(context.Background(), database.Options{URL: testdb.NewURLs(t).App, MaxConns: 1, AcquireWait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	nothing := func(*database.Tx) error { return nil }
	err = db.Global(context.Background(), func(*database.Tx) error {
		inner := db.Global(context.Background(), nothing)
		if f := fault.As(inner); f.Code != database.CodeUnavailable || f.Kind != fault.Unavailable || f.RetryAfter != 2*time.Second {
			t.Errorf("got %v", inner)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Global(context.Background(), nothing); err != nil {
		t.Error(err)
	}
}
