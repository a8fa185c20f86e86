package espeak

import (
	"strings"
	"testing"
	"unicode"
)

func TestWelshNumbersAreWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0":                       "dim",
		"7":                       "saith",
		"10":                      "deg",
		"11":                      "un deg un",
		"18":                      "un deg wyth",
		"20":                      "dau ddeg",
		"21":                      "dau ddeg un",
		"50":                      "pum deg",
		"66":                      "chwe deg chwech",
		"99":                      "naw deg naw",
		"100":                     "cant",
		"101":                     "cant ac un",
		"103":                     "cant a thri",
		"105":                     "cant a phump",
		"110":                     "cant a deg",
		"112":                     "cant un deg dau",
		"300":                     "tri chant",
		"2,000":                   "dwy fil",
		"12,500":                  "un deg dau mil pum cant",
		"1000000":                 "un dim dim dim dim dim dim",
		"007":                     "dim dim saith",
		"0.5":                     "dim pwynt pump",
		"38°C":                    "tri deg wyth gradd",
		"5 mg":                    "pump mili" + "gram",
		"10%":                     "deg y cant",
		"UTI":                     "U T I",
		"o dan 5":                 "o dan bump",
		"5 i 15":                  "pump i un deg pump",
		"1 neu 2":                 "un neu ddau",
		"rhwng 3 a 4":             "rhwng tri a phedwar",
		"mwy na 3":                "mwy na thri",
		"5 a 6, a 100":            "pump a chwech, a chant",
		"pwyswch 1, 2 neu 3.":     "pwyswch un, dau neu dri.",
		"27 Ebrill 2027":          "y seithfed ar hugain o Ebrill, dwy fil dau ddeg saith",
		"dydd Llun 1 Mai":         "dydd Llun y cyntaf o Fai",
		"2 Gorffennaf 1984":       "yr ail o Orffennaf, mil naw wyth pedwar",
		"11 Rhagfyr 1905":         "yr unfed ar ddeg o Ragfyr, mil naw dim pump",
		"31 Mawrth 2000":          "yr unfed ar ddeg ar hugain o Fawrth, dwy fil",
		"20 Tachwedd 1900":        "yr ugeinfed o Dachwedd, mil naw cant",
		"3 Chwefror 2005":         "y trydydd o Chwefror, dwy fil a phump",
		"9am":                     "naw o’r gloch y bore",
		"6:30pm":                  "chwech tri deg yr hwyr",
		"am 2pm":                  "am ddau o’r gloch y prynhawn",
		"12:05":                   "deuddeg dim pump",
		"11:00":                   "un ar ddeg o’r gloch",
		"dim rhifau yma":          "dim rhifau yma",
		"9 9 9":                   "naw naw naw",
		"tan 6:30pm ddydd Gwener": "tan chwech tri deg yr hwyr ddydd Gwener",
	} {
		if got := welsh(in); got != want {
			t.Errorf("welsh(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzWelshLeavesNoDigit(f *testing.F) {
	f.Add("27 Ebrill 2027 am 6:30pm")
	f.Add("12,345.678°C neu 99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) && strings.ContainsAny(welsh(text), "0123456789") && !wordy(text) {
			t.Errorf("welsh(%q) = %q", text, welsh(text))
		}
	})
}

// wordy reports whether a digit stands within a word, such as a1: those are left as they are.
func wordy(text string) bool {
	for i := 1; i < len(text); i++ {
		isWord := func(b byte) bool { return b == '_' || unicode.IsLetter(rune(b)) }
		if unicode.IsDigit(rune(text[i])) && (isWord(text[i-1]) || unicode.IsDigit(rune(text[i-1]))) {
			return true
		}
	}
	return false
}
