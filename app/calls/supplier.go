package calls

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/tenants"
)

// SupplierCall is one line of a telephone supplier's own list. Numbers in it are not read.
type SupplierCall struct {
	Row      int    // of the file, its heading being 1: how people find it
	External string // the supplier's id of the call; empty when its list has none
	At       time.Time
	Length   time.Duration // negative when the list does not say
}

// Supplier is a supplier's list as it was read.
type Supplier struct {
	Calls    []SupplierCall
	Outbound int // lines that are not calls to us, and were left out
}

const (
	// MaxSupplierFile bounds a supplier's list: more than a busy month of a large neighbourhood.
	MaxSupplierFile = 16 << 20
	maxSupplierRows = 200_000
)

// Suppliers name their columns as they like. These are compared without case, spaces and marks.
var (
	idNames        = []string{"callid", "id", "callsid", "sid", "uniqueid", "callreference", "reference", "callref", "guid", "callguid", "sipcallid"}
	startNames     = []string{"start", "starttime", "callstart", "callstarttime", "startdatetime", "startdate", "datetime", "calldatetime", "created", "createdat", "timestamp", "time", "date", "calldate", "startedat", "started"}
	timeNames      = []string{"time", "calltime", "starttime", "callstarttime"}
	lengthNames    = []string{"duration", "durationseconds", "durations", "seconds", "length", "calllength", "callduration", "totalduration", "billsec", "lengthseconds", "calllengthseconds", "durationinseconds", "totalcallduration"}
	directionNames = []string{"direction", "calldirection", "type", "calltype"}
	// momentLayouts are with a zone first; the others are London's time. A day before a month, as people write here.
	momentLayouts = []string{
		time.RFC3339Nano, time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05.000-0700", time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "2006-01-02 15:04:05 MST",
		"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "02/01/2006 15:04:05", "02/01/2006 15:04", "2/1/2006 15:04:05", "2/1/2006 15:04",
		"02-01-2006 15:04:05", "02.01.2006 15:04:05", "2 Jan 2006 15:04:05", "2 January 2006 15:04:05", "02 Jan 2006 15:04", "20060102150405", "20060102 150405",
	}
)

// ParseSupplier reads a supplier's list: a CSV with a heading, separated by commas, semicolons or tabs. It wants a column
// for when each call began, and takes the call's id, its length and its direction where there are any. Its errors name a
// row, and nothing that stands in it.
func ParseSupplier(file []byte) (Supplier, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	switch {
	case len(file) > MaxSupplierFile:
		return Supplier{}, fault.New(fault.TooLarge, "supplier_too_large", "The list is larger than %d MB.", MaxSupplierFile>>20)
	case !utf8.Valid(file):
		return Supplier{}, fault.New(fault.Invalid, "supplier_not_text", "The list is not a text in UTF-8: save it as “CSV UTF-8”.")
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = separator(file), -1, true, true
	heading, err := r.Read()
	if err != nil {
		return Supplier{}, fault.New(fault.Invalid, "supplier_empty", "The list is empty, or its first line cannot be read.")
	}
	columns, err := columnsOf(heading)
	if err != nil {
		return Supplier{}, err
	}
	var s Supplier
	for row := 2; ; row++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return Supplier{}, fault.New(fault.Invalid, "supplier_row", "Row %d of the list cannot be read.", row)
		}
		if blank(record) {
			continue
		}
		if len(s.Calls) == maxSupplierRows {
			return Supplier{}, fault.New(fault.TooLarge, "supplier_too_large", "The list has more than %d calls: ask for a shorter time.", maxSupplierRows)
		}
		if outbound(columns.text(record, columns.direction)) {
			s.Outbound++
			continue
		}
		c, err := columns.read(record, row)
		if err != nil {
			return Supplier{}, err
		}
		s.Calls = append(s.Calls, c)
	}
}

// separator is the mark that stands most often in the first line.
func separator(file []byte) rune {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, mark := range []rune{';', '\t', '|'} {
		if n := bytes.Count(line, []byte(string(mark))); n > most {
			best, most = mark, n
		}
	}
	return best
}

// columns are where things stand in a row; negative for what there is not.
type columns struct{ id, start, time, length, direction int }

func columnsOf(heading []string) (columns, error) {
	plain := make([]string, len(heading))
	for i, name := range heading {
		plain[i] = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(name))
	}
	find := func(names []string, but int) int {
		for _, name := range names { // the best name first, wherever it stands
			for i, p := range plain {
				if p == name && i != but {
					return i
				}
			}
		}
		return -1
	}
	c := columns{id: find(idNames, -1), length: find(lengthNames, -1), direction: find(directionNames, -1), start: find(startNames, -1), time: -1}
	if c.start < 0 {
		return c, fault.New(fault.Invalid, "supplier_no_start", "The list has no column that says when each call began, such as “Start time”.")
	}
	// A day in one column and its time in another.
	if day := find([]string{"date", "calldate", "startdate"}, -1); day >= 0 {
		if at := find(timeNames, day); at >= 0 {
			c.start, c.time = day, at
		}
	}
	return c, nil
}

func (c columns) text(record []string, i int) string {
	if i < 0 || i >= len(record) {
		return ""
	}
	return strings.TrimSpace(record[i])
}

func (c columns) read(record []string, row int) (SupplierCall, error) {
	call := SupplierCall{Row: row, External: c.text(record, c.id), Length: -1}
	at, ok := parseMoment(c.text(record, c.start))
	if c.time >= 0 {
		at, ok = parseMoment(c.text(record, c.start) + " " + c.text(record, c.time))
		if !ok { // the column of the time may hold both
			at, ok = parseMoment(c.text(record, c.time))
		}
	}
	if !ok {
		return call, fault.New(fault.Invalid, "supplier_moment", "Row %d of the list does not say when the call began in a form that can be read, such as 2026-11-23 09:30:00.", row)
	}
	call.At = at
	if text := c.text(record, c.length); text != "" {
		if call.Length, ok = parseLength(text); !ok {
			return call, fault.New(fault.Invalid, "supplier_length", "Row %d of the list does not say how long the call was in a form that can be read, such as 95 or 00:01:35.", row)
		}
	}
	return call, nil
}

func blank(record []string) bool {
	for _, field := range record {
		if strings.TrimSpace(field) != "" {
			return false
		}
	}
	return true
}

func outbound(direction string) bool {
	d := strings.ToLower(direction)
	return strings.HasPrefix(d, "out") || d == "internal"
}

func parseMoment(s string) (time.Time, bool) {
	for _, layout := range momentLayouts {
		if t, err := time.ParseInLocation(layout, s, tenants.London()); err == nil && t.Year() >= 2000 && t.Year() < 2200 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// parseLength reads seconds, or hours, minutes and seconds with colons between.
func parseLength(s string) (time.Duration, bool) {
	total := 0.0
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, false
	}
	for _, part := range parts {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || !(n >= 0 && n < 1e6) {
			return 0, false
		}
		total = total*60 + n
	}
	if total > 1e7 {
		return 0, false
	}
	return time.Duration(total * float64(time.Second)), true
}
