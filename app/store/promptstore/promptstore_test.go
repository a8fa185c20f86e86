package promptstore_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/speech"
	"onedoor/app/store/promptstore"
	"onedoor/tenants"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func prompt(neighbourhood, organisation uuid.UUID) speech.Prompt {
	return speech.Prompt{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, OrganisationID: organisation, Phrase: "welcome", Language: "cy",
		Of: speech.WordsHash("Helo.", "cy"), By: audit.Actor{Kind: audit.Person, ID: uuid.New(), Name: "Neil Hart"}, At: noon,
	}
}

func entryOf(p speech.Prompt, action string) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: p.NeighbourhoodID, OrganisationID: p.OrganisationID, At: p.At, Actor: p.By,
		Action: action, SubjectKind: "prompt", Subject: p.ID,
	}
}

func trail(t *testing.T, db *database.DB, neighbourhood, subject uuid.UUID) (actions []string) {
	t.Helper()
	err := db.InTx(t.Context(), tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select action from audit_entries where neighbourhood_id = ? and subject = ? order by id", neighbourhood, subject).Scan(&actions).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

func TestARecordingTakesThePlaceOfAnEarlierOneAndCanBeRemoved(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store, ctx, ours, practice := promptstore.New(db), t.Context(), uuid.New(), uuid.New()
	first, own := prompt(ours, practice), prompt(ours, uuid.Nil)
	sound := bytes.Repeat([]byte{0xff}, 8000)
	for _, p := range []speech.Prompt{first, own} {
		if err := store.SavePrompt(ctx, p, sound, entryOf(p, "prompt.upload")); err != nil {
			t.Fatal(err)
		}
	}
	second := prompt(ours, practice)
	if err := store.SavePrompt(ctx, second, sound[:4000], entryOf(second, "prompt.upload")); err != nil {
		t.Fatal(err)
	}
	list, err := store.Prompts(ctx, ours)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d kept, %v", len(list), err)
	}
	own.For, second.For = time.Second, time.Second/2
	if list[0] != own || list[1] != second {
		t.Errorf("kept %+v", list)
	}
	if _, err := store.Sound(ctx, ours, first.ID); !fault.Is(err, "not_found") {
		t.Errorf("the first is still there: %v", err)
	}
	if got, err := store.Sound(ctx, ours, second.ID); err != nil || len(got) != 4000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := store.RemovePrompt(ctx, ours, practice, "welcome", "cy", entryOf(second, "prompt.remove")); err != nil {
		t.Fatal(err)
	}
	if err := store.RemovePrompt(ctx, ours, practice, "welcome", "cy", entryOf(second, "prompt.remove")); !fault.Is(err, "not_found") {
		t.Errorf("removed twice: %v", err)
	}
	if got := trail(t, db, ours, second.ID); len(got) != 2 || got[0] != "prompt.upload" || got[1] != "prompt.remove" {
		t.Errorf("the trail says %v", got)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store, ctx, ours, theirs, practice := promptstore.New(db), t.Context(), uuid.New(), uuid.New(), uuid.New()
	p := prompt(ours, practice)
	if err := store.SavePrompt(ctx, p, []byte{1, 2, 3}, entryOf(p, "prompt.upload")); err != nil {
		t.Fatal(err)
	}
	if list, err := store.Prompts(ctx, theirs); err != nil || len(list) != 0 {
		t.Errorf("another neighbourhood sees %d, %v", len(list), err)
	}
	if _, err := store.Sound(ctx, theirs, p.ID); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood hears it: %v", err)
	}
	if err := store.RemovePrompt(ctx, theirs, practice, p.Phrase, p.Language, entryOf(p, "prompt.remove")); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood removes it: %v", err)
	}
	if err := store.RemovePrompt(ctx, ours, uuid.New(), p.Phrase, p.Language, entryOf(p, "prompt.remove")); !fault.Is(err, "not_found") {
		t.Errorf("another organisation removes it: %v", err)
	}
	other := prompt(theirs, practice)
	if err := store.SavePrompt(ctx, other, []byte{4}, entryOf(other, "prompt.upload")); err != nil {
		t.Fatal(err)
	}
	if sound, err := store.Sound(ctx, ours, p.ID); err != nil || len(sound) != 3 {
		t.Errorf("another neighbourhood's upload changed ours: %d bytes, %v", len(sound), err)
	}
}

// Row-level security is asked past the store, as code that forgets its tenant would.
func TestTheDatabaseItselfKeepsStaffToTheirOwn(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store, ctx, ours, practice, pharmacy := promptstore.New(db), t.Context(), uuid.New(), uuid.New(), uuid.New()
	for _, organisation := range []uuid.UUID{uuid.Nil, practice, pharmacy} {
		p := prompt(ours, organisation)
		if err := store.SavePrompt(ctx, p, []byte{1}, entryOf(p, "prompt.upload")); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		scope            tenants.Scope
		reads, mayRemove int64
	}{
		"staff of one organisation": {tenants.StaffOf(ours, practice), 2, 1},
		"a lead":                    {tenants.StaffOf(ours), 1, 1},
		"another neighbourhood":     {tenants.StaffOf(uuid.New(), practice), 0, 0},
		"a call":                    {tenants.IntakeOf(ours), 3, 0},
	} {
		err := db.InTx(ctx, tt.scope, func(tx *database.Tx) error {
			var reads int64
			if err := tx.Gorm().Raw("select count(*) from prompts").Scan(&reads).Error; err != nil {
				return err
			}
			removed := tx.Gorm().Exec("delete from prompts")
			if reads != tt.reads || removed.RowsAffected != tt.mayRemove {
				t.Errorf("%s reads %d and removes %d", name, reads, removed.RowsAffected)
			}
			if removed.Error != nil {
				return removed.Error
			}
			return errUndo
		})
		if err != errUndo { //nolint:errorlint // it is this very one
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := prompt(ours, pharmacy)
	err := db.InTx(ctx, tenants.StaffOf(ours, practice), func(tx *database.Tx) error {
		return tx.Gorm().Exec("insert into prompts values (?, ?, 'x', 'en', ?, 'w', '\\x01', '{}', now())", foreign.NeighbourhoodID, foreign.OrganisationID, foreign.ID).Error
	})
	if err == nil {
		t.Error("staff add a recording for another organisation")
	}
}

var errUndo = fault.New(fault.Conflict, "undo", "This test undoes what it did.")
