package analysis

import (
	"fmt"
	"strings"
	"time"

	"onedoor/app/nhs"
)

// first is the first moment of a set.
func (pl *places) first(b bitset) *time.Time {
	for i := range pl.moments {
		if b.has(i) {
			at := pl.moments[i].UTC()
			return &at
		}
	}
	return nil
}

// period is a run of moments of the normal week.
type period struct{ from, until time.Time }

// periods are the runs of the normal week that a set holds. One that passes midnight from Sunday to Monday is one.
func (pl *places) periods(b bitset) []period {
	end := pl.days[weekLength-1].Add(1)
	var list []period
	for i, at := range pl.moments {
		if pl.day[i] >= weekLength {
			break
		}
		until := clock(end, 0)
		if i+1 < len(pl.moments) && pl.day[i+1] < weekLength {
			until = pl.moments[i+1]
		}
		switch n := len(list); {
		case !b.has(i):
		case n > 0 && list[n-1].until.Equal(at):
			list[n-1].until = until
		default:
			list = append(list, period{at, until})
		}
	}
	if n := len(list); n > 1 && list[0].from.Equal(clock(pl.days[0], 0)) && list[n-1].until.Equal(clock(end, 0)) {
		list[n-1].until = clock(end, 0).Add(list[0].until.Sub(list[0].from))
		list = list[1:]
	}
	return list
}

// say tells when a set holds: its longest run of the normal week, how many others there are, and on which other days it holds for
// longer than on the same day of that week.
func (pl *places) say(b bitset) string {
	list := pl.periods(b)
	days := pl.longer(b)
	on := ""
	switch {
	case len(days) == 1:
		on = "on " + sayDay(days[0])
	case len(days) > 1:
		on = fmt.Sprintf("on %d days such as %s", len(days), sayDay(days[0]))
	}
	if len(list) == 0 {
		return on
	}
	longest := 0
	for i, p := range list {
		if p.until.Sub(p.from) > list[longest].until.Sub(list[longest].from) {
			longest = i
		}
	}
	p := list[longest]
	if p.until.Sub(p.from) >= weekLength*24*time.Hour-time.Hour {
		return "at any time of the week"
	}
	parts := []string{fmt.Sprintf("from %s to %s", p.from.Format("Monday 15:04"), p.until.Format("Monday 15:04"))}
	if len(list) > 1 {
		parts = append(parts, fmt.Sprintf("at %s of the week", counted(len(list)-1, "other time")))
	}
	if on != "" {
		parts = append(parts, "for longer "+on)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + ", and " + parts[len(parts)-1] + ","
}

func sayDay(d nhs.Date) string { return d.Midnight(time.UTC).Format("Monday 2 January 2006") }

// longer are the days besides the normal week on which a set holds for longer than on that day of the week.
func (pl *places) longer(b bitset) []nhs.Date {
	length := make([]time.Duration, len(pl.days))
	for i, at := range pl.moments {
		if !b.has(i) {
			continue
		}
		until := clock(pl.days[pl.day[i]].Add(1), 0)
		if i+1 < len(pl.moments) && pl.day[i+1] == pl.day[i] {
			until = pl.moments[i+1]
		}
		length[pl.day[i]] += until.Sub(at)
	}
	var days []nhs.Date
	for i := weekLength; i < len(pl.days); i++ {
		weekday := (int(pl.days[i].Midnight(time.UTC).Weekday()) + 6) % 7 // Monday is the first
		if length[i] > length[weekday] {
			days = append(days, pl.days[i])
		}
	}
	return days
}
