package tenants

import (
	"fmt"
	"time"
	_ "time/tzdata" // a minimal machine has no zone files

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

var london = mustZone("Europe/London")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic("zone data is linked in, and yet: " + err.Error())
	}
	return z
}

// Period is a half-open span of one day in minutes from midnight, local time. Until may be 1440.
type Period struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// Hours says when a place is open or a service staffed. The zero value is never open.
type Hours struct {
	Always bool `json:"always,omitempty"` // day and night, bank holidays too
	// Week holds each weekday's periods, Sunday first as in time.Weekday.
	Week [7][]Period `json:"week"`
	// BankHolidays replaces the weekday's periods on a bank holiday of England; empty is closed.
	BankHolidays []Period `json:"bank_holidays,omitempty"`
	// Dates replaces everything on one day: "2026-12-24".
	Dates map[string][]Period `json:"dates,omitempty"`
}

// Weekdays are the same periods from Monday to Friday, closed on bank holidays.
func Weekdays(periods ...Period) Hours {
	var h Hours
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = periods
	}
	return h
}

// Clock is a period between two times of day, such as Clock("09:00", "17:30"). It is for literals and panics on others.
func Clock(from, until string) Period {
	return Period{mustMinutes(from), mustMinutes(until)}
}

func mustMinutes(s string) int {
	if s == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		panic("not a time of day: " + s)
	}
	return t.Hour()*60 + t.Minute()
}

// Check refuses periods that are empty, out of the day, out of order or overlapping.
func (h Hours) Check() error {
	check := func(where string, periods []Period) error {
		last := 0
		for i, p := range periods {
			if p.From < 0 || p.Until > 24*60 || p.From >= p.Until || (i > 0 && p.From < last) {
				return fault.New(fault.Invalid, "opening_hours", "The opening hours of %s overlap, are out of order or are empty.", where)
			}
			last = p.Until
		}
		return nil
	}
	for day, periods := range h.Week {
		if err := check(time.Weekday(day).String(), periods); err != nil {
			return err
		}
	}
	if err := check("bank holidays", h.BankHolidays); err != nil {
		return err
	}
	for date, periods := range h.Dates {
		if _, err := nhs.ParseDate(date); err != nil {
			return err
		}
		if err := check(date, periods); err != nil {
			return err
		}
	}
	return nil
}

// Wall is a moment as the clock on a wall in London shows it. Working that out costs more than asking hours by it.
type Wall struct {
	Day     nhs.Date
	Weekday time.Weekday
	Minute  int // since midnight
}

// WallAt is what the clock shows at a moment.
func WallAt(at time.Time) Wall {
	local := at.In(london)
	hour, minute, _ := local.Clock()
	return Wall{nhs.DateOf(local), local.Weekday(), hour*60 + minute}
}

// InCoreHours reports whether it is within core hours.
func (w Wall) InCoreHours() bool { return coreHours.OpenAt(w) }

// On is the periods of one day.
func (h Hours) On(day nhs.Date) []Period {
	return h.on(day, day.Midnight(time.UTC).Weekday())
}

func (h *Hours) on(day nhs.Date, weekday time.Weekday) []Period {
	if h.Always {
		return []Period{{0, 24 * 60}}
	}
	if len(h.Dates) > 0 { // writing the date costs more than all the rest
		if periods, ok := h.Dates[day.String()]; ok {
			return periods
		}
	}
	if BankHoliday(day) {
		return h.BankHolidays
	}
	return h.Week[weekday]
}

// Open reports whether a moment falls in the hours.
func (h Hours) Open(at time.Time) bool { return h.Always || h.OpenAt(WallAt(at)) }

// OpenAt is Open, of a moment as the clock shows it.
func (h *Hours) OpenAt(w Wall) bool {
	if h.Always {
		return true
	}
	for _, p := range h.on(w.Day, w.Weekday) {
		if p.From <= w.Minute && w.Minute < p.Until {
			return true
		}
	}
	return false
}

// NextOpen is the first moment at or after `at` that is open, looking a fortnight ahead.
func (h Hours) NextOpen(at time.Time) (time.Time, bool) {
	if h.Open(at) {
		return at, true
	}
	day := nhs.DateOf(at.In(london))
	for range 15 {
		for _, p := range h.On(day) {
			if opens := moment(day, p.From); opens.After(at) {
				return opens, true
			}
		}
		day = day.Add(1)
	}
	return time.Time{}, false
}

// moment is a wall-clock time: on the two days when the clocks change it is still what the door says.
func moment(day nhs.Date, minutes int) time.Time {
	return time.Date(day.Year, day.Month, day.Day, minutes/60, minutes%60, 0, 0, london)
}

// Core hours of general practice in England: 08:00 to 18:30, Monday to Friday, not bank holidays.
// Source: GMS contract, definition of core hours.
var coreHours = Weekdays(Clock("08:00", "18:30"))

const coreEnd = 18*60 + 30

// InCoreHours reports whether a moment is within core hours.
func InCoreHours(at time.Time) bool { return coreHours.Open(at) }

// CoreDay reports whether a day has core hours.
func CoreDay(day nhs.Date) bool { return len(coreHours.On(day)) > 0 }

// CoreDayEnd is 18:30 of a day, London.
func CoreDayEnd(day nhs.Date) time.Time { return moment(day, coreEnd) }

// NextCoreHours is the start of core hours after a moment outside them, or the moment itself within them.
func NextCoreHours(at time.Time) time.Time {
	next, _ := coreHours.NextOpen(at) // there are core hours in every fortnight
	return next
}

// CoreDayAfter is the first core day later than the day of a moment.
func CoreDayAfter(at time.Time) nhs.Date {
	day := nhs.DateOf(at.In(london)).Add(1)
	for !CoreDay(day) {
		day = day.Add(1)
	}
	return day
}

// String is a period as people read it: 09:00 to 17:30.
func (p Period) String() string {
	return fmt.Sprintf("%02d:%02d to %02d:%02d", p.From/60, p.From%60, p.Until/60, p.Until%60)
}
