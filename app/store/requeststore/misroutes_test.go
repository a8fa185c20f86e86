package requeststore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/tenants"
)

type misrouteRow struct {
	Declined, OfRule                                    bool
	Reason, Note, RulesTable, Rule, RulesHash, Decision string
	DecidedAt                                           time.Time
}

func misroutes(t *testing.T, w *demotest.World) (rows []misrouteRow) {
	t.Helper()
	if err := w.DB.InTx(t.Context(), tenants.JobOf(demo.NeighbourhoodID("riverside")), func(tx *database.Tx) error {
		return tx.Gorm().Raw(`
			select m.*, d.rules_hash || ' ' || d.rules_table || ' ' || d.rule as decision
			from misroutes m join decisions d using (neighbourhood_id, request_id) order by m.id`).Scan(&rows).Error
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestStaffSayThatARequestWasSentToTheWrongPlace(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, aisha := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "aisha.rahman")
	c := submit(t, w, ask(w, 1, "callback", nil))

	said := ok(w.Requests.Misrouted(ctx, sam, requests.Command{Reference: c.Reference, Version: 1}, "needs-clinician", ""))
	if said.Version != 2 || said.Status != requests.Queued || len(said.Staff.Misrouted) != 1 || said.Staff.Misrouted[0].Reason != requests.NeedsClinician {
		t.Errorf("after saying so: version %d, %s, %+v", said.Version, said.Status, said.Staff.Misrouted)
	}
	again := ok(w.Requests.Misrouted(ctx, sam, requests.Command{Reference: c.Reference, Version: 1}, "needs-clinician", ""))
	if again.Version != 2 {
		t.Errorf("the same again made version %d", again.Version)
	}
	changed := ok(w.Requests.Misrouted(ctx, sam, c, "They asked for the pharmacy by name.", ""))
	if changed.Version != 3 || len(changed.Staff.Misrouted) != 1 || changed.Staff.Misrouted[0].Reason != requests.OtherMisroute || changed.Staff.Misrouted[0].Note != "They asked for the pharmacy by name." {
		t.Errorf("another reason in words: version %d, %+v", changed.Version, changed.Staff.Misrouted)
	}
	second := ok(w.Requests.Misrouted(ctx, aisha, c, "wrong-service", "See the letter."))
	if len(second.Staff.Misrouted) != 2 {
		t.Errorf("two people said so: %+v", second.Staff.Misrouted)
	}
	_, err := w.Requests.Misrouted(ctx, aisha, requests.Command{Reference: c.Reference, Version: 1}, "duplicate", "")
	wantCode(t, err, "stale_version")

	view, err := w.Requests.Get(ctx, sam, c.Reference)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, e := range view.Staff.Timeline {
		if e.Action != "request.misrouted" {
			continue
		}
		lines++
		for name, detail := range e.Details {
			if text, ok := detail.(string); ok && strings.Contains(text, " ") {
				t.Errorf("the trail holds words under %s: %q", name, text)
			}
		}
	}
	if lines != 3 {
		t.Errorf("%d lines of the trail", lines)
	}
	rows := misroutes(t, w)
	if len(rows) != 2 || rows[0].Reason != "other" || !rows[0].OfRule || rows[0].Declined || rows[0].Rule != "callback" || rows[0].RulesTable != "everything-else" {
		t.Fatalf("stored %+v", rows)
	}
	if r := rows[0]; r.RulesHash+" "+r.RulesTable+" "+r.Rule != r.Decision || !r.DecidedAt.Equal(demotest.Monday) {
		t.Errorf("stored %+v", r)
	}
}

func TestAMisroutedReasonIsACodeOrWords(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	sam := w.Actor(t, "sam.carter")
	c := submit(t, w, ask(w, 1, "callback", nil))
	for name, test := range map[string]struct{ reason, note, pointer string }{
		"without a reason":             {" ", "a note", "/reason"},
		"other, without saying what":   {"other", " ", "/note"},
		"words and a note":             {"Not for us at all", "a note", "/reason"},
		"very many words":              {strings.Repeat("é", 501), "", "/reason"},
		"a very long note":             {"duplicate", strings.Repeat("é", 501), "/note"},
		"the code of declined offers":  {"declined", "a note", "/reason"},
		"a code in the wrong letters ": {"Wrong-Service", "a note", "/reason"},
	} {
		_, err := w.Requests.Misrouted(t.Context(), sam, c, test.reason, test.note)
		f := fault.As(err)
		if f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Pointer != test.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := misroutes(t, w); len(rows) != 0 {
		t.Errorf("stored %+v", rows)
	}
}

func TestADeclinedOfferCountsForTheRuleThatMadeIt(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, grace, tom := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah"), w.Actor(t, "tom.byrne")
	c := submit(t, w, soreThroat(w))
	ok(w.Requests.Verify(ctx, sam, c))
	ok(w.Requests.Misrouted(ctx, grace, c, "not-eligible", "")) // who is offered it may say so before answering
	ok(w.Requests.Decline(ctx, grace, c, "No pharmacist this afternoon."))
	ok(w.Requests.Transfer(ctx, sam, c, "FRV04", "pharmacy-first", "Try there"))
	ok(w.Requests.Decline(ctx, tom, c, "No pharmacist here either.")) // a person had sent it there, no rule
	ok(w.Requests.Transfer(ctx, sam, c, "FRV04", "pharmacy-first", "Please"))
	ok(w.Requests.Misrouted(ctx, tom, c, "wrong-service", ""))
	rows := misroutes(t, w)
	if len(rows) != 3 {
		t.Fatalf("stored %+v", rows)
	}
	for i, want := range []misrouteRow{
		{Declined: false, OfRule: true, Reason: "not-eligible"}, {Declined: true, OfRule: true, Reason: "declined"}, {Declined: false, OfRule: false, Reason: "wrong-service"},
	} {
		if got := rows[i]; got.Declined != want.Declined || got.OfRule != want.OfRule || got.Reason != want.Reason || got.Rule != "sore-throat" || got.Note != "" {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

func TestAnotherTenantCannotSayOrReadMisroutes(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam := t.Context(), w.Actor(t, "sam.carter")
	c := submit(t, w, ask(w, 1, "callback", nil))
	for _, subject := range []string{"grace.mensah", "carys.evans", "ben.osei"} {
		_, err := w.Requests.Misrouted(ctx, w.Actor(t, subject), c, "duplicate", "")
		wantCode(t, err, "not_found")
	}
	_, err := w.Requests.Misrouted(ctx, w.Actor(t, "neil.hart"), c, "duplicate", "") // a lead sees no requests
	wantCode(t, err, "not_found")
	ok(w.Requests.Misrouted(ctx, sam, c, "duplicate", "The same as this morning's."))
	riverside, hillside := demo.NeighbourhoodID("riverside"), demo.NeighbourhoodID("hillside")
	for name, test := range map[string]struct {
		scope tenants.Scope
		sees  int64
	}{
		"the practice":                {sam.Scope, 1},
		"a pharmacy nearby":           {w.Actor(t, "grace.mensah").Scope, 0},
		"a lead":                      {w.Actor(t, "neil.hart").Scope, 0},
		"a patient's way in":          {tenants.IntakeOf(riverside), 0},
		"a job":                       {tenants.JobOf(riverside), 1},
		"another neighbourhood's job": {tenants.JobOf(hillside), 0},
		"the same practice's id, in another neighbourhood": {tenants.StaffOf(hillside, sam.Scope.Organisations...), 0},
	} {
		if err := w.DB.InTx(ctx, test.scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from misroutes").Scan(&n).Error; err != nil {
				return err
			}
			changed := tx.Gorm().Exec("update misroutes set note = note")
			if n != test.sees || (changed.RowsAffected == 1) != (test.sees == 1 && test.scope.Kind == tenants.StaffScope) {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed.RowsAffected)
			}
			return changed.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.DB.InTx(ctx, tenants.IntakeOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`insert into misroutes select neighbourhood_id, ?, request_id, true, by, by_id, organisation_id, reason, note, at, of_rule, rules_hash, rules_table, rule, decided_at from misroutes`, uuid.New()).Error
	}); err != nil {
		t.Error(err) // it sees nothing to copy
	}
}
