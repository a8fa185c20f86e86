package studio

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Opening hours are typed as people write them: one line for each day, "09:00 to 13:00, 14:00 to 18:00", "closed", or
// "all day".

const dayEnds = 24 * 60

var (
	periodForm = regexp.MustCompile(`^(.+?)\s*(?:-|–|—|\bto\b|\buntil\b)\s*(.+)$`)
	clockForm  = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?$`)
)

var errHours = errors.New("not opening hours")

// parseDay reads the periods of one day. An empty line is closed.
func parseDay(s string) ([]tenants.Period, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "", "closed":
		return nil, nil
	case "all day", "24 hours":
		return []tenants.Period{{From: 0, Until: dayEnds}}, nil
	}
	var periods []tenants.Period
	for part := range strings.SplitSeq(strings.NewReplacer(" and ", ",", ";", ",").Replace(s), ",") {
		ends := periodForm.FindStringSubmatch(strings.TrimSpace(part))
		if ends == nil {
			return nil, errHours
		}
		from, err := parseClock(ends[1])
		if err != nil {
			return nil, err
		}
		until, err := parseClock(ends[2])
		if err != nil {
			return nil, err
		}
		if until == 0 {
			until = dayEnds // a place is open until midnight, and not from it
		}
		periods = append(periods, tenants.Period{From: from, Until: until})
	}
	slices.SortFunc(periods, func(a, b tenants.Period) int { return a.From - b.From })
	return periods, nil
}

// parseClock reads 9am, 9:30pm, 17.30, noon or midnight as minutes from midnight. A bare number is an hour of 24.
func parseClock(s string) (int, error) {
	s = strings.TrimSpace(s)
	switch s {
	case "noon", "midday":
		return 12 * 60, nil
	case "midnight":
		return 0, nil
	}
	m := clockForm.FindStringSubmatch(s)
	if m == nil {
		return 0, errHours
	}
	hour, _ := strconv.Atoi(m[1]) // the form is digits
	minute, _ := strconv.Atoi(m[2])
	switch m[3] {
	case "am", "pm":
		if hour < 1 || hour > 12 {
			return 0, errHours
		}
		hour %= 12
		if m[3] == "pm" {
			hour += 12
		}
	}
	total := hour*60 + minute
	if minute > 59 || total > dayEnds {
		return 0, errHours
	}
	return total, nil
}

// writeDay is a day as parseDay reads it.
func writeDay(periods []tenants.Period) string {
	if len(periods) == 0 {
		return "closed"
	}
	words := make([]string, len(periods))
	for i, p := range periods {
		words[i] = p.String()
		if p == (tenants.Period{From: 0, Until: dayEnds}) {
			words[i] = "all day"
		}
	}
	return strings.Join(words, ", ")
}

// parseDates reads special days, one a line: "24 December 2026: 09:00 to 13:00".
func parseDates(s string) (map[string][]tenants.Period, error) {
	dates := map[string][]tenants.Period{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		day, hours, found := strings.Cut(line, ":")
		if !found {
			return nil, errHours
		}
		date, err := parseSpecialDay(strings.TrimSpace(day))
		if err != nil {
			return nil, err
		}
		if _, twice := dates[date.String()]; twice {
			return nil, errHours
		}
		periods, err := parseDay(hours)
		if err != nil {
			return nil, err
		}
		dates[date.String()] = periods
	}
	if len(dates) == 0 {
		return nil, nil
	}
	return dates, nil
}

func parseSpecialDay(s string) (nhs.Date, error) {
	for _, form := range []string{"2 January 2006", "2 Jan 2006", "Monday 2 January 2006", "02/01/2006", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return nhs.DateOf(t), nil
		}
	}
	return nhs.Date{}, errHours
}

// writeDates is what parseDates reads, in the order of the days.
func writeDates(dates map[string][]tenants.Period) string {
	var lines []string
	for _, line := range specialDays(dates) {
		lines = append(lines, line[0]+": "+line[1])
	}
	return strings.Join(lines, "\n")
}

func specialDays(dates map[string][]tenants.Period) [][2]string {
	var lines [][2]string
	for _, date := range slices.Sorted(maps.Keys(dates)) {
		d, err := nhs.ParseDate(date)
		if err != nil {
			continue // a directory holds none
		}
		lines = append(lines, [2]string{d.Midnight(time.UTC).Format("2 January 2006"), writeDay(dates[date])})
	}
	return lines
}

// week is the days of a week as people say them, Monday first.
var week = [7]time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// hoursWords say when a service is open, a line for each run of days that are alike.
func hoursWords(h tenants.Hours) []string {
	if h.Always {
		return []string{"Day and night, every day, bank holidays too"}
	}
	var lines []string
	for i := 0; i < len(week); {
		j := i
		for j+1 < len(week) && slices.Equal(h.Week[week[j+1]], h.Week[week[i]]) {
			j++
		}
		days := week[i].String()
		switch {
		case j == i+1:
			days += " and " + week[j].String()
		case j > i:
			days += " to " + week[j].String()
		}
		lines = append(lines, days+": "+writeDay(h.Week[week[i]]))
		i = j + 1
	}
	lines = append(lines, "Bank holidays: "+writeDay(h.BankHolidays))
	for _, special := range specialDays(h.Dates) {
		lines = append(lines, special[0]+": "+special[1])
	}
	return lines
}
