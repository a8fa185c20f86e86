package requeststore_test

import (
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/requests"
	"onedoor/policy"
)

// walk reads a whole view of a queue, a few at a time.
func walk(t *testing.T, w *demotest.World, by requests.Actor, q requests.PageQuery) (list []requests.Row) {
	t.Helper()
	for {
		page, err := w.Requests.List(t.Context(), by, q, nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page.Items...)
		if page.Next == "" {
			return list
		}
		if q.After, err = requests.ParseCursor(page.Next); err != nil {
			t.Fatal(err)
		}
	}
}

func references(list []requests.Row) (refs []requests.Reference) {
	for _, r := range list {
		refs = append(refs, r.Reference)
	}
	return refs
}

func TestAQueueIsReadFirstDueFirstAndEachOnce(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, aisha := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "aisha.rahman")
	var asked []requests.Command
	for i := range 7 {
		asked = append(asked, submit(t, w, ask(w, 0, "callback", nil)))
		if i == 2 {
			w.Pass(24 * time.Hour) // the later ones are due later
		}
	}
	ok(w.Requests.Raise(ctx, sam, asked[6], policy.Urgent, "Worse.")) // due today, before those of tomorrow
	ok(w.Requests.Claim(ctx, sam, asked[1]))
	ok(w.Requests.Claim(ctx, aisha, asked[2]))
	elsewhere := submit(t, w, ask(w, 0, "admin", nil))

	queue := demo.QueueID("A81001", "callbacks")
	all := walk(t, w, sam, requests.PageQuery{Queue: queue, Limit: 2})
	if len(all) != 7 || all[6].Reference == asked[6].Reference {
		t.Fatalf("read %v", references(all))
	}
	seen := map[requests.Reference]bool{}
	for i, r := range all {
		if seen[r.Reference] || r.Reference == elsewhere.Reference || (i > 0 && r.AnswerDue.Before(all[i-1].AnswerDue)) {
			t.Errorf("row %d is repeated, misplaced or another queue's: %v", i, references(all))
		}
		seen[r.Reference] = true
	}
	mine := walk(t, w, sam, requests.PageQuery{Queue: queue, View: requests.ViewMine})
	if len(mine) != 1 || mine[0].Reference != asked[1].Reference || mine[0].Claimed.By != "Sam Carter" {
		t.Errorf("mine %v", references(mine))
	}
	if unclaimed := walk(t, w, sam, requests.PageQuery{Queue: queue, View: requests.ViewUnclaimed, Limit: 3}); len(unclaimed) != 5 {
		t.Errorf("unclaimed %v", references(unclaimed))
	}
	queues, err := w.Requests.Queues(ctx, sam)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queues {
		want := map[string][2]int{"callbacks": {7, 5}, "admin": {1, 1}}[q.Slug]
		if q.Open != want[0] || q.Unclaimed != want[1] {
			t.Errorf("%s: %d open, %d unclaimed; want %v", q.Slug, q.Open, q.Unclaimed, want)
		}
	}
}

func TestAnOfferStandsInBothQueues(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam, grace := w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	waiting, offered := submit(t, w, soreThroat(w)), submit(t, w, soreThroat(w))
	ok(w.Requests.Verify(t.Context(), sam, offered))
	theirs, ours := demo.QueueID("FRV01", "pharmacy-first"), demo.QueueID("A81001", "to-verify")
	for _, view := range []requests.QueueView{requests.ViewAll, requests.ViewOffers} {
		list := walk(t, w, grace, requests.PageQuery{Queue: theirs, View: view})
		if len(list) != 1 || list[0].Reference != offered.Reference || !list[0].Offered || list[0].From.ODS != "A81001" {
			t.Errorf("the pharmacy's view %q: %+v", view, list)
		}
	}
	list := walk(t, w, sam, requests.PageQuery{Queue: ours, View: requests.ViewToVerify})
	if len(list) != 1 || list[0].Reference != waiting.Reference {
		t.Errorf("to verify: %v", references(list))
	}
	if list := walk(t, w, sam, requests.PageQuery{Queue: ours}); len(list) != 2 {
		t.Errorf("the practice's queue: %v", references(list))
	}
	ok(w.Requests.Accept(t.Context(), grace, offered))
	if list := walk(t, w, grace, requests.PageQuery{Queue: theirs}); len(list) != 1 || list[0].Offered {
		t.Errorf("once accepted: %+v", list)
	}
	if list := walk(t, w, sam, requests.PageQuery{Queue: ours}); len(list) != 1 {
		t.Errorf("the practice's queue once accepted: %v", references(list))
	}
}

func TestACursorOfOursOrNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"x", "e30", "!!", "eyJkIjoxfQ"} {
		if _, err := requests.ParseCursor(s); err == nil {
			t.Errorf("%q was taken for a cursor", s)
		}
	}
}
