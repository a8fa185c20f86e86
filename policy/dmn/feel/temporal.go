package feel

import (
	"time"
)

// Date is a day of the proleptic Gregorian calendar.
type Date struct {
	Year       int
	Month, Day int
}

// Zone is where a time is: nowhere in particular, at an offset, or in a named zone.
type Zone struct {
	Kind   zoneKind
	Offset int    // seconds east of UTC, of an offset
	Name   string // of a named zone
}

type zoneKind uint8

const (
	noZone zoneKind = iota
	offsetZone
	namedZone
)

// Time is a time of day.
type Time struct {
	Second int // of the day, 0 to 86,400
	Nano   int
	Zone   Zone
}

// DateTime is a moment, or a time on a day nowhere in particular.
type DateTime struct {
	Date Date
	Time Time
}

// Days is a days and time duration.
type Days struct {
	Seconds int64 // rounded down
	Nanos   int64 // 0 to 999,999,999, added to Seconds
}

// Months is a years and months duration.
type Months struct{ Count int64 }

const (
	secondsOfDay = 86_400
	nanos        = 1_000_000_000
	maxYear      = 999_999_999
)

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// newDate refuses days that do not exist.
func newDate(year, month, day int) (Date, bool) {
	ok := year >= -maxYear && year <= maxYear && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
	return Date{year, month, day}, ok
}

// epochDay counts days from 1 January 1970.
func (d Date) epochDay() int64 {
	y, m := int64(d.Year), int64(d.Month)
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*((m+9)%12)+2)/5 + int64(d.Day) - 1
	return era*146_097 + yoe*365 + yoe/4 - yoe/100 + doy - 719_468
}

func dateOf(epochDay int64) (Date, bool) {
	z := epochDay + 719_468
	era := floorDiv(z, 146_097)
	doe := z - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := int(doy - (153*mp+2)/5 + 1)
	month := int(mp + 3)
	year := yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return newDate(int(year), month, day)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// plusMonths moves by months; a day that the month does not have becomes its last.
func (d Date) plusMonths(n int64) (Date, bool) {
	if n > 1<<40 || n < -(1<<40) {
		return Date{}, false
	}
	total := int64(d.Year)*12 + int64(d.Month-1) + n
	year, month := int(floorDiv(total, 12)), int(total-floorDiv(total, 12)*12)+1
	if year > maxYear || year < -maxYear {
		return Date{}, false
	}
	return newDate(year, month, min(d.Day, daysIn(year, month)))
}

// weekday is 1 for Monday to 7 for Sunday.
func (d Date) weekday() int { return int(d.epochDay()+3-floorDiv(d.epochDay()+3, 7)*7) + 1 }

func (d Date) dayOfYear() int { return int(d.epochDay()-Date{d.Year, 1, 1}.epochDay()) + 1 }

// weekOfYear is ISO 8601's.
func (d Date) weekOfYear() int {
	thursday, _ := dateOf(d.epochDay() + int64(4-d.weekday()))
	return (thursday.dayOfYear()-1)/7 + 1
}

// offset is what the zone is ahead of UTC, in seconds, at a local time on a day.
func (z Zone) offset(d Date, second int) (int, bool) {
	switch z.Kind {
	case offsetZone:
		return z.Offset, true
	case namedZone:
		l, err := time.LoadLocation(z.Name)
		if err != nil {
			return 0, false
		}
		_, offset := time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, second, 0, l).Zone()
		return offset, true
	}
	return 0, false
}

// instant is seconds since 1970 in UTC; zoned is false for a local time, which counts as if it were UTC.
func (t DateTime) instant() (seconds int64, zoned bool) {
	seconds = t.Date.epochDay()*secondsOfDay + int64(t.Time.Second)
	offset, zoned := t.Time.Zone.offset(t.Date, t.Time.Second)
	return seconds - int64(offset), zoned
}

// at is the date and time of an instant, seen in a zone.
func at(instant int64, nano int, z Zone) (DateTime, bool) {
	switch z.Kind {
	case offsetZone:
		instant += int64(z.Offset)
	case namedZone:
		l, err := time.LoadLocation(z.Name)
		if err != nil {
			return DateTime{}, false
		}
		_, offset := time.Unix(instant, 0).In(l).Zone()
		instant += int64(offset)
	}
	day := floorDiv(instant, secondsOfDay)
	d, ok := dateOf(day)
	return DateTime{d, Time{int(instant - day*secondsOfDay), nano, z}}, ok
}

