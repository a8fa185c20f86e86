package deliverystore_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database/testdb"
	"onedoor/tenants"
)

var tester = audit.Actor{Kind: audit.System, Name: "test"}

// filed hands deliveries in and has them filed; those named are refused.
func (p place) filed(n int, refused ...int) []clinical.Delivery {
	p.t.Helper()
	var list []clinical.Delivery
	for range n {
		list = append(list, p.of("symptoms"))
	}
	p.enqueue(list...)
	token := uuid.New()
	taken := p.take(token, n, noon).Deliveries
	if len(taken) != n {
		p.t.Fatalf("took %d of %d", len(taken), n)
	}
	for i, d := range taken {
		taken[i] = d.After(clinical.Receipt{ExternalID: "Task/" + d.ID.String()}, nil, noon, 0)
		for _, at := range refused {
			if at == i {
				taken[i] = d.After(clinical.Receipt{}, &clinical.Refused{Says: "no such patient"}, noon, 0)
			}
		}
	}
	if _, done := p.finish(token, clinical.Progress{Deliveries: taken}); !done {
		p.t.Fatal("some are left")
	}
	return taken
}

func (p place) sample(most int, now time.Time) clinical.Sample {
	p.t.Helper()
	s, err := p.store.Sample(ctx, p.line(), most, now)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p place) checked(s clinical.Sample, kinds map[uuid.UUID]clinical.DifferenceKind) {
	p.t.Helper()
	var checks []clinical.Check
	for _, d := range s.Deliveries {
		checks = append(checks, clinical.Check{Delivery: d, Kind: kinds[d.ID]})
	}
	if err := p.store.Checked(ctx, p.line(), s, checks, noon.Add(time.Hour)); err != nil {
		p.t.Fatal(err)
	}
}

func TestEveryDeliveryIsComparedAndThenAgainInRounds(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	p.connect(clinical.Integration{})
	filed := p.filed(7, 3)
	if got := p.sample(3, noon.Add(time.Second)); len(got.Deliveries) != 0 {
		t.Errorf("compared at once: %d", len(got.Deliveries))
	}
	seen, later := map[uuid.UUID]int{}, noon.Add(time.Hour)
	for range 4 {
		s := p.sample(3, later)
		for _, d := range s.Deliveries {
			seen[d.ID]++
		}
		p.checked(s, nil)
	}
	for _, d := range filed {
		if seen[d.ID] == 0 {
			t.Errorf("%s was never compared", d.ID)
		}
	}
	if lines, err := p.store.Checkable(ctx, p.neighbourhood); err != nil || len(lines) != 1 || lines[0] != p.line() {
		t.Errorf("%v, %v", lines, err)
	}
}

func TestADifferenceStandsUntilBothAgree(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	p.connect(clinical.Integration{})
	filed, later := p.filed(4), noon.Add(time.Hour)
	p.checked(p.sample(10, later), map[uuid.UUID]clinical.DifferenceKind{filed[1].ID: clinical.Missing, filed[2].ID: clinical.Twice})
	for name, c := range map[string]struct {
		scope tenants.Scope
		n     int
	}{
		"its own staff": {p.staff(p.practice), 2}, "a job": {tenants.JobOf(p.neighbourhood), 2}, "who recorded it": {p.staff(p.pharmacy), 0}, "another": {p.staff(p.other), 0},
		"another neighbourhood": {stranger.staff(p.practice), 0}, "another neighbourhood's job": {tenants.JobOf(stranger.neighbourhood), 0}, "intake": {tenants.IntakeOf(p.neighbourhood), 0},
	} {
		got, err := p.store.Differences(ctx, c.scope, 10)
		if err != nil || len(got) != c.n {
			t.Errorf("%s: %d differences, %v", name, len(got), err)
		}
		health, err := p.store.Health(ctx, c.scope, later)
		total := 0
		for _, h := range health {
			total += h.Differences
		}
		if err != nil || total != c.n {
			t.Errorf("%s: %d differences counted, %v", name, total, err)
		}
	}
	again := p.sample(1, later)
	if len(again.Deliveries) < 2 {
		t.Fatalf("what differed is not looked at again: %d", len(again.Deliveries))
	}
	p.checked(again, map[uuid.UUID]clinical.DifferenceKind{filed[2].ID: clinical.Twice})
	left, err := p.store.Differences(ctx, p.staff(p.practice), 10)
	if err != nil || len(left) != 1 || left[0].DeliveryID != filed[2].ID || left[0].Kind != clinical.Twice || left[0].Reference == "" {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestManyAreReplayedByReasonAndOnlyByWhoseTheyAre(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	p.connect(clinical.Integration{})
	p.filed(5, 0, 1, 2)
	for name, scope := range map[string]tenants.Scope{
		"who recorded them": p.staff(p.pharmacy), "another": p.staff(p.other), "another neighbourhood": stranger.staff(p.practice), "another neighbourhood's job": tenants.JobOf(stranger.neighbourhood),
	} {
		if n, more, err := p.store.ReplayAll(ctx, scope, tester, clinical.Filter{}, noon); err != nil || n != 0 || more {
			t.Errorf("%s replayed %d, %v", name, n, err)
		}
		if reasons, err := p.store.Reasons(ctx, scope); err != nil || len(reasons) != 0 {
			t.Errorf("%s sees %v, %v", name, reasons, err)
		}
	}
	reasons, err := p.store.Reasons(ctx, p.staff(p.practice))
	if err != nil || len(reasons) != 1 || reasons[0].N != 3 || reasons[0].Says != "no such patient" {
		t.Fatalf("%+v, %v", reasons, err)
	}
	if n, _, err := p.store.ReplayAll(ctx, p.staff(p.practice), tester, clinical.Filter{Reason: "another"}, noon); err != nil || n != 0 {
		t.Errorf("by another reason: %d, %v", n, err)
	}
	if n, more, err := p.store.ReplayAll(ctx, p.staff(p.practice), tester, clinical.Filter{Reason: "no such patient", OrganisationID: p.practice}, noon); err != nil || n != 3 || more {
		t.Errorf("%d, %v, %v", n, more, err)
	}
	if got := p.take(uuid.New(), 10, noon); len(got.Deliveries) != 3 {
		t.Errorf("%d are being sent again", len(got.Deliveries))
	}
	if p.liveJobs() != 1 {
		t.Errorf("%d jobs", p.liveJobs())
	}
}
