package intake

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Detail is one thing that is asked of the person whom the request is for.
type Detail string

// The details, in the order in which they are asked.
const (
	Name        Detail = "name" // two texts: given and family; never asked on the telephone
	BirthDate   Detail = "birth-date"
	NHSNumber   Detail = "nhs-number"
	Postcode    Detail = "postcode"
	HouseNumber Detail = "house-number" // asked on the telephone only, and only without an NHS number
	Sex         Detail = "sex"
	Mobile      Detail = "mobile"
	SafeToText  Detail = "safe-to-text" // yes or no; only with a mobile
	Pharmacy    Detail = "pharmacy"     // an ODS code; only where the preview of the decision needs it
)

// Details are what is known of the person whom the request is for.
type Details struct {
	GivenName      string       `json:"given_name,omitempty"`
	FamilyName     string       `json:"family_name,omitempty"`
	BirthDate      nhs.Date     `json:"birth_date,omitzero"`
	NHSNumber      nhs.Number   `json:"nhs_number,omitempty"`
	Postcode       nhs.Postcode `json:"postcode,omitempty"`
	HouseNumber    string       `json:"house_number,omitempty"` // digits, as keyed
	Sex            nhs.Sex      `json:"sex,omitempty"`
	Mobile         nhs.Phone    `json:"mobile,omitempty"`
	SafeToText     *bool        `json:"safe_to_text,omitempty"`
	ChosenPharmacy nhs.ODSCode  `json:"chosen_pharmacy,omitempty"`
	// Proxy is the person who asks, when it is not the person whom the request is for.
	Proxy *Proxy `json:"proxy,omitempty"`
	// Unknown are the details that were asked, and that the person does not know, have or want to give.
	Unknown []Detail `json:"unknown,omitempty"`
}

// Proxy is a person who acts for the patient. What they say of themselves is a claim: authority is recorded elsewhere.
type Proxy struct {
	GivenName    string `json:"given_name"`
	FamilyName   string `json:"family_name"`
	Relationship string `json:"relationship"` // in the proxy's own words: mother, carer
}

const (
	nameMost        = 100 // characters
	houseNumberMost = 5   // digits
	// noFixedAbode is what a person without an address can give for a postcode.
	noFixedAbode = "no fixed abode"
)

// asked reports whether a detail needs no more asking.
func (d *Details) asked(detail Detail) bool {
	if slices.Contains(d.Unknown, detail) {
		return true
	}
	switch detail {
	case Name:
		return d.GivenName != "" && d.FamilyName != ""
	case BirthDate:
		return !d.BirthDate.IsZero()
	case NHSNumber:
		return d.NHSNumber != ""
	case Postcode:
		return d.Postcode != ""
	case HouseNumber:
		return d.HouseNumber != ""
	case Sex:
		return d.Sex != ""
	case Mobile:
		return d.Mobile != ""
	case SafeToText:
		return d.SafeToText != nil
	case Pharmacy:
		return d.ChosenPharmacy != ""
	}
	return false
}

// wanted are the details that a channel asks for, in order.
func (d *Details) wanted(channel string) []Detail {
	wanted := make([]Detail, 0, 8)
	if channel == ChannelPhone {
		wanted = d.wantedByPhone(wanted)
	} else {
		wanted = append(wanted, Name, BirthDate, NHSNumber, Postcode)
	}
	wanted = append(wanted, Sex, Mobile)
	if d.Mobile != "" {
		wanted = append(wanted, SafeToText)
	}
	return wanted
}

// wantedByPhone asks for as little to be keyed as will do: a name never, and an address only where there is no NHS number. A
// house number tells people of one postcode apart; there is none without a fixed address.
func (d *Details) wantedByPhone(wanted []Detail) []Detail {
	wanted = append(wanted, NHSNumber, BirthDate)
	if d.NHSNumber != "" {
		return wanted
	}
	wanted = append(wanted, Postcode)
	if d.Postcode != nhs.NoFixedAbode {
		wanted = append(wanted, HouseNumber)
	}
	return wanted
}

// missing are the details that a channel has still to ask for.
func (d *Details) missing(channel string) []Detail {
	return slices.DeleteFunc(d.wanted(channel), d.asked)
}

// optional reports whether a detail can be left unknown. Somebody must be identified by an NHS number, or by a birth date
// and a postcode; names can be absent on the telephone only.
func (d *Details) optional(detail Detail, channel string) bool {
	switch detail {
	case Name:
		return channel == ChannelPhone
	case BirthDate, Postcode:
		return d.NHSNumber != ""
	case NHSNumber:
		return !slices.Contains(d.Unknown, BirthDate) && !slices.Contains(d.Unknown, Postcode)
	}
	return true
}

// give reads a detail from texts; none, or only empty ones, leave it unknown.
func (d *Details) give(detail Detail, channel string, today nhs.Date, texts []string) error {
	texts = trimmed(texts)
	if len(texts) == 0 {
		if !d.optional(detail, channel) {
			return d.refuse(detail, "required", required(detail))
		}
		d.clear(detail)
		d.Unknown = append(d.Unknown, detail)
		return nil
	}
	want := 1
	if detail == Name {
		want = 2
	}
	if len(texts) != want {
		return d.refuse(detail, "required", required(detail))
	}
	next := *d
	next.Unknown = slices.Clone(d.Unknown)
	next.clear(detail)
	if err := next.set(detail, today, texts); err != nil {
		f := fault.As(err)
		return d.refuse(detail, f.Code, f.Says)
	}
	*d = next
	return nil
}