// midnight is a date as a date and time, in UTC, as the specification has it.
func midnight(d Date) DateTime { return DateTime{d, Time{Zone: Zone{Kind: offsetZone}}} }

func newDays(seconds, nano int64) Days {
	carry := floorDiv(nano, nanos)
	return Days{seconds + carry, nano - carry*nanos}
}

func (d Days) negated() Days { return newDays(-d.Seconds, -d.Nanos) }

func (t DateTime) plusDays(d Days) (DateTime, bool) {
	instant, _ := t.instant()
	if d.Seconds > 1<<58 || d.Seconds < -(1<<58) {
		return DateTime{}, false
	}
	sum := newDays(instant+d.Seconds, int64(t.Time.Nano)+d.Nanos)
	return at(sum.Seconds, int(sum.Nanos), t.Time.Zone)
}

func (t DateTime) plusMonths(n int64) (DateTime, bool) {
	d, ok := t.Date.plusMonths(n)
	return DateTime{d, t.Time}, ok
}

func (t Time) plusDays(d Days) Time {
	sum := newDays(int64(t.Second)+d.Seconds%secondsOfDay, int64(t.Nano)+d.Nanos)
	return Time{int(sum.Seconds - floorDiv(sum.Seconds, secondsOfDay)*secondsOfDay), int(sum.Nanos), t.Zone}
}

// utc is the time of day in UTC; a named zone counts as on 1 January 1970.
func (t Time) utc() (second int, zoned bool) {
	offset, zoned := t.Zone.offset(Date{1970, 1, 1}, t.Second)
	return t.Second - offset, zoned
}

// minusDateTime is the time between two moments; both must be somewhere or both nowhere.
func (t DateTime) minusDateTime(u DateTime) (Days, bool) {
	a, zonedA := t.instant()
	b, zonedB := u.instant()
	return newDays(a-b, int64(t.Time.Nano-u.Time.Nano)), zonedA == zonedB
}

// monthsBetween counts the whole months from one day to another; the time of day does not count.
func monthsBetween(from, to DateTime) int64 {
	months := int64(to.Date.Year-from.Date.Year)*12 + int64(to.Date.Month-from.Date.Month)
	if months > 0 && to.Date.Day < from.Date.Day {
		months--
	} else if months < 0 && to.Date.Day > from.Date.Day {
		months++
	}
	return months
}

// equalTemporal compares to the second, as the specification's value functions do.
func equalTemporal(a, b Value) (bool, bool) {
	if o, ok := compareTemporal(a, b, false); ok {
		return o == 0, true
	}
	// Somewhere and nowhere in particular are of one kind, and never equal.
	return false, TypeName(a) == TypeName(b)
}

func orderTemporal(a, b Value) (int, bool) { return compareTemporal(a, b, true) }

func compareTemporal(a, b Value, fractions bool) (int, bool) {
	switch x := a.(type) {
	case Date:
		switch y := b.(type) {
		case Date:
			return sign(x.epochDay() - y.epochDay()), true
		case DateTime:
			return compareTemporal(midnight(x), y, fractions)
		}
	case Time:
		if y, ok := b.(Time); ok {
			s, zonedX := x.utc()
			t, zonedY := y.utc()
			return compareSeconds(int64(s), int64(t), x.Nano, y.Nano, fractions), zonedX == zonedY
		}
	case DateTime:
		switch y := b.(type) {
		case DateTime:
			s, zonedX := x.instant()
			t, zonedY := y.instant()
			return compareSeconds(s, t, x.Time.Nano, y.Time.Nano, fractions), zonedX == zonedY
		case Date:
			return compareTemporal(x, midnight(y), fractions)
		}
	case Days:
		if y, ok := b.(Days); ok {
			return compareSeconds(x.Seconds, y.Seconds, int(x.Nanos), int(y.Nanos), true), true
		}
	case Months:
		if y, ok := b.(Months); ok {
			return sign(x.Count - y.Count), true
		}
	}
	return 0, false
}

func compareSeconds(a, b int64, nanoA, nanoB int, fractions bool) int {
	if a != b || !fractions {
		return sign(a - b)
	}
	return sign(int64(nanoA - nanoB))
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
