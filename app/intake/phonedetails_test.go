package intake

import (
	"slices"
	"testing"
)

func TestTheTelephoneAsksForAsLittleToBeKeyedAsWillDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		given map[Detail]string
		want  []Detail
	}{
		{"nothing said yet", nil, []Detail{NHSNumber, BirthDate, Postcode, HouseNumber, Sex, Mobile}},
		{"an NHS number spares the address", map[Detail]string{NHSNumber: "999 000 1006"}, []Detail{BirthDate, Sex, Mobile}},
		{"without one the address tells people apart", map[Detail]string{NHSNumber: ""}, []Detail{BirthDate, Postcode, HouseNumber, Sex, Mobile}},
		{"no fixed abode has no house number", map[Detail]string{NHSNumber: "", Postcode: "no fixed abode"}, []Detail{BirthDate, Sex, Mobile}},
		{"a number to text is asked about", map[Detail]string{NHSNumber: "999 000 1006", Mobile: "07700 900123"}, []Detail{BirthDate, Sex, SafeToText}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			c := l.start("symptoms", ChannelPhone)
			for _, detail := range []Detail{NHSNumber, Postcode, Mobile} {
				if text, ok := tt.given[detail]; ok {
					must(t, l.Give(c, detail, text))
				}
			}
			if got := c.Details.missing(c.Channel); !slices.Equal(got, tt.want) {
				t.Errorf("asks for %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAHouseNumberIsDigits(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelPhone)
	for _, wrong := range []string{"123456", "12a", "-1"} {
		if err := l.Give(c, HouseNumber, wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	must(t, l.Give(c, HouseNumber, "12"))
	if c.Details.HouseNumber != "12" {
		t.Errorf("kept %q", c.Details.HouseNumber)
	}
	must(t, l.Give(c, HouseNumber))
	if c.Details.HouseNumber != "" || !c.Details.asked(HouseNumber) {
		t.Errorf("a house without a number is asked again: %+v", c.Details)
	}
}
