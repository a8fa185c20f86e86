package feel

import (
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	datePart = `(-?)([1-9][0-9]{4,8}|[0-9]{4})-([0-9]{2})-([0-9]{2})`
	timePart = `([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?|@[A-Za-z0-9_+/-]+)?`
)

var (
	dateText     = regexp.MustCompile(`^` + datePart + `$`)
	timeText     = regexp.MustCompile(`^T?` + timePart + `$`)
	dateTimeText = regexp.MustCompile(`^` + datePart + `T` + timePart + `$`)
	daysText     = regexp.MustCompile(`^(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?$`)
	monthsText   = regexp.MustCompile(`^(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?$`)
)

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, bool) {
	m := dateText.FindStringSubmatch(s)
	if m == nil {
		return Date{}, false
	}
	return dateFrom(m[1:])
}

func dateFrom(m []string) (Date, bool) {
	year := digits(m[1])
	if m[0] == "-" {
		year = -year
	}
	return newDate(year, digits(m[2]), digits(m[3]))
}

// ParseTime reads hh:mm:ss with fractions and a zone, each if it is there.
func ParseTime(s string) (Time, bool) {
	m := timeText.FindStringSubmatch(s)
	if m == nil {
		return Time{}, false
	}
	return timeFrom(m[1:])
}

func timeFrom(m []string) (Time, bool) {
	hour, minute, second := digits(m[0]), digits(m[1]), digits(m[2])
	t := Time{Second: hour*3600 + minute*60 + second, Nano: fraction(m[3])}
	if minute > 59 || second > 59 || hour > 24 || hour == 24 && (minute+second+t.Nano) > 0 {
		return Time{}, false
	}
	zone, ok := parseZone(m[4])
	t.Zone = zone
	return t, ok
}

func parseZone(s string) (Zone, bool) {
	switch {
	case s == "":
		return Zone{}, true
	case s == "Z":
		return Zone{Kind: offsetZone}, true
	case s[0] == '@':
		if _, err := time.LoadLocation(s[1:]); err != nil || s[1:] == "Local" {
			return Zone{}, false
		}
		return Zone{Kind: namedZone, Name: s[1:]}, true
	}
	hours, minutes, seconds := digits(s[1:3]), digits(s[4:6]), 0
	if len(s) > 6 {
		seconds = digits(s[7:9])
	}
	offset := hours*3600 + minutes*60 + seconds
	if offset > 18*3600 || minutes > 59 || seconds > 59 {
		return Zone{}, false
	}
	if s[0] == '-' {
		offset = -offset
	}
	return Zone{Kind: offsetZone, Offset: offset}, true
}

// ParseDateTime reads a date, T and a time. 24:00:00 is the next day's midnight.
func ParseDateTime(s string) (DateTime, bool) {
	m := dateTimeText.FindStringSubmatch(s)
	if m == nil {
		return DateTime{}, false
	}
	d, ok := dateFrom(m[1:])
	if !ok {
		return DateTime{}, false
	}
	t, ok := timeFrom(m[5:])
	if ok && t.Second == secondsOfDay {
		t.Second = 0
		d, ok = dateOf(d.epochDay() + 1)
	}
	return DateTime{d, t}, ok
}

// ParseDays reads a days and time duration of ISO 8601.
func ParseDays(s string) (Days, bool) {
	m := daysText.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "T") || strings.HasSuffix(s, "P") {
		return Days{}, false
	}
	var total uint64
	for i, unit := range []uint64{secondsOfDay, 3600, 60, 1} {
		if m[i+2] == "" {
			continue
		}
		n, err := strconv.ParseUint(m[i+2], 10, 62)
		high, low := bits.Mul64(n, unit)
		total += low
		if err != nil || high != 0 || low > 1<<62 || total > 1<<62 {
			return Days{}, false
		}
	}
	d := newDays(int64(total), int64(fraction(m[6])))
	if m[1] == "-" {
		d = d.negated()
	}
	return d, true
}

// ParseMonths reads a years and months duration of ISO 8601.
func ParseMonths(s string) (Months, bool) {
	m := monthsText.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "P") {
		return Months{}, false
	}
	years, err := strconv.ParseInt("0"+m[2], 10, 59)
	months, err2 := strconv.ParseInt("0"+m[3], 10, 62)
	total := years*12 + months
	if err != nil || err2 != nil || years > 1<<55 || total < 0 {
		return Months{}, false
	}
	if m[1] == "-" {
		total = -total
	}
	return Months{total}, true
}

func digits(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1 << 40 // more digits than any limit lets pass
	}
	return n
}

// fraction is the nanoseconds of the digits after the point.
func fraction(s string) int {
	if len(s) > 9 {
		s = s[:9]
	}
	return digits("0" + s + strings.Repeat("0", 9-len(s)))
}

func (d Date) String() string {
	if d.Year < 0 {
		return fmt.Sprintf("-%04d-%02d-%02d", -d.Year, d.Month, d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

func (t Time) String() string {
	s := fmt.Sprintf("%02d:%02d:%02d", t.Second/3600, t.Second/60%60, t.Second%60)
	return s + fractionText(t.Nano) + t.Zone.String()
}

func fractionText(nano int) string {
	if nano == 0 {
		return ""
	}
	return "." + strings.TrimRight(fmt.Sprintf("%09d", nano), "0")
}

func (z Zone) String() string {
	switch {
	case z.Kind == noZone:
		return ""
	case z.Kind == namedZone:
		return "@" + z.Name
	case z.Offset == 0:
		return "Z"
	}
	mark, o := "+", z.Offset
	if o < 0 {
		mark, o = "-", -o
	}
	s := fmt.Sprintf("%s%02d:%02d", mark, o/3600, o/60%60)
	if o%60 != 0 {
		s += fmt.Sprintf(":%02d", o%60)
	}
	return s
}

func (t DateTime) String() string { return t.Date.String() + "T" + t.Time.String() }

func (d Days) String() string {
	mark := ""
	if d.Seconds < 0 {
		mark, d = "-", d.negated()
	}
	if d.Seconds == 0 && d.Nanos == 0 {
		return "PT0S"
	}
	s := mark + "P"
	if days := d.Seconds / secondsOfDay; days > 0 {
		s += strconv.FormatInt(days, 10) + "D"
	}
	rest := d.Seconds % secondsOfDay
	if rest == 0 && d.Nanos == 0 {
		return s
	}
	s += "T"
	if h := rest / 3600; h > 0 {
		s += strconv.FormatInt(h, 10) + "H"
	}
	if m := rest / 60 % 60; m > 0 {
		s += strconv.FormatInt(m, 10) + "M"
	}
	if sec := rest % 60; sec > 0 || d.Nanos > 0 {
		s += strconv.FormatInt(sec, 10) + fractionText(int(d.Nanos)) + "S"
	}
	return s
}

func (m Months) String() string {
	mark, n := "", m.Count
	if n < 0 {
		mark, n = "-", -n
	}
	s := mark + "P"
	if n/12 > 0 {
		s += strconv.FormatInt(n/12, 10) + "Y"
	}
	if n%12 > 0 || n == 0 {
		s += strconv.FormatInt(n%12, 10) + "M"
	}
	return s
}
