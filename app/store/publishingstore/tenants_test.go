package publishingstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/store/publishingstore"
	"onedoor/tenants"
)

// filled is a world in which Riverside has something of everything that is kept.
func filled(t *testing.T) (world, publishing.Version) {
	t.Helper()
	w := newWorld(t)
	w.save(t, neil, "winter", "", sooner(t))
	if _, err := w.SetSecondPerson(t.Context(), neil, riverside, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Review(t.Context(), priya, riverside, "winter", true, ""); err != nil {
		t.Fatal(err)
	}
	v, err := w.Publish(t.Context(), neil, riverside, "winter", publishing.Publication{Note: "From tomorrow.", From: w.Now().Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return w, v
}

// Every way in, asked for from the neighbourhood beside it.
func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w, v := filled(t)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"read a draft": func() error { _, err := w.Draft(ctx, hillside, "winter"); return err },
		"save a draft": func() error {
			_, err := w.Save(ctx, neil, hillside, "winter", publishing.AnyETag, demo.Hillside)
			return err
		},
		"discard a draft": func() error { return w.Discard(ctx, neil, hillside, "winter", publishing.AnyETag) },
		"shadow a draft":  func() error { _, err := w.SetShadow(ctx, neil, hillside, "winter", true); return err },
		"review a draft":  func() error { _, err := w.Review(ctx, neil, hillside, "winter", true, ""); return err },
		"check a draft":   func() error { _, err := w.Check(ctx, hillside, "winter"); return err },
		"see its gate":    func() error { _, err := w.Gate(ctx, neil, hillside, "winter", time.Time{}); return err },
		"see a difference": func() error {
			_, _, err := w.Difference(ctx, hillside, v.Hash, "winter")
			return err
		},
		"publish a draft": func() error {
			_, err := w.Publish(ctx, neil, hillside, "winter", publishing.Publication{Note: "x"})
			return err
		},
		"read a version":     func() error { _, err := w.Version(ctx, hillside, v.Hash); return err },
		"restore a version":  func() error { _, err := w.Restore(ctx, neil, hillside, v.Hash, "x"); return err },
		"withdraw a version": func() error { _, err := w.Withdraw(ctx, neil, hillside, v.Hash, "x"); return err },
	} {
		err := call()
		if !fault.Is(err, "not_found") && !fault.Is(err, "draft_changed") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), neil.Name) {
			t.Errorf("%s: it tells of them: %v", name, err)
		}
	}
	drafts, err := w.Drafts(ctx, hillside)
	if err != nil || len(drafts) != 0 {
		t.Errorf("drafts: %d, %v", len(drafts), err)
	}
	saves, err := w.Saves(ctx, hillside, "winter")
	for _, s := range saves {
		if !s.Refused() || string(s.Document) != string(demo.Hillside) {
			t.Errorf("a save of theirs: %+v", s)
		}
	}
	versions, versionsErr := w.Versions(ctx, hillside)
	if err != nil || versionsErr != nil || len(versions) != 1 || versions[0].Note == "From tomorrow." {
		t.Errorf("versions: %+v, %v %v", versions, err, versionsErr)
	}
	if set, err := w.Settings(ctx, hillside); err != nil || set.SecondPerson {
		t.Errorf("settings: %+v, %v", set, err)
	}
	if d, err := w.Draft(ctx, riverside, "winter"); err != nil || d.Version != 1 || d.Shadow {
		t.Errorf("somebody changed ours: %+v, %v", d, err)
	}
}

// Row-level security by itself, below every query that names the neighbourhood.
func TestRowLevelSecurityAlone(t *testing.T) {
	t.Parallel()
	w, v := filled(t)
	ctx := t.Context()
	for _, table := range []string{"policy_drafts", "policy_draft_saves", "policy_publications", "publishing_settings"} {
		for name, scope := range map[string]tenants.Scope{
			"another neighbourhood's staff": tenants.StaffOf(hillside), "another neighbourhood's job": tenants.JobOf(hillside), "a patient": tenants.IntakeOf(riverside),
		} {
			err := w.DB.InTx(ctx, scope, func(tx *database.Tx) error {
				var n int
				if err := tx.Pgx().QueryRow(ctx, "select count(*) from "+table+" where neighbourhood_id = $1", riverside).Scan(&n); err != nil {
					return err
				}
				if n != 0 {
					t.Errorf("%s sees %d rows of %s", name, n, table)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	for name, query := range map[string]string{
		"change a draft":         "update policy_drafts set document = 'x' where neighbourhood_id = $1",
		"remove a draft":         "delete from policy_drafts where neighbourhood_id = $1",
		"withdraw a publication": "update policy_publications set withdrawn = '{}' where neighbourhood_id = $1",
		"change the settings":    "update publishing_settings set second_person = false where neighbourhood_id = $1",
		"remove saves":           "delete from policy_draft_saves where neighbourhood_id = $1",
	} {
		err := w.DB.InTx(ctx, tenants.StaffOf(hillside), func(tx *database.Tx) error {
			done, err := tx.Pgx().Exec(ctx, query, riverside)
			if err == nil && done.RowsAffected() != 0 {
				t.Errorf("%s: %d rows", name, done.RowsAffected())
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What was published is never changed, by anybody.
	for name, query := range map[string]string{
		"a document":   "update policy_versions set document = 'x' where neighbourhood_id = $1",
		"a version":    "delete from policy_versions where neighbourhood_id = $1",
		"a note":       "update policy_publications set note = 'x' where neighbourhood_id = $1",
		"a record":     "delete from policy_publications where neighbourhood_id = $1",
		"a saved text": "update policy_draft_saves set document = 'x' where neighbourhood_id = $1",
	} {
		err := w.DB.InTx(ctx, tenants.StaffOf(riverside), func(tx *database.Tx) error {
			_, err := tx.Pgx().Exec(ctx, query, riverside)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	if err := publishingstore.New(w.DB).InTx(ctx, uuid.New(), func(tx publishing.Tx) error { return tx.Lock() }); !fault.Is(err, "not_found") {
		t.Errorf("a neighbourhood that is not there: %v", err)
	}
	if again, err := w.Version(ctx, riverside, v.Hash); err != nil || string(again.Document) != string(v.Document) {
		t.Errorf("the version is not what it was: %v", err)
	}
}
