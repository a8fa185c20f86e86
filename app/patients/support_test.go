package patients_test

import (
	"reflect"
	"testing"

	"onedoor/app/patients"
)

func TestWhatIsRecordedIsActedOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		needs patients.Needs
		want  []patients.Support
	}{
		{"nothing", patients.Needs{}, []patients.Support{}},
		{"the register's written format", patients.Needs{WrittenFormat: "Large print"}, []patients.Support{patients.LargePrint}},
		{"an interpreter", patients.Needs{Interpreter: true, Language: "ur"}, []patients.Support{patients.Interpreter}},
		{"an adjustment in the register's words", patients.Needs{Adjustments: []patients.Adjustment{{Code: "1", Says: "Method of communication: British Sign Language"}}}, []patients.Support{patients.SignLanguage}},
		{"in the order of asking, each once", patients.Needs{Said: []patients.Support{patients.LargePrint, patients.MoreTime}, WrittenFormat: "Large print"}, []patients.Support{patients.MoreTime, patients.LargePrint}},
		{"what nobody here can act on is only shown", patients.Needs{Adjustments: []patients.Adjustment{{Code: "2", Says: "Requires information verbally"}}}, []patients.Support{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.needs.Supports(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A code counts before its words, which each register may choose; words count where the code is not known.
func TestAnAdjustmentIsKnownByItsCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, says string
		want       patients.Support
	}{
		{"1108171000000102", "Requires extended appointment", patients.MoreTime},
		{"1108171000000102", "worded otherwise", patients.MoreTime},
		{"796161000000101", "Requires information in Easyread", patients.EasyRead},
		{"936681000000100", "worded otherwise", patients.Braille},
		{"957351000000102", "Requires written information in at least 24 point sans serif font", patients.LargePrint},
		{"520471000000105", "worded otherwise", patients.SignLanguage},
		{"315594003", "worded otherwise", patients.Interpreter},
		{"204211000000109", "worded otherwise", patients.Interpreter}, // Urdu
		{"957051000000100", "Requires deafblind manual alphabet interpreter", ""},
		{"204341000000103", "Makaton Sign Language interpreter needed", ""},
		{"415805003", "Uses British sign language", patients.SignLanguage},
		{"20421100000010", "part of a code", ""},
		{"204211000000109 204231000000101", "two codes", ""},
		{"1", "Needs a double appointment", patients.MoreTime},
		{"", "Needs a quiet room", ""},
	} {
		if got := (patients.Adjustment{Code: c.code, Says: c.says}).Support(); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.code, c.says, got, c.want)
		}
	}
}

func TestAPersonCorrectsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	verbally, bsl := patients.Adjustment{Code: "2", Says: "Requires information verbally"}, patients.Adjustment{Code: "1", Says: "British Sign Language"}
	recorded := patients.Needs{Language: "cy", Interpreter: true, WrittenFormat: "Large print", ContactMethod: "Letter", Adjustments: []patients.Adjustment{verbally, bsl}}
	kept := recorded.Corrected([]patients.Support{patients.SignLanguage, "made-up"}, []string{"2"}, "By the window")
	want := patients.Needs{
		Language: "cy", ContactMethod: "Letter", Adjustments: []patients.Adjustment{verbally, bsl}, Said: []patients.Support{patients.SignLanguage},
		Words: "By the window", Confirmed: true,
	}
	if !reflect.DeepEqual(kept, want) {
		t.Errorf("got %+v", kept)
	}
	if all := (patients.Needs{Interpreter: true, WrittenFormat: "Braille"}).Corrected(nil, nil, ""); !all.None() || !all.Confirmed {
		t.Errorf("everything cleared is %+v", all)
	}
}
