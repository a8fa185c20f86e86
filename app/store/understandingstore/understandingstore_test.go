package understandingstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/store/auditstore"
	"onedoor/app/store/understandingstore"
	"onedoor/app/understanding"
	"onedoor/tenants"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func about() understanding.About {
	return understanding.About{Name: "local", Model: "words", Version: "1"}
}

func entry(neighbourhood, subject uuid.UUID) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, At: noon, Actor: audit.Actor{Kind: audit.System, Name: "test"},
		Action: "understanding.use", SubjectKind: "understanding_use", Subject: subject,
	}
}

func use(neighbourhood, organisation uuid.UUID, proposed, chosen string, shadow bool) understanding.Use {
	u := understanding.Use{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, OrganisationID: organisation, At: noon, Channel: "web", Language: "en",
		Shadow: shadow, Model: "words", Version: "1", Outcome: understanding.Proposed, Kind: proposed, Confidence: 0.8, Chosen: chosen,
	}
	if proposed == "" {
		u.Outcome = understanding.Unsure
	}
	return u
}

func note(t *testing.T, s *understandingstore.Store, u understanding.Use) {
	t.Helper()
	if err := s.Note(t.Context(), u, entry(u.NeighbourhoodID, u.ID)); err != nil {
		t.Fatal(err)
	}
}

