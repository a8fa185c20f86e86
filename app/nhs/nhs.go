// Package nhs holds the identifiers and plain values of the field: NHS numbers, ODS codes, postcodes, dates and
// telephone numbers. Each is parsed once, at the edge, and is valid ever after; no other package passes them as bare
// strings. Its errors are sentences for people and hold none of the input.
package nhs

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"onedoor/app/fault"
)

// Number is a ten-digit NHS number with a correct Modulus 11 check digit. The zero value means none.
// Source: NHS Data Dictionary, NHS NUMBER.
type Number string

// ParseNumber accepts ten digits with spaces or hyphens anywhere between them.
func ParseNumber(s string) (Number, error) {
	digits := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(s))
	if len(digits) != 10 || strings.Trim(digits, "0123456789") != "" {
		return "", fault.New(fault.Invalid, "nhs_number_format", "Enter an NHS number of 10 digits, such as 999 123 4567.")
	}
	if !Modulus11(digits) {
		return "", fault.New(fault.Invalid, "nhs_number_check_digit", "This is not a valid NHS number: check the digits.")
	}
	return Number(digits), nil
}

// Modulus11 reports whether ten digits pass the NHS number check.
func Modulus11(digits string) bool {
	if len(digits) != 10 || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += int(digits[i]-'0') * (10 - i)
	}
	check := 11 - sum%11
	if check == 11 {
		check = 0
	}
	return check != 10 && check == int(digits[9]-'0')
}

// Spaced is the number as people read it: 999 123 4567.
func (n Number) Spaced() string {
	if len(n) != 10 {
		return ""
	}
	return string(n[:3]) + " " + string(n[3:6]) + " " + string(n[6:])
}

// ODSCode identifies an organisation. Source: NHS Organisation Data Service; 3 to 12 capitals and digits here.
type ODSCode string

// ParseODSCode accepts either case.
func ParseODSCode(s string) (ODSCode, error) {
	c := strings.ToUpper(strings.TrimSpace(s))
	if len(c) < 3 || len(c) > 12 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", fault.New(fault.Invalid, "ods_code_format", "Enter an ODS code of 3 to 12 letters and digits, such as A81001.")
	}
	return ODSCode(c), nil
}

// Postcode is a UK postcode in capitals with one space before its last three characters.
type Postcode string

// NoFixedAbode is the postcode recorded for people without an address.
const NoFixedAbode Postcode = "ZZ99 3VZ"

// ParsePostcode accepts any spacing and case.
func ParsePostcode(s string) (Postcode, error) {
	c := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	bad := fault.New(fault.Invalid, "postcode_format", "Enter a full UK postcode, such as LS1 4AP.")
	if len(c) < 5 || len(c) > 7 {
		return "", bad
	}
	out, in := c[:len(c)-3], c[len(c)-3:]
	letter := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	if !digit(in[0]) || !letter(in[1]) || !letter(in[2]) || !letter(out[0]) {
		return "", bad
	}
	digits := 0
	for i := range len(out) {
		switch {
		case digit(out[i]):
			digits++
		case !letter(out[i]):
			return "", bad
		}
	}
	if digits == 0 || digits > 2 {
		return "", bad
	}
	return Postcode(out + " " + in), nil
}

// Date is a calendar day with no time and no zone. The zero value means unknown.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	if err != nil || t.Year() < 1 {
		return Date{}, fault.New(fault.Invalid, "date_format", "Enter a real date as YYYY-MM-DD, such as 1996-04-27.")
	}
	return DateOf(t), nil
}

// ParseBirthDate reads a date that is not after today and no more than 130 years before it.
func ParseBirthDate(s string, today Date) (Date, error) {
	d, err := ParseDate(s)
	if err != nil {
		return Date{}, err
	}
	if today.Before(d) {
		return Date{}, fault.New(fault.Invalid, "birth_date_future", "Date of birth must be today or in the past.")
	}
	if d.Year < today.Year-130 {
		return Date{}, fault.New(fault.Invalid, "birth_date_too_early", "Date of birth must be within the last 130 years.")
	}
	return d, nil
}

// DateOf is the calendar day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// IsZero reports whether the date is unknown.
func (d Date) IsZero() bool { return d == Date{} }

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// Midnight is the first moment of the day in a zone.
func (d Date) Midnight(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Add moves a number of days.
func (d Date) Add(days int) Date {
	return DateOf(d.Midnight(time.UTC).AddDate(0, 0, days))
}

// Age is completed years at a day. Somebody born on 29 February has a birthday on 1 March in other years.
func (d Date) Age(at Date) int {
	years := at.Year - d.Year
	if at.Month < d.Month || (at.Month == d.Month && at.Day < d.Day) {
		years--
	}
	return years
}

// AgeMonths is completed months at a day.
func (d Date) AgeMonths(at Date) int {
	months := (at.Year-d.Year)*12 + int(at.Month) - int(d.Month)
	if at.Day < d.Day {
		months--
	}
	return months
}

// String is YYYY-MM-DD, or nothing when unknown.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD, or nothing for unknown.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	*d = v
	return err
}

// Value stores a date column; unknown is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.Midnight(time.UTC), nil
}

// Scan reads a date column.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		*d = DateOf(v)
	case string:
		return d.UnmarshalText([]byte(v))
	default:
		return fmt.Errorf("scan %T as a date", src)
	}
	return nil
}

// Phone is a telephone number in E.164 form: +447700900123.
type Phone string

// ParsePhone reads a UK number, or any other with its country code.
func ParsePhone(s string) (Phone, error) {
	n, err := phonenumbers.Parse(strings.TrimSpace(s), "GB")
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", fault.New(fault.Invalid, "phone_format", "Enter a telephone number, such as 07700 900123.")
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// Local is the number as people in the UK write it.
func (p Phone) Local() string {
	n, err := phonenumbers.Parse(string(p), "GB")
	if err != nil {
		return string(p)
	}
	if n.GetCountryCode() == 44 {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Mobile reports whether it is a number of a UK mobile, which can be texted: 07, without pagers and personal numbers.
// Source: Ofcom, National Telephone Numbering Plan.
func (p Phone) Mobile() bool {
	rest, ok := strings.CutPrefix(string(p), "+447")
	return ok && len(rest) == 9 && rest[0] != '0' && (rest[0] != '6' || strings.HasPrefix(rest, "624"))
}

// Sex as recorded, in FHIR's administrative-gender codes. The zero value means unknown.
type Sex string

const (
	Female Sex = "female"
	Male   Sex = "male"
	Other  Sex = "other"
)

// ParseSex reads one of the three codes; "unknown" is the zero value.
func ParseSex(s string) (Sex, error) {
	switch x := Sex(strings.ToLower(strings.TrimSpace(s))); x {
	case Female, Male, Other:
		return x, nil
	case "unknown", "":
		return "", nil
	}
	return "", fault.New(fault.Invalid, "sex_code", "Sex must be female, male, other or unknown.")
}
