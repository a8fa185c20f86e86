package simulate

import (
	"strconv"

	"onedoor/policy"
)

// NotKnown and NotSaid are the groups of those of whom something is not recorded. They are groups like any other.
const (
	NotKnown = "not-known"
	NotSaid  = "not-said"
)

// AgeBands are from the youngest up.
func AgeBands() []string {
	return []string{"0-4", "5-15", "16-24", "25-44", "45-64", "65-74", "75-84", "85-and-over", NotKnown}
}

// AgeBandOf is the band of an age in completed years.
func AgeBandOf(years int) string {
	for _, band := range []struct {
		below int
		name  string
	}{{0, NotKnown}, {5, "0-4"}, {16, "5-15"}, {25, "16-24"}, {45, "25-44"}, {65, "45-64"}, {75, "65-74"}, {85, "75-84"}} {
		if years < band.below {
			return band.name
		}
	}
	return "85-and-over"
}

// AgeBandOfFacts is the band of the fact age.
func AgeBandOfFacts(f policy.Facts) string {
	if years, ok := f["age"].Number(); ok {
		return AgeBandOf(years)
	}
	return NotKnown
}

// DeprivationBands are fifths of England's small areas by the Index of Multiple Deprivation: 1 is the most deprived.
func DeprivationBands() []string { return []string{"1", "2", "3", "4", "5", NotKnown} }

// DeprivationBandOf is the fifth that a tenth of the index (1 to 10) is in; anything else is not known.
func DeprivationBandOf(decile int) string {
	if decile < 1 || decile > 10 {
		return NotKnown
	}
	return strconv.Itoa((decile + 1) / 2)
}

// LanguageOf is a language as groups have it.
func LanguageOf(tag string) string {
	if tag == "" {
		return NotSaid
	}
	return tag
}
