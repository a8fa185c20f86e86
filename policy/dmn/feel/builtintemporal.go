package feel

import "time"

func temporalFunctions() map[string]*builtin {
	days := func(call func(d Date) Value) *builtin {
		return takes("date", of(func(r *Run, v Value) Value {
			switch x := v.(type) {
			case Date:
				return call(x)
			case DateTime:
				return call(x.Date)
			}
			return r.null("a %s has no day", TypeName(v))
		}))
	}
	return map[string]*builtin{
		"date":          takes("from | year, month, day", dateFunction),
		"time":          takes("from | hour, minute, second, offset?", timeFunction),
		"date and time": takes("from | date, time", dateTimeFunction),
		"duration": takes("from", of(func(r *Run, s string) Value {
			if d, ok := ParseDays(s); ok {
				return d
			}
			if m, ok := ParseMonths(s); ok {
				return m
			}
			return r.null("%s is no duration", quoted(s))
		})),
		"years and months duration": takes("from, to", monthsFunction),
		"day of year":               days(func(d Date) Value { return NewNumber(int64(d.dayOfYear())) }),
		"day of week":               days(func(d Date) Value { return time.Weekday(d.weekday() % 7).String() }),
		"month of year":             days(func(d Date) Value { return time.Month(d.Month).String() }),
		"week of year":              days(func(d Date) Value { return NewNumber(int64(d.weekOfYear())) }),
		"now": takes("", func(r *Run, _ []Value) Value {
			if r.Now.IsZero() {
				return r.null("nobody said what the time is")
			}
			return fromTime(r.Now)
		}),
		"today": takes("", func(r *Run, _ []Value) Value {
			if r.Now.IsZero() {
				return r.null("nobody said what the date is")
			}
			return fromTime(r.Now).Date
		}),
	}
}

func fromTime(t time.Time) DateTime {
	_, offset := t.Zone()
	return DateTime{Date{t.Year(), int(t.Month()), t.Day()}, Time{t.Hour()*3600 + t.Minute()*60 + t.Second(), t.Nanosecond(), Zone{Kind: offsetZone, Offset: offset}}}
}

func dateFunction(r *Run, a []Value) Value {
	if len(a) == 3 {
		year, ok := truncated(a[0])
		month, ok2 := truncated(a[1])
		day, ok3 := truncated(a[2])
		d, exists := newDate(year, month, day)
		if !ok || !ok2 || !ok3 || !exists {
			return r.null("there is no such date")
		}
		return d
	}
	if len(a) == 1 {
		switch x := single(a[0]).(type) {
		case string:
			if d, ok := ParseDate(x); ok {
				return d
			}
		case Date:
			return x
		case DateTime:
			return x.Date
		}
	}
	return r.null("there is no such date")
}

func single(v Value) Value {
	if l, is := v.(List); is && len(l) == 1 {
		return l[0]
	}
	return v
}

func timeFunction(r *Run, a []Value) Value {
	if len(a) > 1 {
		return timeOfParts(r, a)
	}
	switch x := single(a[0]).(type) {
	case string:
		if t, ok := ParseTime(x); ok && x[0] != 'T' {
			return t
		}
	case Time:
		return x
	case DateTime:
		return x.Time
	case Date:
		return midnight(x).Time
	}
	return r.null("there is no such time")
}

func timeOfParts(r *Run, a []Value) Value {
	hour, ok := whole(a[0])
	minute, ok2 := whole(a[1])
	exact, ok3 := a[2].(*Number)
	if !ok || !ok2 || !ok3 || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return r.null("there is no such time")
	}
	second, isDays := daysOf(exact).(Days)
	if !isDays || second.Seconds < 0 || second.Seconds > 59 {
		return r.null("there is no such time")
	}
	t := Time{Second: hour*3600 + minute*60 + int(second.Seconds), Nano: int(second.Nanos)}
	switch offset := optional(a, 3).(type) {
	case nil:
	case Days:
		if offset.Seconds > 18*3600 || offset.Seconds < -18*3600 {
			return r.null("a time is at most 18 hours from UTC")
		}
		t.Zone = Zone{Kind: offsetZone, Offset: int(offset.Seconds)}
	default:
		return r.null("the offset of a time is a duration")
	}
	return t
}

func dateTimeFunction(r *Run, a []Value) Value {
	if len(a) == 2 {
		t, ok := single(a[1]).(Time)
		switch d := single(a[0]).(type) {
		case Date:
			if ok {
				return DateTime{d, t}
			}
		case DateTime:
			if ok {
				return DateTime{d.Date, t}
			}
		}
		return r.null("there is no such date and time")
	}
	switch x := single(a[0]).(type) {
	case string:
		if t, ok := ParseDateTime(x); ok {
			return t
		}
		if d, ok := ParseDate(x); ok {
			return DateTime{Date: d}
		}
	case DateTime:
		return x
	case Date:
		return midnight(x)
	}
	return r.null("there is no such date and time")
}

func monthsFunction(r *Run, a []Value) Value {
	from, ok := moment(a[0])
	to, ok2 := moment(a[1])
	if !ok || !ok2 {
		return r.null("years and months duration takes two dates")
	}
	return Months{monthsBetween(from, to)}
}

func moment(v Value) (DateTime, bool) {
	switch x := single(v).(type) {
	case Date:
		return midnight(x), true
	case DateTime:
		return x, true
	}
	return DateTime{}, false
}
