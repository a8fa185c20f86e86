package publishingstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/tenants"
)

// noted is Riverside's policy with a rule's note replaced: every text parses and each is another's.
func noted(t testing.TB, note string) string {
	t.Helper()
	return edited(t, "note: Nobody knows yet what it is about.", "note: "+note)
}

// Each of several leads saves again and again, taking up what the others did when told so.
func TestLeadsWhoSaveAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(t, neil, "shared", "", noted(t, "Begun."))
	const people, each = 4, 5
	var all sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for person := range people {
		by := audit.Actor{Kind: audit.Person, ID: uuid.New(), Name: fmt.Sprintf("Lead %d", person)}
		all.Go(func() {
			for i := range each {
				text := noted(t, fmt.Sprintf("Written by %d for the time %d.", person, i))
				for {
					held, err := w.Draft(t.Context(), riverside, "shared")
					if err != nil {
						t.Error(err)
						return
					}
					_, err = w.Save(t.Context(), by, riverside, "shared", held.ETag(), []byte(text))
					if err == nil {
						break
					}
					if !fault.Is(err, "draft_changed") {
						t.Error(err)
						return
					}
					mu.Lock()
					refused++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	d, err := w.Draft(t.Context(), riverside, "shared")
	if err != nil || d.Version != 1+people*each {
		t.Errorf("the draft is at %d, %v; want %d", d.Version, err, 1+people*each)
	}
	saves, err := w.Saves(t.Context(), riverside, "shared")
	if err != nil {
		t.Fatal(err)
	}
	taken, kept := map[string]bool{}, 0
	for _, s := range saves {
		if s.Refused() {
			kept++
		} else {
			taken[string(s.Document)] = true
		}
	}
	if len(taken) != 1+people*each || kept != refused {
		t.Errorf("%d texts were taken and %d of %d refused ones kept", len(taken), kept, refused)
	}
}

func TestASaveThatComesLateIsToldWhoWhenAndWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.save(t, neil, "shared", "", noted(t, "Begun."))
	w.Pass(90 * time.Minute)
	now := strings.Replace(string(first.Document), "  - name: an admin question goes", "  - name: a question for admin goes", 1)
	now = strings.Replace(now, "age: 0..130", "age: 0..129", 1)
	w.save(t, priya, "shared", first.ETag(), now)

	_, err := w.Save(t.Context(), neil, riverside, "shared", first.ETag(), []byte(noted(t, "Mine.")))
	if !fault.Is(err, "draft_changed") {
		t.Fatalf("saved over another's: %v", err)
	}
	refusal := fault.As(err)
	for _, want := range []string{"Priya Shah", "11:30 on Monday 23 November", "fact age was changed"} {
		if !strings.Contains(strings.ToLower(refusal.Says), strings.ToLower(want)) {
			t.Errorf("it does not say %q: %s", want, refusal.Says)
		}
	}
	changes, _ := refusal.Details["changes"].([]publishing.Change)
	if len(changes) != 3 {
		t.Errorf("the changes are %+v", changes)
	}
	if d, err := w.Draft(t.Context(), riverside, "shared"); err != nil || string(d.Document) != now || d.UpdatedBy != "Priya Shah" || d.Author != "Neil Hart" {
		t.Errorf("the draft is by %s and %s, %v", d.Author, d.UpdatedBy, err)
	}
	// The same text again is nobody's loss, whatever was held.
	if d, err := w.Save(t.Context(), neil, riverside, "shared", first.ETag(), []byte(now)); err != nil || d.Version != 2 {
		t.Errorf("the same text: %d, %v", d.Version, err)
	}
}

func TestDraftsAreLimitedAndNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 50 {
		w.save(t, neil, fmt.Sprintf("draft-%d", i), "", string(demo.Hillside))
	}
	if _, err := w.Save(t.Context(), neil, riverside, "one-more", "", demo.Hillside); !fault.Is(err, "too_many_drafts") {
		t.Errorf("the 51st: %v", err)
	}
	w.save(t, neil, "draft-7", publishing.AnyETag, string(demo.Riverside))
	for _, name := range []string{"", "Winter", "-winter", "winter-", "a b", "a/b", strings.Repeat("a", 64), "winter\n"} {
		if _, err := w.Save(t.Context(), neil, riverside, name, "", demo.Hillside); !fault.Is(err, "draft_name") {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	if _, err := w.Save(t.Context(), neil, riverside, "draft-8", publishing.AnyETag, []byte(strings.Repeat("# long\n", publishing.MaxDocument/7+1))); !fault.Is(err, "too_large") {
		t.Errorf("a long one: %v", err)
	}
	if d, err := w.Draft(t.Context(), riverside, "draft-8"); err != nil || d.Version != 1 {
		t.Errorf("a refused text changed the draft: %d, %v", d.Version, err)
	}
	if err := w.Discard(t.Context(), neil, riverside, "draft-8", publishing.AnyETag); err != nil {
		t.Fatal(err)
	}
	if saves, err := w.Saves(t.Context(), riverside, "draft-8"); err != nil || len(saves) != 1 {
		t.Errorf("of a discarded draft %d texts are kept, %v", len(saves), err)
	}
	w.save(t, neil, "one-more", "", string(demo.Hillside))
}

func TestWhatIsDoneToDraftsIsInTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.save(t, neil, "winter", "", sooner(t))
	if _, err := w.SetShadow(t.Context(), neil, riverside, "winter", true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Review(t.Context(), priya, riverside, "winter", true, ""); err != nil {
		t.Fatal(err)
	}
	v, err := w.Publish(t.Context(), neil, riverside, "winter", publishing.Publication{Note: "Same day."})
	if err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Second)
	if _, err := w.Restore(t.Context(), priya, riverside, v.BasedOn, "Back."); err != nil {
		t.Fatal(err)
	}
	if err := w.Discard(t.Context(), neil, riverside, "winter", publishing.AnyETag); err != nil {
		t.Fatal(err)
	}
	got := []string{}
	err = w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(t.Context(), `select action || ' by ' || actor_name || ' ' || coalesce(left(details->>'hash', 6), '')
			from audit_entries where neighbourhood_id = $1 and action like 'policy.%' and actor_name <> 'demonstration' order by id`, riverside)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			got = append(got, s)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	now, old := d.Hash[:6], v.BasedOn[:6]
	want := []string{
		"policy.draft-save by Neil Hart " + now, "policy.draft-shadow by Neil Hart " + now, "policy.draft-review by Priya Shah " + now,
		"policy.publish by Neil Hart " + now, "policy.restore by Priya Shah " + old, "policy.draft-discard by Neil Hart " + now,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the trail is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
