package policy_test

import (
	"testing"

	"onedoor/policy"
)

func TestAnswerDue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		urgency policy.Urgency
		at, due string
	}{
		{"an emergency is answered at once", policy.Emergency, "2026-11-24 03:12", "2026-11-24 03:12"},
		{"urgent in core hours is dealt with that day", policy.Urgent, "2026-11-24 10:00", "2026-11-24 18:30"},
		{"urgent as core hours begin", policy.Urgent, "2026-11-24 08:00", "2026-11-24 18:30"},
		{"urgent in the last minute", policy.Urgent, "2026-11-24 18:29", "2026-11-24 18:30"},
		{"urgent as core hours end", policy.Urgent, "2026-11-24 18:30", "2026-11-25 18:30"},
		{"urgent before core hours is dealt with that day", policy.Urgent, "2026-11-24 06:00", "2026-11-24 18:30"},
		{"urgent on Friday night", policy.Urgent, "2026-11-27 22:00", "2026-11-30 18:30"},
		{"urgent on a bank holiday", policy.Urgent, "2026-12-25 10:00", "2026-12-29 18:30"},
		{"soon is the next core day, early or late", policy.Soon, "2026-11-24 00:01", "2026-11-25 18:30"},
		{"soon late in the evening", policy.Soon, "2026-11-24 23:59", "2026-11-25 18:30"},
		{"routine on a Friday", policy.Routine, "2026-11-27 10:00", "2026-11-30 18:30"},
		{"routine on a Sunday", policy.Routine, "2026-11-29 10:00", "2026-11-30 18:30"},
		{"routine on Christmas Eve passes two bank holidays", policy.Routine, "2026-12-24 10:00", "2026-12-29 18:30"},
		{"routine on Maundy Thursday passes Easter", policy.Routine, "2027-03-25 10:00", "2027-03-30 18:30"},
		{"over the change to summer time", policy.Soon, "2026-03-27 17:00", "2026-03-30 18:30"},
		{"over the change to winter time", policy.Urgent, "2026-10-24 12:00", "2026-10-26 18:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if due := policy.AnswerDue(c.urgency, london(t, c.at)); !due.Equal(london(t, c.due)) {
				t.Errorf("due %s, want %s", due, c.due)
			}
		})
	}
}

func TestUrgenciesAreOrdered(t *testing.T) {
	t.Parallel()
	order := []policy.Urgency{"", policy.Routine, policy.Soon, policy.Urgent, policy.Emergency}
	for i := 1; i < len(order); i++ {
		if order[i-1].Rank() >= order[i].Rank() {
			t.Errorf("%q does not rank below %q", order[i-1], order[i])
		}
	}
}
