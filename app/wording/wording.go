// Package wording says moments and numbers as staff read them on a page, in London's time and in British form. It formats what
// it is given, and never looks at a clock. What patients read and hear, in two languages, is said by app/messages and ui/locales.
package wording

import (
	"strconv"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Moment is a time of day in London with its day: 18:30 today, 18:30 tomorrow, 18:30 on Mon 23 Nov.
func Moment(at, now time.Time) string { return moment(at, now, " on ") }

// ShortMoment is the same for a row of a list, where each word counts: 18:30 today, 18:30 Mon 23 Nov.
func ShortMoment(at, now time.Time) string { return moment(at, now, " ") }

func moment(at, now time.Time, on string) string {
	at, now = at.In(tenants.London()), now.In(tenants.London())
	day, today := nhs.DateOf(at), nhs.DateOf(now)
	clock := at.Format("15:04")
	switch {
	case day == today:
		return clock + " today"
	case day == today.Add(1):
		return clock + " tomorrow"
	case day == today.Add(-1):
		return clock + " yesterday"
	case day.Year != today.Year:
		return clock + on + at.Format("Mon 2 Jan 2006")
	}
	return clock + on + at.Format("Mon 2 Jan")
}

// Figure is a number as people read it: 1,204.
func Figure(n int) string {
	if n < 0 {
		return "−" + Figure(-n)
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Counted is a number with what it counts: 1 request, 1,204 requests.
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Figure(n) + " " + many
}
