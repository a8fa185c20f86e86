package alarmstore_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// lines is a log that several goroutines may write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func events(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.Global(t.Context(), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select count(*) from events where topic = ?", alarmstore.Topic).Scan(&n).Error
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnAlarmStandsOnceWhileItIsOpen(t *testing.T) {
	t.Parallel()
	db, now, log := testdb.New(t), noon, &lines{}
	service := alarms.New(alarmstore.New(db), func() time.Time { return now }, slog.New(slog.NewTextHandler(log, nil)))
	ctx, ours := t.Context(), uuid.New()
	alarm := alarms.Alarm{NeighbourhoodID: ours, Kind: alarms.RuleDrift, Subject: "main/sore-throat", Says: "9 of 40 came back."}

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := service.Raise(ctx, alarm); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	now = noon.Add(time.Hour)
	alarm.Says = "12 of 48 came back."
	if err := service.Raise(ctx, alarm); err != nil {
		t.Fatal(err)
	}
	open, err := service.Open(ctx, ours)
	if err != nil || len(open) != 1 {
		t.Fatalf("%d open, %v", len(open), err)
	}
	if a := open[0]; !a.RaisedAt.Equal(noon) || !a.SeenAt.Equal(now) || a.Says != alarm.Says || !a.Open() {
		t.Errorf("kept %+v", a)
	}
	if rises := log.count("an alarm was raised"); rises != 1 {
		t.Errorf("%d lines at one rise:\n%s", rises, log.text.String())
	}
	if n := events(t, db); n != 1 {
		t.Errorf("%d events at one rise", n)
	}
	if err := service.Clear(ctx, ours, alarms.RuleDrift, alarm.Subject); err != nil {
		t.Fatal(err)
	}
	if err := service.Clear(ctx, ours, alarms.RuleDrift, alarm.Subject); err != nil {
		t.Fatal(err)
	}
	if n := events(t, db); n != 2 {
		t.Errorf("%d events after one rise and one end", n)
	}
	last, found, err := service.Last(ctx, ours, alarms.RuleDrift, alarm.Subject)
	if err != nil || !found || !last.ClearedAt.Equal(now) || last.Acknowledged != nil {
		t.Errorf("the cleared alarm is %+v, %v, %v", last, found, err)
	}
	if err := service.Raise(ctx, alarm); err != nil {
		t.Fatal(err)
	}
	recent, err := service.Recent(ctx, ours, alarms.RuleDrift)
	if err != nil || len(recent) != 2 || !recent[0].Open() || recent[1].Open() {
		t.Errorf("after a second rise: %+v, %v", recent, err)
	}
	counts, err := service.Count(ctx, []uuid.UUID{ours, uuid.New()})
	if err != nil || counts[alarms.RuleDrift] != 1 || counts[alarms.PolicyLoad] != 0 || len(counts) != len(alarms.Kinds()) {
		t.Errorf("counts %v, %v", counts, err)
	}
}

