package locales

import (
	"fmt"
	"time"

	"onedoor/app/nhs"
)

// Source of the form of dates and times: NHS digital service manual, "Numbers, measurements, dates and time".
var (
	weekdays = map[string][7]string{
		English: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		Welsh:   {"dydd Sul", "dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn"},
	}
	months = map[string][13]string{
		English: {1: "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		Welsh:   {1: "Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"},
	}
	noon     = map[string]string{English: "midday", Welsh: "hanner dydd"}
	midnight = map[string]string{English: "midnight", Welsh: "hanner nos"}
)

// Day is a calendar day in words: 31 March 1980.
func Day(lang string, d nhs.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.Day, months[Known(lang)][d.Month], d.Year)
}

// Clock is a time of day: 9am, 6:30pm, midday. The moment's own zone is used, so convert it first.
func Clock(lang string, at time.Time) string {
	lang = Known(lang)
	hour, minute := at.Hour(), at.Minute()
	switch {
	case hour == 0 && minute == 0:
		return midnight[lang]
	case hour == 12 && minute == 0:
		return noon[lang]
	}
	half := "am"
	if hour >= 12 {
		half = "pm"
	}
	hour = (hour+11)%12 + 1
	if minute == 0 {
		return fmt.Sprintf("%d%s", hour, half)
	}
	return fmt.Sprintf("%d:%02d%s", hour, minute, half)
}

// Moment is a time and its day: 6:30pm on Monday 23 November.
func Moment(lang string, at time.Time) string {
	lang = Known(lang)
	day := weekdays[lang][at.Weekday()]
	if lang == Welsh {
		// After a time the day softens: dydd Llun becomes ddydd Llun.
		return fmt.Sprintf("%s d%s %d %s", Clock(lang, at), day, at.Day(), months[lang][at.Month()])
	}
	return fmt.Sprintf("%s on %s %d %s", Clock(lang, at), day, at.Day(), months[lang][at.Month()])
}
