package nhs_test

import (
	"encoding/json"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want, code string }{
		{"ten digits", "9434765919", "9434765919", ""},
		{"spaced as people write it", " 943 476 5919 ", "9434765919", ""},
		{"hyphens", "943-476-5919", "9434765919", ""},
		{"wrong check digit", "9434765918", "", "nhs_number_check_digit"},
		{"a check digit of ten does not exist", "1000000010", "", "nhs_number_check_digit"},
		{"nine digits", "943476591", "", "nhs_number_format"},
		{"letters", "943476591X", "", "nhs_number_format"},
		{"other digits of the world", "٩٤٣٤٧٦٥٩١٩", "", "nhs_number_format"},
		{"nothing", "", "", "nhs_number_format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := nhs.ParseNumber(c.in)
			if string(got) != c.want || (c.code == "") != (err == nil) || (err != nil && !fault.Is(err, c.code)) {
				t.Errorf("ParseNumber(%q) = %q, %v; want %q, %s", c.in, got, err, c.want, c.code)
			}
		})
	}
}

func TestParsePostcode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]nhs.Postcode{
		"ls14ap": "LS1 4AP", " SW1A 1AA": "SW1A 1AA", "M1 1AE": "M1 1AE", "zz993vz": nhs.NoFixedAbode, "EC1A1BB": "EC1A 1BB",
		"": "", "LS1": "", "12345": "", "LS1 4A1": "", "ABCDE 1AA": "", "LS1;4AP": "", "LSÉ 4AP": "",
	} {
		got, err := nhs.ParsePostcode(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParsePostcode(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestAgeTurnsOnTheBirthday(t *testing.T) {
	t.Parallel()
	leap := nhs.Date{Year: 2008, Month: time.February, Day: 29}
	for _, c := range []struct {
		at            nhs.Date
		years, months int
	}{
		{nhs.Date{Year: 2026, Month: 2, Day: 28}, 17, 215},
		{nhs.Date{Year: 2026, Month: 3, Day: 1}, 18, 216},
		{nhs.Date{Year: 2024, Month: 2, Day: 29}, 16, 192},
		{leap, 0, 0},
	} {
		if y, m := leap.Age(c.at), leap.AgeMonths(c.at); y != c.years || m != c.months {
			t.Errorf("on %s: %d years, %d months; want %d, %d", c.at, y, m, c.years, c.months)
		}
	}
}

func TestBirthDates(t *testing.T) {
	t.Parallel()
	today := nhs.Date{Year: 2026, Month: 11, Day: 22}
	for in, code := range map[string]string{
		"2026-11-22": "", "1896-11-22": "", "2026-11-23": "birth_date_future", "1895-12-31": "birth_date_too_early",
		"2025-02-29": "date_format", "29/02/2024": "date_format", "2024-2-9": "date_format", "": "date_format",
	} {
		_, err := nhs.ParseBirthDate(in, today)
		if (err == nil) != (code == "") || (err != nil && !fault.Is(err, code)) {
			t.Errorf("ParseBirthDate(%q): %v; want %q", in, err, code)
		}
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]nhs.Phone{"07700 900123": "+447700900123", "+44 7700 900123": "+447700900123", "01632 960101": "+441632960101", "12": "", "call me": ""} {
		if got, err := nhs.ParsePhone(in); got != want || (err == nil) != (want != "") {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	if got := nhs.Phone("+447700900123").Local(); got != "07700 900123" {
		t.Errorf("Local() = %q", got)
	}
}

func FuzzParsers(f *testing.F) {
	for _, s := range []string{"9434765919", "LS1 4AP", "2024-02-29", "07700 900123", "A81001", "\x00", "٩٩٩"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := nhs.ParseNumber(s); err == nil {
			again, err := nhs.ParseNumber(n.Spaced())
			if err != nil || again != n {
				t.Errorf("%q did not come back from %q", n, n.Spaced())
			}
		}
		if p, err := nhs.ParsePostcode(s); err == nil {
			if again, err := nhs.ParsePostcode(string(p)); err != nil || again != p {
				t.Errorf("%q is not its own form", p)
			}
		}
		if d, err := nhs.ParseDate(s); err == nil {
			b, _ := json.Marshal(d)
			var again nhs.Date
			if err := json.Unmarshal(b, &again); err != nil || again != d {
				t.Errorf("%v did not come back from %s: %v", d, b, err)
			}
		}
		if p, err := nhs.ParsePhone(s); err == nil {
			if again, err := nhs.ParsePhone(string(p)); err != nil || again != p {
				t.Errorf("%q is not its own form: %q, %v", p, again, err)
			}
		}
		if c, err := nhs.ParseODSCode(s); err == nil {
			if again, err := nhs.ParseODSCode(string(c)); err != nil || again != c {
				t.Errorf("%q is not its own form", c)
			}
		}
	})
}

func TestAMobileCanBeTexted(t *testing.T) {
	t.Parallel()
	for phone, want := range map[nhs.Phone]bool{
		"+447700900123": true, "+447624123456": true, "+447012345678": false, "+447612345678": false, "+441134960000": false, "+33612345678": false, "": false,
	} {
		if phone.Mobile() != want {
			t.Errorf("%s is a mobile: %v", phone, !want)
		}
	}
}
