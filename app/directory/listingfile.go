package directory

import (
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// FileKind names a file of the Organisation Data Service.
type FileKind string

const (
	Practices  FileKind = "epraccur"    // GP practices and other prescribing cost centres
	Pharmacies FileKind = "edispensary" // pharmacies and other dispensaries
)

// KindOfFile tells a file's kind by its usual name.
func KindOfFile(path string) (FileKind, error) {
	name := strings.ToLower(filepath.Base(path))
	for _, kind := range []FileKind{Practices, Pharmacies} {
		if strings.HasPrefix(name, string(kind)) {
			return kind, nil
		}
	}
	return "", fault.New(fault.Invalid, "file_kind", "Say which file it is: epraccur or edispensary.")
}

// The columns of the service's 27-field files, from 0. They have no heading; one that was added is passed over.
// Source: NHS England, Organisation Data Service, "27-field standard format"; the prescribing setting is epraccur's own.
const (
	columnCode      = 0
	columnName      = 1
	columnAddress   = 4 // to 8
	columnPostcode  = 9
	columnOpened    = 10 // YYYYMMDD
	columnClosed    = 11
	columnStatus    = 12 // A active, C closed, D dormant, P proposed
	columnTelephone = 17
	columnSetting   = 25 // 4 is a GP practice
	columnsAtLeast  = 18
)

// mostRows bounds a file: England has some 12,000 practices and as many pharmacies, with those that closed.
const mostRows = 200_000

// ReadFile reads organisations from a file of the Organisation Data Service. Rows that are no organisation are passed over and
// counted; a file that is none is refused whole (file_format).
func ReadFile(file io.Reader, kind FileKind, at time.Time) (list []Listed, passedOver int, err error) {
	if kind != Practices && kind != Pharmacies {
		return nil, 0, fault.New(fault.Invalid, "file_kind", "Say which file it is: epraccur or edispensary.")
	}
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	for rows := 0; ; rows++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var malformed *csv.ParseError
		switch {
		case errors.As(err, &malformed):
			return nil, 0, fault.New(fault.Malformed, "file_format", "Line %d cannot be read as comma-separated values.", malformed.Line)
		case err != nil:
			return nil, 0, err
		case rows >= mostRows:
			return nil, 0, fault.New(fault.TooLarge, "file_too_long", "The file has more than %d rows.", mostRows)
		}
		if l, ok := listedOf(row, kind, at); ok {
			list = append(list, l)
		} else {
			passedOver++
		}
	}
	if len(list) == 0 {
		return nil, 0, fault.New(fault.Invalid, "file_format", "There is no organisation in this file. It wants the 27 columns of the Organisation Data Service.")
	}
	return list, passedOver, nil
}

func listedOf(row []string, kind FileKind, at time.Time) (Listed, bool) {
	if len(row) < columnsAtLeast {
		return Listed{}, false
	}
	field := func(i int) string {
		if i >= len(row) {
			return ""
		}
		return strings.TrimSpace(strings.ToValidUTF8(row[i], ""))
	}
	code, err := nhs.ParseODSCode(field(columnCode))
	status := strings.ToUpper(field(columnStatus))
	if err != nil || field(columnName) == "" || len(status) > 1 || !strings.Contains("ACDP", status) || status == "" {
		return Listed{}, false
	}
	l := Listed{
		ODS: code, Name: field(columnName), Open: status == "A", OpenedOn: compactDay(field(columnOpened)), ClosedOn: compactDay(field(columnClosed)),
		Source: string(kind), ReadAt: at,
	}
	switch setting := field(columnSetting); {
	case kind == Pharmacies:
		l.Kind = tenants.Pharmacy
	case setting == "4" || setting == "RO76":
		l.Kind, l.Role = tenants.Practice, "RO76"
	}
	for i := columnAddress; i < columnPostcode; i++ {
		if line := field(i); line != "" {
			l.Address = append(l.Address, line)
		}
	}
	l.Postcode, _ = nhs.ParsePostcode(field(columnPostcode)) // one that is none is not kept
	if phone := field(columnTelephone); phone != "" {
		l.Telephone, _ = nhs.ParsePhone(phone) // likewise
	}
	return l, true
}

// compactDay reads YYYYMMDD; anything else is no day.
func compactDay(s string) nhs.Date {
	t, err := time.Parse("20060102", s)
	if err != nil || t.Year() < 1 {
		return nhs.Date{}
	}
	return nhs.DateOf(t)
}
