package tenants_test

import (
	"slices"
	"testing"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// The days that gov.uk publishes for England and Wales, substitutes included.
// Source: https://www.gov.uk/bank-holidays, and for 2028 the rules it states.
var published = map[int][]string{
	2024: {"01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"},
	2025: {"01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"},
	2026: {"01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"},
	2027: {"01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"},
	2028: {"01-03", "04-14", "04-17", "05-01", "05-29", "08-28", "12-25", "12-26"},
}

func TestBankHolidaysAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	for year, days := range published {
		for day := (nhs.Date{Year: year, Month: time.January, Day: 1}); day.Year == year; day = day.Add(1) {
			weekday := day.Midnight(time.UTC).Weekday()
			if weekday == time.Saturday || weekday == time.Sunday {
				continue // the day itself is kept too when it falls on a weekend
			}
			if want := slices.Contains(days, day.String()[5:]); tenants.BankHoliday(day) != want {
				t.Errorf("%s: bank holiday is %t, published is %t", day, !want, want)
			}
		}
	}
}

func TestAHolidayOnAWeekendIsKeptOnTheDayToo(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-12-26", "2027-12-25", "2027-12-26", "2028-01-01"} {
		if !tenants.BankHoliday(date(t, day)) {
			t.Errorf("%s is a bank holiday as well as its substitute", day)
		}
	}
}

func TestYearsOutsideTheTableAreWorkedOut(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"1999-12-27", "2101-12-26"} {
		if !tenants.BankHoliday(date(t, day)) {
			t.Errorf("%s is a bank holiday", day)
		}
	}
	if tenants.BankHoliday(date(t, "2101-07-04")) {
		t.Error("2101-07-04 is no bank holiday")
	}
}

func TestSeveralPeriodsADay(t *testing.T) {
	t.Parallel()
	h := tenants.Weekdays(tenants.Clock("09:00", "12:30"), tenants.Clock("14:00", "17:30"))
	for clock, want := range map[string]bool{
		"08:59": false, "09:00": true, "12:29": true, "12:30": false, "13:59": false, "14:00": true, "17:29": true, "17:30": false,
	} {
		if got := h.Open(at(t, "2026-11-24 "+clock)); got != want {
			t.Errorf("open at %s is %t", clock, got)
		}
	}
	if next, ok := h.NextOpen(at(t, "2026-11-24 13:00")); !ok || !next.Equal(at(t, "2026-11-24 14:00")) {
		t.Errorf("opens next at %v", next)
	}
	if next, ok := h.NextOpen(at(t, "2026-11-27 17:30")); !ok || !next.Equal(at(t, "2026-11-30 09:00")) {
		t.Errorf("after Friday opens next at %v", next)
	}
}

func TestBankHolidaysAndDatesReplaceTheWeek(t *testing.T) {
	t.Parallel()
	h := tenants.Weekdays(tenants.Clock("09:00", "17:00"))
	h.BankHolidays = []tenants.Period{tenants.Clock("10:00", "12:00")}
	h.Dates = map[string][]tenants.Period{"2026-12-24": {tenants.Clock("09:00", "13:00")}, "2026-12-25": nil}
	for moment, want := range map[string]bool{
		"2026-12-24 12:00": true, "2026-12-24 14:00": false, // an early closing
		"2026-12-25 11:00": false,                           // closed by its date, though a bank holiday
		"2026-12-28 11:00": true, "2026-12-28 13:00": false, // the substitute keeps bank holiday hours
		"2026-12-29 13:00": true,
	} {
		if got := h.Open(at(t, moment)); got != want {
			t.Errorf("open at %s is %t", moment, got)
		}
	}
	if next, _ := h.NextOpen(at(t, "2026-12-24 13:00")); !next.Equal(at(t, "2026-12-26 10:00")) {
		t.Errorf("after Christmas Eve opens next at %v", next) // Boxing Day, a Saturday, keeps bank holiday hours
	}
}

func TestTheDoorKeepsWallClockTimeWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	everyDay := tenants.Hours{}
	for day := range everyDay.Week {
		everyDay.Week[day] = []tenants.Period{tenants.Clock("08:00", "18:30")}
	}
	for _, c := range []struct{ utc, opens string }{
		{"2026-03-28T20:00:00Z", "2026-03-29T07:00:00Z"}, // forward at 01:00: 08:00 is now 07:00 UTC
		{"2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z"}, // back at 02:00: 08:00 is 08:00 UTC again
	} {
		from, _ := time.Parse(time.RFC3339, c.utc)
		want, _ := time.Parse(time.RFC3339, c.opens)
		if next, ok := everyDay.NextOpen(from); !ok || !next.Equal(want) {
			t.Errorf("from %s opens at %v, want %s", c.utc, next.UTC(), c.opens)
		}
		if !everyDay.Open(want) || everyDay.Open(want.Add(-time.Minute)) {
			t.Errorf("it opens at %s and not a minute before", c.opens)
		}
	}
	// 01:30 happens twice on the night the clocks go back: a door open from 01:00 to 02:00 is open both times.
	night := tenants.Hours{}
	night.Week[time.Sunday] = []tenants.Period{tenants.Clock("01:00", "02:00")}
	for _, utc := range []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"} {
		moment, _ := time.Parse(time.RFC3339, utc)
		if !night.Open(moment) {
			t.Errorf("closed at %s", utc)
		}
	}
}

func TestNextOpen(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-24 10:00")
	if _, ok := (tenants.Hours{}).NextOpen(now); ok {
		t.Error("what never opens has no next opening")
	}
	if next, ok := (tenants.Hours{Always: true}).NextOpen(now); !ok || !next.Equal(now) {
		t.Error("what never closes is open now")
	}
	if next := tenants.NextCoreHours(at(t, "2026-12-24 18:30")); !next.Equal(at(t, "2026-12-29 08:00")) {
		t.Errorf("core hours after Christmas Eve 2026 begin at %v", next)
	}
	if day := tenants.CoreDayAfter(at(t, "2026-12-24 09:00")); day.String() != "2026-12-29" {
		t.Errorf("the core day after Christmas Eve 2026 is %s", day)
	}
}

func TestHoursThatOverlapAreRefused(t *testing.T) {
	t.Parallel()
	for name, periods := range map[string][]tenants.Period{
		"overlap":      {{540, 720}, {700, 800}},
		"out of order": {{800, 900}, {540, 600}},
		"empty":        {{540, 540}},
		"past the day": {{540, 1441}},
	} {
		if tenants.Weekdays(periods...).Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	h, now := tenants.Weekdays(tenants.Clock("08:00", "18:30")), time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for b.Loop() {
		h.Open(now)
	}
}

func at(t *testing.T, clock string) time.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04", clock, tenants.London())
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func date(t *testing.T, s string) nhs.Date {
	t.Helper()
	day, err := nhs.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return day
}