func (d *Details) set(detail Detail, today nhs.Date, texts []string) (err error) {
	text := texts[0]
	switch detail {
	case Name:
		if d.GivenName, err = name(texts[0]); err != nil {
			return err
		}
		d.FamilyName, err = name(texts[1])
	case BirthDate:
		d.BirthDate, err = nhs.ParseBirthDate(text, today)
	case NHSNumber:
		d.NHSNumber, err = nhs.ParseNumber(text)
	case Postcode:
		if strings.EqualFold(text, noFixedAbode) {
			d.Postcode = nhs.NoFixedAbode
			return nil
		}
		d.Postcode, err = nhs.ParsePostcode(text)
	case HouseNumber:
		d.HouseNumber, err = houseNumber(text)
	case Sex:
		d.Sex, err = nhs.ParseSex(text)
		if err == nil && d.Sex == "" {
			d.Unknown = append(d.Unknown, Sex)
		}
	case Mobile:
		d.Mobile, err = nhs.ParsePhone(text)
	case SafeToText:
		if text != "yes" && text != "no" {
			return fault.New(fault.Invalid, "wrong_type", "Answer yes or no.")
		}
		safe := text == "yes"
		d.SafeToText = &safe
	case Pharmacy:
		d.ChosenPharmacy, err = nhs.ParseODSCode(text)
	default:
		return fault.New(fault.Invalid, "unknown_detail", "There is no such detail.")
	}
	return err
}

func (d *Details) clear(detail Detail) {
	d.Unknown = slices.DeleteFunc(d.Unknown, func(x Detail) bool { return x == detail })
	switch detail {
	case Name:
		d.GivenName, d.FamilyName = "", ""
	case BirthDate:
		d.BirthDate = nhs.Date{}
	case NHSNumber:
		d.NHSNumber = ""
	case Postcode:
		d.Postcode = ""
	case HouseNumber:
		d.HouseNumber = ""
	case Sex:
		d.Sex = ""
	case Mobile:
		// Whether it is safe to text belongs to the number that was asked about, and to no other.
		d.Mobile, d.SafeToText = "", nil
		d.Unknown = slices.DeleteFunc(d.Unknown, func(x Detail) bool { return x == SafeToText })
	case SafeToText:
		d.SafeToText = nil
	case Pharmacy:
		d.ChosenPharmacy = ""
	}
}

func (d *Details) refuse(detail Detail, code, says string) error {
	return fault.InvalidFields([]fault.Field{{Pointer: "/details/" + string(detail), Code: code, Says: says}})
}

func required(detail Detail) string {
	switch detail {
	case Name:
		return "Enter a first name and a last name."
	case BirthDate:
		return "Enter a date of birth."
	case NHSNumber:
		return "Enter an NHS number, or go back and give a date of birth and a postcode."
	case Postcode:
		return "Enter a postcode, or say that there is no fixed address."
	}
	return "Answer this question."
}

// name reads a person's name. Any script is fine; what cannot be printed is not.
func name(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fault.New(fault.Invalid, "name_characters", "Remove characters that cannot be printed.")
	}
	if utf8.RuneCountInString(s) > nameMost {
		return "", fault.New(fault.Invalid, "name_too_long", "Use %d characters or fewer.", nameMost)
	}
	return s, nil
}

// houseNumber reads the number of a house or flat, as a keypad gives it.
func houseNumber(s string) (string, error) {
	if len(s) > houseNumberMost || strings.Trim(s, "0123456789") != "" {
		return "", fault.New(fault.Invalid, "house_number", "Enter the number of the house or flat, of up to %d digits.", houseNumberMost)
	}
	return s, nil
}

// ParseProxy reads the person who asks for another.
func ParseProxy(given, family, relationship string) (*Proxy, error) {
	var p Proxy
	var err error
	for _, part := range []struct {
		into *string
		text string
		what string
	}{
		{&p.GivenName, given, "first name"}, {&p.FamilyName, family, "last name"}, {&p.Relationship, relationship, "relationship"},
	} {
		if *part.into, err = name(part.text); err != nil {
			return nil, err
		}
		if *part.into == "" {
			return nil, fault.New(fault.Invalid, "required", "%s", fmt.Sprintf("Enter your %s.", part.what))
		}
	}
	return &p, nil
}

func trimmed(texts []string) []string {
	kept := make([]string, 0, len(texts))
	for _, s := range texts {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// Any reports whether anything was given of the person.
func (d *Details) Any() bool {
	return d.GivenName != "" || d.FamilyName != "" || !d.BirthDate.IsZero() || d.NHSNumber != "" || d.Postcode != "" || d.HouseNumber != "" || d.Sex != "" ||
		d.Mobile != "" || d.ChosenPharmacy != "" || d.Proxy != nil
}
