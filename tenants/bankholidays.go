package tenants

import (
	"time"

	"github.com/rickar/cal/v2/gb"

	"onedoor/app/nhs"
)

// The years whose bank holidays are worked out once, when the program starts; others are worked out when asked.
const (
	firstHolidayYear = 2000
	lastHolidayYear  = 2100
)

// holidayTable holds, for each year, one bit for each day of each month.
type holidayTable [lastHolidayYear - firstHolidayYear + 1][13]uint32

// bankHolidays is never changed: routing asks it several times for every request.
var bankHolidays = newHolidayTable()

func newHolidayTable() *holidayTable {
	var t holidayTable
	for year := firstHolidayYear; year <= lastHolidayYear; year++ {
		for _, day := range holidaysOf(year) {
			if day.Year == year {
				t[year-firstHolidayYear][day.Month] |= 1 << day.Day
			}
		}
	}
	return &t
}

// BankHoliday reports whether a day is a bank holiday in England: the day itself, and its substitute when it falls on a
// weekend.
func BankHoliday(day nhs.Date) bool {
	if day.Year >= firstHolidayYear && day.Year <= lastHolidayYear {
		return bankHolidays[day.Year-firstHolidayYear][day.Month]&(1<<day.Day) != 0
	}
	for _, holiday := range holidaysOf(day.Year) {
		if holiday == day {
			return true
		}
	}
	return false
}

func holidaysOf(year int) []nhs.Date {
	var days []nhs.Date
	add := func(t time.Time) {
		if !t.IsZero() {
			days = append(days, nhs.DateOf(t))
		}
	}
	for _, holiday := range gb.Holidays {
		actual, observed := holiday.Calc(year)
		add(actual)
		add(observed)
	}
	return days
}
