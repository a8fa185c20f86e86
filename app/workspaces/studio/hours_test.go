package studio

import (
	"reflect"
	"testing"

	"onedoor/tenants"
)

func TestADayIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	morning, afternoon := tenants.Clock("09:00", "13:00"), tenants.Clock("14:00", "18:30")
	for written, want := range map[string][]tenants.Period{
		"":                               nil,
		"Closed":                         nil,
		"09:00 to 13:00":                 {morning},
		"9am-1pm":                        {morning},
		"9 to 13":                        {morning},
		"9am to 1pm, 2pm – 6.30pm":       {morning, afternoon},
		"14:00 to 18:30 and 9:00 to 13":  {morning, afternoon},
		"9 until noon":                   {tenants.Clock("09:00", "12:00")},
		"midnight to midnight":           {tenants.Clock("00:00", "24:00")},
		"all day":                        {tenants.Clock("00:00", "24:00")},
		"10pm to midnight; 12am to 2 am": {tenants.Clock("00:00", "02:00"), tenants.Clock("22:00", "24:00")},
	} {
		got, err := parseDay(written)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, %v; want %v", written, got, err, want)
		}
	}
	for _, wrong := range []string{"9", "nine to five", "09:00 to", "25:00 to 26:00", "13pm to 14pm", "0am to 1am", "9:75 to 10", "9 to 10,,", "24:30 to 25"} {
		if got, err := parseDay(wrong); err == nil {
			t.Errorf("%q was read as %v", wrong, got)
		}
	}
}

func TestSpecialDaysAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	want := map[string][]tenants.Period{"2026-12-24": {tenants.Clock("09:00", "13:00")}, "2027-01-02": nil}
	const written = "24 December 2026: 09:00 to 13:00\n2 January 2027: closed"
	got, err := parseDates("24/12/2026: 9am to 1pm\n\n2027-01-02: closed\r\n")
	if err != nil || !reflect.DeepEqual(got, want) || writeDates(got) != written {
		t.Errorf("got %v, %v, written %q", got, err, writeDates(got))
	}
	for _, wrong := range []string{"24 December: closed", "24 December 2026", "31 February 2026: closed", "24 December 2026: closed\n24/12/2026: closed"} {
		if got, err := parseDates(wrong); err == nil {
			t.Errorf("%q was read as %v", wrong, got)
		}
	}
}

func TestAWeekIsSaidInRunsOfDays(t *testing.T) {
	t.Parallel()
	h := tenants.Weekdays(tenants.Clock("09:00", "13:00"), tenants.Clock("14:00", "18:00"))
	h.Week[6] = []tenants.Period{tenants.Clock("09:00", "13:00")}
	h.Dates = map[string][]tenants.Period{"2026-12-24": nil}
	want := []string{"Monday to Friday: 09:00 to 13:00, 14:00 to 18:00", "Saturday: 09:00 to 13:00", "Sunday: closed", "Bank holidays: closed", "24 December 2026: closed"}
	if got := hoursWords(h); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzParseDay(f *testing.F) {
	for _, seed := range []string{"", "closed", "09:00 to 13:00, 14:00 to 18:00", "9am-1pm", "24:00 to 00:00", "-", ",,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		periods, err := parseDay(written)
		if err != nil {
			return
		}
		var h tenants.Hours
		h.Week[1] = periods
		if h.Check() != nil {
			return // the domain refuses it, at its day
		}
		again, err := parseDay(writeDay(periods))
		if err != nil || len(again) != len(periods) {
			t.Fatalf("%q is %v, written %q, and read %v, %v", written, periods, writeDay(periods), again, err)
		}
		for i, p := range periods {
			if p.From < 0 || p.Until > dayEnds || again[i] != p {
				t.Fatalf("%q is %v, and read again %v", written, periods, again)
			}
		}
	})
}
