package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/policy"
)

// stretch is a run of days; a zero end is open.
type stretch struct{ from, until nhs.Date }

// season is one set of tables that counts at some time, and when.
type season struct {
	on     nhs.Date // one of its days
	active []bool   // by table
	when   []stretch
}

// seasons are the distinct sets of some tables that count on or after a day; without a day, at any time.
func seasons(from nhs.Date, tables []policy.Table) []season {
	var turns []nhs.Date
	for i := range tables {
		if !tables[i].From.IsZero() {
			turns = append(turns, tables[i].From)
		}
		if !tables[i].Until.IsZero() {
			turns = append(turns, tables[i].Until.Add(1))
		}
	}
	slices.SortFunc(turns, compareDates)
	start := from
	if start.IsZero() {
		if len(turns) == 0 {
			return []season{{on: unsaidDay, active: slices.Repeat([]bool{true}, len(tables)), when: []stretch{{}}}}
		}
		start = turns[0].Add(-1)
	}
	days := []nhs.Date{start}
	for _, day := range turns {
		if days[len(days)-1].Before(day) {
			days = append(days, day)
		}
	}
	var list []season
	for i, day := range days {
		s := stretch{from: day}
		if i == 0 {
			s.from = nhs.Date{}
		}
		if i+1 < len(days) {
			s.until = days[i+1].Add(-1)
		}
		active := make([]bool, len(tables))
		for t := range tables {
			active[t] = tables[t].Active(day)
		}
		known := slices.IndexFunc(list, func(k season) bool { return slices.Equal(k.active, active) })
		if known < 0 {
			list = append(list, season{on: day, active: active, when: []stretch{s}})
			continue
		}
		if last := &list[known].when[len(list[known].when)-1]; last.until.Add(1) == day {
			last.until = s.until
		} else {
			list[known].when = append(list[known].when, s)
		}
	}
	return list
}

// unsaidDay is the day looked at when none is said: a Thursday in a year of ordinary bank holidays.
var unsaidDay = nhs.Date{Year: 2026, Month: time.January, Day: 1}

func compareDates(a, b nhs.Date) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}

// said is a list of stretches in words: from 1 January 2027 to 31 March 2027.
func said(when []stretch) string {
	list := make([]string, 0, len(when))
	for _, s := range when {
		switch {
		case s.from.IsZero():
			list = append(list, "until "+day(s.until))
		case s.until.IsZero():
			list = append(list, "from "+day(s.from))
		default:
			list = append(list, fmt.Sprintf("from %s to %s", day(s.from), day(s.until)))
		}
	}
	return strings.Join(list, ", and ")
}

func day(d nhs.Date) string { return d.Midnight(time.UTC).Format("2 January 2006") }