func counts(t *testing.T, s *understandingstore.Store, neighbourhood, organisation uuid.UUID) []understanding.Count {
	t.Helper()
	found, _, err := s.Counts(t.Context(), neighbourhood, organisation, about())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestASettingIsOffUntilSomebodySetsIt(t *testing.T) {
	t.Parallel()
	s, ctx, ours, practice := understandingstore.New(testdb.New(t)), t.Context(), uuid.New(), uuid.New()
	for _, organisation := range []uuid.UUID{uuid.Nil, practice} {
		found, err := s.Setting(ctx, ours, organisation)
		if err != nil || found.Mode != understanding.ModeOff || found.Version != 0 {
			t.Fatalf("at first: %+v, %v", found, err)
		}
		set := understanding.Setting{
			NeighbourhoodID: ours, OrganisationID: organisation, Mode: understanding.ModeOn, Model: "local", AsSaid: true, OnModel: "words", OnVersion: "1",
			OnKinds: []string{"symptoms"}, ChangedAt: noon, ChangedBy: "Neil Hart",
		}
		if set, err = s.Save(ctx, set, 0, entry(ours, practice)); err != nil || set.Version != 1 {
			t.Fatalf("saved: %+v, %v", set, err)
		}
		found, err = s.Setting(ctx, ours, organisation)
		if err != nil || found.Mode != understanding.ModeOn || !found.AsSaid || len(found.OnKinds) != 1 || !found.ChangedAt.Equal(noon) || found.ChangedBy != "Neil Hart" {
			t.Errorf("read back: %+v, %v", found, err)
		}
	}
}

func TestTwoWhoChangeASettingAtOnceDoNotOverwriteEachOtherButOffAlwaysWorks(t *testing.T) {
	t.Parallel()
	s, ctx, ours := understandingstore.New(testdb.New(t)), t.Context(), uuid.New()
	set := understanding.Setting{NeighbourhoodID: ours, Mode: understanding.ModeShadow, Model: "local", ChangedAt: noon}
	if _, err := s.Save(ctx, set, 0, entry(ours, ours)); err != nil {
		t.Fatal(err)
	}
	for _, stale := range []int{0, 2, 7} {
		if _, err := s.Save(ctx, set, stale, entry(ours, ours)); !fault.Is(err, "setting_changed") {
			t.Errorf("saved over version 1 with %d: %v", stale, err)
		}
	}
	if got, err := s.Save(ctx, set, 1, entry(ours, ours)); err != nil || got.Version != 2 {
		t.Errorf("with what they saw: %+v, %v", got, err)
	}
	set.Mode = understanding.ModeOff
	if got, err := s.Save(ctx, set, -1, entry(ours, ours)); err != nil || got.Version != 3 {
		t.Errorf("off: %+v, %v", got, err)
	}
	fresh := understanding.Setting{NeighbourhoodID: uuid.New(), Mode: understanding.ModeOff, ChangedAt: noon}
	if _, err := s.Save(ctx, fresh, -1, entry(fresh.NeighbourhoodID, ours)); err != nil {
		t.Errorf("off when it was never set: %v", err)
	}
	if _, err := s.Save(ctx, fresh, 4, entry(fresh.NeighbourhoodID, ours)); !fault.Is(err, "setting_changed") {
		t.Errorf("a version that never was: %v", err)
	}
}

func TestUsesAreCountedByWhatWasProposedAndChosen(t *testing.T) {
	t.Parallel()
	s, ours := understandingstore.New(testdb.New(t)), uuid.New()
	for range 3 {
		note(t, s, use(ours, uuid.Nil, "symptoms", "symptoms", true))
	}
	note(t, s, use(ours, uuid.Nil, "symptoms", "admin", true))
	note(t, s, use(ours, uuid.Nil, "", "admin", true))
	late := use(ours, uuid.Nil, "", "admin", true)
	late.Outcome = understanding.Late
	note(t, s, late)
	other := use(ours, uuid.Nil, "symptoms", "symptoms", true)
	other.Version = "2"
	note(t, s, other)

	asked := use(ours, uuid.Nil, "fit-note", "", false)
	note(t, s, asked)
	for _, kind := range []string{"fit-note", "callback"} { // what was told first stays
		if err := s.Chose(t.Context(), ours, asked.ID, kind); err != nil {
			t.Fatal(err)
		}
	}
	want := []understanding.Count{
		{Proposed: "", Chosen: "admin", Shadow: true, Times: 1},
		{Proposed: "fit-note", Chosen: "fit-note", Times: 1},
		{Proposed: "symptoms", Chosen: "admin", Shadow: true, Times: 1},
		{Proposed: "symptoms", Chosen: "symptoms", Shadow: true, Times: 3},
	}
	got, outcomes, err := s.Counts(t.Context(), ours, uuid.Nil, about())
	if err != nil || len(got) != len(want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("count %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if outcomes[understanding.Late] != 1 || outcomes[understanding.Proposed] != 5 || outcomes[understanding.Unsure] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	s, ctx, ours, theirs, practice := understandingstore.New(db), t.Context(), uuid.New(), uuid.New(), uuid.New()
	set := understanding.Setting{NeighbourhoodID: ours, OrganisationID: practice, Mode: understanding.ModeShadow, Model: "local", ChangedAt: noon}
	if _, err := s.Save(ctx, set, 0, entry(ours, practice)); err != nil {
		t.Fatal(err)
	}
	asked := use(ours, practice, "symptoms", "", false)
	note(t, s, asked)

	if found, err := s.Setting(ctx, theirs, practice); err != nil || found.Mode != understanding.ModeOff {
		t.Errorf("another neighbourhood read the setting: %+v, %v", found, err)
	}
	if got := counts(t, s, theirs, practice); len(got) != 0 {
		t.Errorf("another neighbourhood counted %+v", got)
	}
	if got := counts(t, s, ours, uuid.New()); len(got) != 0 {
		t.Errorf("another organisation counted %+v", got)
	}
	if err := s.Chose(ctx, theirs, asked.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.RemoveUses(ctx, theirs, noon.Add(2*understandingstore.Kept)); err != nil || n != 0 {
		t.Errorf("another neighbourhood removed %d, %v", n, err)
	}
	if got := counts(t, s, ours, practice); len(got) != 1 || got[0].Chosen != "" {
		t.Errorf("another neighbourhood chose: %+v", got)
	}
	if err := sees(ctx, db, tenants.StaffOf(ours, uuid.New()), "understanding_settings"); err != nil {
		t.Error(err)
	}
	if err := sees(ctx, db, tenants.StaffOf(ours, uuid.New()), "understanding_uses"); err != nil {
		t.Error(err)
	}
}

// sees refuses a scope that sees any row of a table.
func sees(ctx context.Context, db *database.DB, scope tenants.Scope, table string) error {
	return db.InTx(ctx, scope, func(tx *database.Tx) error {
		var n int
		if err := tx.Gorm().Raw("select count(*) from " + table).Scan(&n).Error; err != nil {
			return err
		}
		if n != 0 {
			return fault.New(fault.Internal, "seen", "%d rows of %s are seen by another organisation", n, table)
		}
		return nil
	})
}

func TestAUseAndItsLineInTheTrailAreKeptTogetherAndUsesRemovedInTime(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	s, ctx, ours := understandingstore.New(db), t.Context(), uuid.New()
	old := use(ours, uuid.Nil, "symptoms", "symptoms", true)
	old.At = noon.Add(-understandingstore.Kept - time.Second)
	note(t, s, old)
	note(t, s, use(ours, uuid.Nil, "symptoms", "symptoms", true))
	if n, err := s.RemoveUses(ctx, ours, noon); err != nil || n != 1 {
		t.Errorf("removed %d, %v", n, err)
	}
	if got := counts(t, s, ours, uuid.Nil); len(got) != 1 || got[0].Times != 1 {
		t.Errorf("left %+v", got)
	}
	err := db.InTx(ctx, tenants.JobOf(ours), func(tx *database.Tx) error {
		lines, err := auditstore.Of(tx, old.ID)
		if err == nil && len(lines) != 1 {
			t.Errorf("%d lines in the trail", len(lines))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
