package operations

import (
	"strings"
	"time"

	"onedoor/app/calls"
	"onedoor/app/nhs"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// periods are the times that a person can choose from, with the chosen one marked. A choice is its days in an address, so
// that it means the same tomorrow.
func periods(asked string, now time.Time) (calls.Period, components.Select, error) {
	today := nhs.DateOf(now.In(tenants.London()))
	first := nhs.Date{Year: today.Year, Month: today.Month, Day: 1}
	choices := []struct {
		text string
		calls.Period
	}{
		{"Last 28 days", calls.Period{From: today.Add(-27), To: today}},
		{"Last 7 days", calls.Period{From: today.Add(-6), To: today}},
		{"Today", calls.Period{From: today, To: today}},
		{monthName(first) + ", so far", calls.Period{From: first, To: today}},
	}
	for month := first; len(choices) < 17; {
		last := month.Add(-1)
		month = nhs.Date{Year: last.Year, Month: last.Month, Day: 1}
		choices = append(choices, struct {
			text string
			calls.Period
		}{monthName(month), calls.Period{From: month, To: last}})
	}
	chosen := choices[0].Period
	if from, to, ok := strings.Cut(asked, "_"); ok {
		var err error
		if chosen.From, err = nhs.ParseDate(from); err != nil {
			return chosen, components.Select{}, err
		}
		if chosen.To, err = nhs.ParseDate(to); err != nil {
			return chosen, components.Select{}, err
		}
		if chosen, err = calls.NewPeriod(chosen.From, chosen.To, now); err != nil {
			return chosen, components.Select{}, err
		}
	}
	s, found := components.Select{ID: "period", Name: "period", Label: locales.Plain("Time")}, false
	for _, c := range choices {
		s.Options = append(s.Options, components.SelectOption{Value: periodValue(c.Period), Text: c.text, Selected: !found && c.Period == chosen})
		found = found || c.Period == chosen
	}
	if !found {
		s.Options = append(s.Options, components.SelectOption{Value: periodValue(chosen), Text: dayName(chosen.From) + " to " + chosen.To.Midnight(time.UTC).Format("Mon 2 Jan 2006"), Selected: true})
	}
	return chosen, s, nil
}

func periodValue(p calls.Period) string { return p.From.String() + "_" + p.To.String() }

func monthName(d nhs.Date) string { return d.Midnight(time.UTC).Format("January 2006") }

func dayName(d nhs.Date) string { return d.Midnight(time.UTC).Format("Mon 2 Jan") }