func TestALeadClearsAnAlarmWithANote(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	service := alarms.New(alarmstore.New(db), func() time.Time { return noon }, nil)
	ctx, ours := t.Context(), uuid.New()
	lead := audit.Actor{Kind: audit.Person, ID: uuid.New(), Name: "Priya Nair"}
	if err := service.Raise(ctx, alarms.Alarm{NeighbourhoodID: ours, Kind: alarms.PolicyLoad, Subject: "node", Says: "A node cannot load."}); err != nil {
		t.Fatal(err)
	}
	open, err := service.Open(ctx, ours)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	id := open[0].ID
	for name, note := range map[string]string{"without a note": "  ", "with a very long one": strings.Repeat("a", 501)} {
		if _, err := service.Acknowledge(ctx, lead, ours, id, note); !fault.Is(err, "invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.Acknowledge(ctx, lead, ours, uuid.New(), "Seen."); !fault.Is(err, "not_found") {
		t.Errorf("one that is not there: %v", err)
	}
	a, err := service.Acknowledge(ctx, lead, ours, id, " Seen. ")
	if err != nil || a.Open() || a.Acknowledged == nil || a.Acknowledged.By != lead || a.Acknowledged.Note != "Seen." {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := service.Acknowledge(ctx, lead, ours, id, "Seen again."); !fault.Is(err, "alarm_cleared") {
		t.Errorf("a second time: %v", err)
	}
	if err := db.InTx(ctx, tenants.JobOf(ours), func(tx *database.Tx) error {
		trail, err := auditstore.Of(tx, id)
		if len(trail) != 1 || trail[0].Action != "alarm.acknowledge" || trail[0].Actor != lead || trail[0].Details["kind"] != "policy-load" {
			t.Errorf("the trail says %+v", trail)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoAlarmIsRefused(t *testing.T) {
	t.Parallel()
	service := alarms.New(alarmstore.New(testdb.New(t)), func() time.Time { return noon }, nil)
	whole := alarms.Alarm{NeighbourhoodID: uuid.New(), Kind: alarms.PolicyLoad, Subject: "node", Says: "A sentence."}
	for name, change := range map[string]func(*alarms.Alarm){
		"of no neighbourhood": func(a *alarms.Alarm) { a.NeighbourhoodID = uuid.Nil },
		"of an unknown kind":  func(a *alarms.Alarm) { a.Kind = "fire" },
		"without a subject":   func(a *alarms.Alarm) { a.Subject = "" },
		"without a sentence":  func(a *alarms.Alarm) { a.Says = "" },
		"with a long subject": func(a *alarms.Alarm) { a.Subject = strings.Repeat("x", 201) },
	} {
		a := whole
		change(&a)
		if err := service.Raise(t.Context(), a); err == nil {
			t.Errorf("an alarm %s was raised", name)
		}
	}
	if open, err := service.Open(t.Context(), whole.NeighbourhoodID); err != nil || len(open) != 0 {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store := alarmstore.New(db)
	service := alarms.New(store, func() time.Time { return noon }, nil)
	ctx, ours, theirs := t.Context(), uuid.New(), uuid.New()
	raise := func(neighbourhood uuid.UUID) {
		t.Helper()
		if err := service.Raise(ctx, alarms.Alarm{NeighbourhoodID: neighbourhood, Kind: alarms.RuleDrift, Subject: "main/one", Says: "So it is."}); err != nil {
			t.Fatal(err)
		}
	}
	raise(ours)
	open, err := service.Open(ctx, ours)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	if list, err := service.Open(ctx, theirs); err != nil || len(list) != 0 {
		t.Errorf("open: %v, %v", list, err)
	}
	if list, err := service.Recent(ctx, theirs, alarms.RuleDrift); err != nil || len(list) != 0 {
		t.Errorf("recent: %v, %v", list, err)
	}
	if _, found, err := service.Last(ctx, theirs, alarms.RuleDrift, "main/one"); err != nil || found {
		t.Errorf("last: %v, %v", found, err)
	}
	if _, err := service.Acknowledge(ctx, audit.Actor{Kind: audit.Person, ID: uuid.New()}, theirs, open[0].ID, "Mine."); !fault.Is(err, "not_found") {
		t.Errorf("acknowledge: %v", err)
	}
	if cleared, err := store.Clear(ctx, theirs, alarms.RuleDrift, "main/one", noon); err != nil || cleared {
		t.Errorf("clear: %v, %v", cleared, err)
	}
	raise(theirs) // the same subject elsewhere is another alarm
	for name, test := range map[string]struct {
		scope tenants.Scope
		sees  int64
	}{
		"staff of the neighbourhood": {tenants.StaffOf(ours), 1},
		"its jobs":                   {tenants.JobOf(ours), 1},
		"a patient's way in":         {tenants.IntakeOf(ours), 0},
		"a third neighbourhood":      {tenants.JobOf(uuid.New()), 0},
	} {
		if err := db.InTx(ctx, test.scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from alarms").Scan(&n).Error; err != nil {
				return err
			}
			changed := tx.Gorm().Exec("update alarms set says = says")
			if n != test.sees || changed.RowsAffected != test.sees {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed.RowsAffected)
			}
			return changed.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.InTx(ctx, tenants.JobOf(theirs), func(tx *database.Tx) error {
		return tx.Gorm().Exec("insert into alarms (neighbourhood_id, id, kind, subject, says, raised_at, seen_at) values (?, ?, 'rule-drift', 'x', 'x', now(), now())", ours, uuid.New()).Error
	}); err == nil {
		t.Error("another neighbourhood's job raised an alarm here")
	}
}
