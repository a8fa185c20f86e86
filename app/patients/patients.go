// Package patients knows who the care is for: the people on the registers of a neighbourhood's practices, and the rules
// by which somebody who asks is matched to one of them. A doubtful match is no match: a person sorts it out. It never
// tells the one who asks whether anybody was found.
package patients

import (
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"onedoor/app/nhs"
)

// Patient is one person on a register.
type Patient struct {
	ID                uuid.UUID
	NeighbourhoodID   uuid.UUID
	NHSNumber         nhs.Number // may be absent
	GivenName         string
	FamilyName        string
	BirthDate         nhs.Date
	Sex               nhs.Sex
	Postcode          nhs.Postcode
	Mobile            nhs.Phone
	PracticeID        uuid.UUID // the practice of this neighbourhood that has them on its list; zero for none here
	Registration      Registration
	NominatedPharmacy uuid.UUID // an organisation of this neighbourhood; zero for none
	Hold              Hold      // what the national register said of them, as far as it was asked
	IMDDecile         int       // of where they live, by the Index of Multiple Deprivation: 1 is the most deprived tenth; zero when not known
}

// Registration is how a person is registered, as a routing fact.
type Registration string

const (
	Here      Registration = "here"
	Elsewhere Registration = "elsewhere"
	Temporary Registration = "temporary"
	None      Registration = "none"
)

// Given is what the one who asks says about the person: every part may be missing.
type Given struct {
	NHSNumber nhs.Number   `json:"nhs_number,omitempty"`
	BirthDate nhs.Date     `json:"birth_date,omitzero"`
	Postcode  nhs.Postcode `json:"postcode,omitempty"`
	// HouseNumber is for staff, to tell people of one postcode apart: the register has none to match.
	HouseNumber string    `json:"house_number,omitempty"`
	GivenName   string    `json:"given_name,omitempty"`
	FamilyName  string    `json:"family_name,omitempty"`
	Sex         nhs.Sex   `json:"sex,omitempty"`
	Mobile      nhs.Phone `json:"mobile,omitempty"`
	SafeToText  *bool     `json:"safe_to_text,omitempty"`
}

// Match finds the one candidate that fits everything given. By NHS number, a birth date or family name that differs is
// no match; without a number, birth date and postcode must both fit, and names tell people at one address apart. Two
// that fit are no match.
func Match(given Given, candidates []Patient) (Patient, bool) {
	var found []Patient
	for _, c := range candidates {
		if fits(given, c) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return Patient{}, false
	}
	return found[0], true
}

func fits(g Given, c Patient) bool {
	if !g.BirthDate.IsZero() && g.BirthDate != c.BirthDate {
		return false
	}
	if g.NHSNumber != "" {
		return g.NHSNumber == c.NHSNumber && sameName(g.FamilyName, c.FamilyName)
	}
	return !g.BirthDate.IsZero() && g.Postcode != "" && g.Postcode == c.Postcode && g.Postcode != nhs.NoFixedAbode &&
		sameName(g.FamilyName, c.FamilyName) && sameName(g.GivenName, c.GivenName)
}

// sameName forgives case, accents, hyphens and apostrophes; a name that was not given fits any.
func sameName(given, recorded string) bool {
	return given == "" || fold(given) == fold(recorded)
}

func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
