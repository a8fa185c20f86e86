package understanding_test

import (
	"strings"
	"testing"

	"onedoor/app/understanding"
)

func TestWhatIdentifiesSomebodyIsTakenOut(t *testing.T) {
	t.Parallel()
	r := understanding.NewRedactor()
	for name, tt := range map[string]struct {
		says   string
		names  []string
		gone   []string
		remain []string
	}{
		"an NHS number, spaced":        {"my nhs number is 999 000 1006 and I need my tablets", nil, []string{"999", "1006"}, []string{"tablets"}},
		"an NHS number, run together":  {"9990001006 repeat please", nil, []string{"9990001006"}, []string{"repeat please"}},
		"a mobile with dashes":         {"ring me on 07700-900-123", nil, []string{"07700", "900", "123"}, []string{"ring me on"}},
		"a number that was spoken":     {"it is oh seven seven double oh nine hundred call me back", nil, []string{"seven"}, []string{"call me back"}},
		"a postcode in small letters":  {"I live at rs1 1ad and moved", nil, []string{"rs1", "1ad"}, []string{"moved"}},
		"a date with slashes":          {"born 27/04/1996", nil, []string{"27", "1996"}, nil},
		"a date in words":              {"my birthday is the 27th of April 1996 and I need a letter", nil, []string{"27", "April", "1996"}, []string{"a letter"}},
		"a date in Welsh":              {"ges i fy ngeni ar 3 Mawrth 1980", nil, []string{"Mawrth", "1980"}, nil},
		"a street":                     {"I moved to 14 Mill Hill Road last week", nil, []string{"14", "Mill"}, []string{"moved", "last week"}},
		"a street in Welsh":            {"dw i wedi symud i 12 Heol y Bryn", nil, []string{"Bryn", "12"}, []string{"wedi symud"}},
		"an e-mail address":            {"write to dan.okafor@example.org about it", nil, []string{"okafor", "example"}, []string{"about it"}},
		"a name that is introduced":    {"my name is Daniel Okafor, I want to cancel", nil, []string{"Daniel", "Okafor"}, []string{"cancel"}},
		"a name that is said in Welsh": {"fy enw i yw Siân Rees, dw i eisiau canslo", nil, []string{"Siân", "Rees"}, []string{"canslo"}},
		"a doctor's name":              {"appointment with Dr Patel", nil, []string{"Patel"}, []string{"appointment with Dr"}},
		"a name from the details":      {"OKAFOR here, it's for daniel's inhaler", []string{"Daniel", "Okafor"}, []string{"OKAFOR", "daniel"}, []string{"inhaler"}},
		"a double-barrelled name":      {"this regards smith jones", []string{"Smith-Jones"}, []string{"smith", "jones"}, []string{"regards"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := r.Redact(tt.says, tt.names...)
			for _, gone := range tt.gone {
				if strings.Contains(got, gone) {
					t.Errorf("%q is left in %q", gone, got)
				}
			}
			for _, remain := range tt.remain {
				if !strings.Contains(got, remain) {
					t.Errorf("%q was taken out: %q", remain, got)
				}
			}
		})
	}
}

func TestWhatIdentifiesNobodyStays(t *testing.T) {
	t.Parallel()
	r := understanding.NewRedactor()
	for _, says := range []string{
		"I need 2 boxes of 500mg paracetamol", "my knee has hurt for 3 weeks", "an appointment on Tuesday at 10", "can the doctor ring me",
		"dw i angen nodyn salwch", "I may need a letter", "I am tired and my back aches", "sore throat since march", "this is about my repeat",
	} {
		if got := r.Redact(says); got != says {
			t.Errorf("%q became %q", says, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "999 000 1006", "my name is \xff", "[number] 12/", "Okafor okafor"} {
		f.Add(seed, "Okafor")
	}
	r := understanding.NewRedactor()
	f.Fuzz(func(t *testing.T, words, name string) {
		once := r.Redact(words, name)
		for i, run := 0, 0; i < len(once); i++ {
			if '0' <= once[i] && once[i] <= '9' {
				run++
			} else {
				run = 0
			}
			if run >= 5 {
				t.Fatalf("%q left five digits in %q", words, once)
			}
		}
	})
}
