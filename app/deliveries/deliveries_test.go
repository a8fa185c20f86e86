package deliveries_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/clinical"
	"onedoor/app/deliveries"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWhatRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	organisation := uuid.New()
	down := []clinical.WayHealth{{Failures: 4, LastError: "The clinical system is busy or down."}}
	for name, test := range map[string]struct {
		health clinical.Health
		kinds  []alarms.Kind
		says   string
	}{
		"nothing waits":                     {clinical.Health{}, nil, ""},
		"some wait for a moment":            {clinical.Health{Waiting: 9, Oldest: noon.Add(-deliveries.LateAfter), Ways: down}, nil, ""},
		"one waits too long":                {clinical.Health{Waiting: 1, Oldest: noon.Add(-deliveries.LateAfter - time.Second), Ways: down}, []alarms.Kind{alarms.DeliveriesLate}, "Weir Lane: 1 outcome waits for its clinical system, the oldest since 11:44 on 23 November. The system's last answer: The clinical system is busy or down."},
		"a system never says that it filed": {clinical.Health{Unconfirmed: 2, OldestUnconfirmed: noon.Add(-25 * time.Hour)}, []alarms.Kind{alarms.DeliveriesLate}, "2 outcomes were taken and not yet confirmed as filed, the oldest since 11:00 on 22 November."},
		"a system takes its time":           {clinical.Health{Unconfirmed: 2, OldestUnconfirmed: noon.Add(-time.Hour)}, nil, ""},
		"one was refused":                   {clinical.Health{Attention: 1}, []alarms.Kind{alarms.DeliveriesRefused}, "1 outcome was not filed and a person has to look."},
		"one is there twice":                {clinical.Health{Differences: 2, Twice: 1, OldestDifference: noon}, []alarms.Kind{alarms.DeliveriesDiffer}, "the oldest since 12:00 on 23 November. One of them is in the system more than once."},
		"one is not there":                  {clinical.Health{Differences: 3, OldestDifference: noon}, []alarms.Kind{alarms.DeliveriesDiffer}, "3 outcomes differ from what the clinical system has, the oldest since 12:00 on 23 November."},
		"one is past its time":              {clinical.Health{Unconfirmed: 1, OldestUnconfirmed: noon, Late: 1}, []alarms.Kind{alarms.DeliveriesLate}, "Weir Lane: 1 outcome is past the time that was promised."},
		"nobody knows of an appointment":    {clinical.Health{Uncertain: 1, OldestUncertain: noon.Add(-time.Hour)}, []alarms.Kind{alarms.BookingsUncertain}, "Weir Lane: of 1 appointment it is not known whether it was booked, moved or given back, the oldest since 11:00 on 23 November."},
		"all at once": {
			clinical.Health{Waiting: 1, Oldest: noon.Add(-time.Hour), Attention: 1, Differences: 1, OldestDifference: noon},
			[]alarms.Kind{alarms.DeliveriesLate, alarms.DeliveriesRefused, alarms.DeliveriesDiffer},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.health.OrganisationID = organisation
			got := deliveries.Alarming(test.health, "Weir Lane", noon)
			if len(got) != len(test.kinds) {
				t.Fatalf("%d alarms, not %d: %+v", len(got), len(test.kinds), got)
			}
			for i, a := range got {
				if a.Kind != test.kinds[i] || a.Subject != organisation.String() || !strings.Contains(a.Says, test.says) {
					t.Errorf("%s about %s: %s", a.Kind, a.Subject, a.Says)
				}
			}
		})
	}
}
