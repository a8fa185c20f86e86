package calls

import (
	"strings"
	"testing"
	"time"

	"onedoor/app/fault"
)

func TestSuppliersListsAreReadAsTheyCome(t *testing.T) {
	t.Parallel()
	want := SupplierCall{Row: 2, External: "", At: nine, Length: 95 * time.Second}
	for name, test := range map[string]struct {
		list     string
		external string
	}{
		"plain":                             {"Start time,Duration\n2026-11-23 09:00:00,95\n", ""},
		"with semicolons and a mark":        {"\xef\xbb\xbfCall ID;Call Start;Duration\nx1;23/11/2026 09:00:00;00:01:35\n", "x1"},
		"with tabs":                         {"Direction\tStarted at\tSeconds\nInbound\t2026-11-23T09:00:00Z\t95\n", ""},
		"a day and a time apart":            {"Date,Time,Duration\n23/11/2026,09:00:00,1:35\n", ""},
		"a date and a start time apart":     {"Call Date,Caller,Start Time,Length\n23/11/2026,07700900123,09:00,95\n", ""},
		"a platform's":                      {"Call Sid,From,To,Start Time,Duration\nCA1,+44,+44,\"Mon, 23 Nov 2026 09:00:00 +0000\",95\n", "CA1"},
		"with quotes and lines of Windows":  {"\"Call ID\",\"Start, local\",\"Start Time\",\"Duration (seconds)\"\r\n\"x1\",\"a, b\",\"2026-11-23 09:00:00\",\"95\"\r\n", "x1"},
		"with blank lines and more columns": {"start,duration\n2026-11-23 09:00:00,95,more,and more\n,\n\n", ""},
		"in another zone":                   {"start,duration\n2026-11-23T10:00:00+01:00,95.0\n", ""},
	} {
		s, err := ParseSupplier([]byte(test.list))
		want.External = test.external
		if err != nil || len(s.Calls) != 1 || s.Calls[0] != want {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestLondonsSummerIsRead(t *testing.T) {
	t.Parallel()
	s, err := ParseSupplier([]byte("start\n2026-07-01 09:00:00\n"))
	if err != nil || !s.Calls[0].At.Equal(time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)) || s.Calls[0].Length >= 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestCallsThatWentOutAreLeftOut(t *testing.T) {
	t.Parallel()
	s, err := ParseSupplier([]byte("direction,start\nOutbound,2026-11-23 09:00\noutbound-dial,whenever\ninternal,2026-11-23 09:00\nInbound,2026-11-23 09:00\n"))
	if err != nil || s.Outbound != 3 || len(s.Calls) != 1 || s.Calls[0].Row != 5 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAListThatCannotBeReadIsRefusedByItsRowAndNotItsWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ list, code, says string }{
		"nothing":             {"", "supplier_empty", "empty"},
		"no moment":           {"caller,length\n07700900123,12\n", "supplier_no_start", "Start time"},
		"a moment of no form": {"start,caller\n2026-11-23 09:00,1\nyesterday,07700900123\n", "supplier_moment", "Row 3"},
		"a length of no form": {"start,duration\n2026-11-23 09:00,07700900123 s\n", "supplier_length", "Row 2"},
		"a negative length":   {"start,duration\n2026-11-23 09:00,-4\n", "supplier_length", "Row 2"},
		"no text":             {"start\n\xff\xfe\x00", "supplier_not_text", "UTF-8"},
		"too large":           {strings.Repeat("x", MaxSupplierFile+1), "supplier_too_large", "16 MB"},
	} {
		_, err := ParseSupplier([]byte(test.list))
		if !fault.Is(err, test.code) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "07700900123") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseSupplier(f *testing.F) {
	f.Add([]byte("Call ID;Call Start;Duration\nx1;23/11/2026 09:00:00;00:01:35\n"))
	f.Add([]byte("Date,Time,Duration\n23/11/2026,09:00:00,1:35\n"))
	f.Add([]byte("\"start\n\",\n"))
	f.Add([]byte("start,duration,direction\n2026-11-23T09:00:00Z,1e300,outbound\n"))
	f.Fuzz(func(t *testing.T, list []byte) {
		s, err := ParseSupplier(list)
		if err != nil {
			if k := fault.As(err).Kind; k != fault.Invalid && k != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		rows := map[int]bool{}
		for _, c := range s.Calls {
			if rows[c.Row] || c.Row < 2 || c.At.IsZero() || c.Length < -1 || c.Length > 1e7*time.Second {
				t.Fatalf("%+v", c)
			}
			rows[c.Row] = true
		}
		ours := []Ours{ourCall(1, nine, "x1"), ourCall(2, nine.Add(time.Second), "")}
		check(t, ours, s.Calls, monday, reconcile(ours, s, monday, plainHash))
	})
}
