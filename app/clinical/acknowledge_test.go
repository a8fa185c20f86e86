package clinical_test

import (
	"reflect"
	"testing"
	"time"

	"onedoor/app/clinical"
)

func TestALaterWord(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	yes, filed, no := clinical.Acknowledged, clinical.Filed, clinical.NeedsAttention
	for name, c := range map[string]struct{ from, word, want clinical.State }{
		"the machinery has what was taken on the way": {clinical.Accepted, yes, clinical.Acknowledged},
		"the work is done without the machinery":      {clinical.Accepted, filed, clinical.Filed},
		"the work is done after the machinery":        {clinical.Acknowledged, filed, clinical.Filed},
		"the machinery's word comes last":             {clinical.Filed, yes, clinical.Filed},
		"the machinery refuses":                       {clinical.Accepted, no, clinical.NeedsAttention},
		"the work refuses":                            {clinical.Acknowledged, no, clinical.NeedsAttention},
		"a refusal does not take back what is filed":  {clinical.Filed, no, clinical.Filed},
		"it was filed after all":                      {clinical.NeedsAttention, filed, clinical.Filed},
		"the machinery settles no refusal":            {clinical.NeedsAttention, yes, clinical.NeedsAttention},
		"an old refusal does not stop a new try":      {clinical.Pending, no, clinical.Pending},
	} {
		d := clinical.Delivery{State: c.from, LastError: "before"}
		got, changed := d.Acknowledge(clinical.Acknowledgement{State: c.word, Says: "no", At: now.Add(-time.Minute)}, now)
		if got.State != c.want || changed != (c.from != c.want) {
			t.Errorf("%s: %s, changed %v", name, got.State, changed)
		}
		if changed && !c.from.CanBecome(got.State) {
			t.Errorf("%s: %s cannot become %s", name, c.from, got.State)
		}
		if got.State == no && changed && got.LastError != "no" {
			t.Errorf("%s: says %q", name, got.LastError)
		}
		if again, changed := got.Acknowledge(clinical.Acknowledgement{State: c.word, Says: "no"}, now.Add(time.Hour)); changed || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: the same word again changes it", name)
		}
	}
}

func TestWhatHasBegunGoesOnAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	begun := &clinical.Begun{ExternalID: "M1"}
	d := clinical.Delivery{State: clinical.Pending, NextAt: now.Add(-time.Hour)}.After(clinical.Receipt{}, begun, now, 0)
	if d.State != clinical.Sent || d.ExternalID != "M1" || d.LastError != "" || !d.NextAt.Equal(now) || d.Attempts != 0 {
		t.Errorf("%+v", d)
	}
	if clinical.Troubled(begun) {
		t.Error("it opens the circuit")
	}
	if lost := d.After(clinical.Receipt{}, &clinical.Unknown{Says: "lost"}, now, 0); lost.ExternalID != "M1" || lost.State != clinical.Sent {
		t.Errorf("what has begun is forgotten when an answer is lost: %+v", lost)
	}
}

func TestAnotherOrganisationsOutcomeIsDueTheNextWorkingDay(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ recorded, due string }{
		"on a Monday":                   {"2026-11-23 12:00", "2026-11-24 18:30"},
		"late on a Friday":              {"2026-11-27 23:59", "2026-11-30 18:30"},
		"on a Sunday":                   {"2026-11-29 10:00", "2026-11-30 18:30"},
		"on Christmas Eve":              {"2026-12-24 09:00", "2026-12-29 18:30"}, // the 28th stands in for Boxing Day
		"in summer time, before Easter": {"2027-03-25 16:00", "2027-03-30 18:30"},
	} {
		recorded, err := time.ParseInLocation("2006-01-02 15:04", c.recorded, london)
		if err != nil {
			t.Fatal(err)
		}
		due := clinical.DueAtPractice(recorded)
		if got := due.In(london).Format("2006-01-02 15:04"); got != c.due {
			t.Errorf("%s: due %s, want %s", name, got, c.due)
		}
		d := clinical.Delivery{State: clinical.Accepted, DueAt: due}
		if d.Late(due) || !d.Late(due.Add(time.Second)) {
			t.Errorf("%s: lateness", name)
		}
		if d.State = clinical.Filed; d.Late(due.Add(time.Hour)) {
			t.Errorf("%s: what is filed is late", name)
		}
	}
}
