package reception

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// dueOf says when an answer is due, by the clock and from now.
func dueOf(at, now time.Time) pages.Due {
	d := pages.Due{At: at.UTC().Format(time.RFC3339), Says: wording.ShortMoment(at, now), Overdue: !at.After(now)}
	if d.Overdue {
		d.Relative = span(now.Sub(at)) + " overdue"
		return d
	}
	d.Relative = "in " + span(at.Sub(now))
	return d
}

// span is a length of time in its two largest units. The page's script counts on in the same words.
func span(d time.Duration) string {
	minutes := int(d / time.Minute)
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 60:
		return units(minutes, "min")
	case minutes < 24*60:
		return strings.TrimSuffix(fmt.Sprintf("%d h %s", minutes/60, units(minutes%60, "min")), " ")
	}
	days, hours := minutes/(24*60), minutes/60%24
	if days >= 7 {
		hours = 0
	}
	return strings.TrimSuffix(plural(days, "day")+" "+units(hours, "h"), " ")
}

func units(n int, unit string) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " " + unit
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// shortDate is a birth date in a row: 27 Apr 1996.
func shortDate(d nhs.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Midnight(time.UTC).Format("2 Jan 2006")
}

// age says how old somebody is: in weeks and months while that matters.
func age(birth, today nhs.Date) string {
	months := birth.AgeMonths(today)
	switch {
	case months < 1:
		return "newborn"
	case months < 24:
		return plural(months, "month")
	}
	return strconv.Itoa(birth.Age(today)) + " years"
}
