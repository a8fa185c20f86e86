package operations

import (
	"strconv"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// moment is a time of day in London with its day: 18:30 today, 18:30 yesterday, 18:30 on Mon 23 Nov.
func moment(at, now time.Time) string {
	at, now = at.In(tenants.London()), now.In(tenants.London())
	day, today := nhs.DateOf(at), nhs.DateOf(now)
	clock := at.Format("15:04")
	switch {
	case day == today:
		return clock + " today"
	case day == today.Add(-1):
		return clock + " yesterday"
	case day.Year != today.Year:
		return clock + " on " + at.Format("Mon 2 Jan 2006")
	}
	return clock + " on " + at.Format("Mon 2 Jan")
}

// figure is a number as people read it: 1,204.
func figure(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
