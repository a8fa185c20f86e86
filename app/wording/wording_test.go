package wording_test

import (
	"testing"
	"time"

	"onedoor/app/wording"
	"onedoor/tenants"
)

func TestAMomentIsSaidFromToday(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, tenants.London())
	for name, c := range map[string]struct {
		at          time.Time
		long, short string
	}{
		"the same day":                         {now.Add(9*time.Hour + 30*time.Minute), "18:30 today", "18:30 today"},
		"the next day, a minute after it":      {time.Date(2026, 11, 24, 0, 1, 0, 0, tenants.London()), "00:01 tomorrow", "00:01 tomorrow"},
		"the day before, at its last minute":   {time.Date(2026, 11, 22, 23, 59, 0, 0, tenants.London()), "23:59 yesterday", "23:59 yesterday"},
		"another day of this year":             {time.Date(2026, 11, 27, 18, 30, 0, 0, tenants.London()), "18:30 on Fri 27 Nov", "18:30 Fri 27 Nov"},
		"a day of another year":                {time.Date(2027, 1, 4, 8, 0, 0, 0, tenants.London()), "08:00 on Mon 4 Jan 2027", "08:00 Mon 4 Jan 2027"},
		"summer time, in which London differs": {time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC), "00:30 on Thu 2 Jul", "00:30 Thu 2 Jul"},
	} {
		if long, short := wording.Moment(c.at, now), wording.ShortMoment(c.at, now); long != c.long || short != c.short {
			t.Errorf("%s: %q and %q", name, long, short)
		}
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 requests", 1: "1 request", 999: "999 requests", 1204: "1,204 requests", 1234567: "1,234,567 requests", -1204: "−1,204 requests"} {
		if got := wording.Counted(n, "request", "requests"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
