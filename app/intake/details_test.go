package intake

import (
	"slices"
	"testing"

	"onedoor/app/fault"
)

func TestTheTelephoneNeverAsksForNames(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelPhone)
	if slices.Contains(c.Details.missing(ChannelPhone), Name) || !slices.Contains(c.Details.missing(ChannelWeb), Name) {
		t.Error("names are for pages")
	}
	// The same conversation goes on in a browser, which asks for what is missing and nothing twice.
	l.safe(c)
	must(t, l.Give(c, BirthDate, "1996-04-27"))
	must(t, l.GoOn(c, ChannelWeb))
	l.wantAsk(c, "callback-topic")
	if missing := c.Details.missing(c.Channel); missing[0] != Name || slices.Contains(missing, BirthDate) {
		t.Errorf("missing are %v", missing)
	}
}

func TestDetailsAreParsedAndSomeCanBeUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		detail Detail
		texts  []string
		code   string
	}{
		{Name, []string{"Ada"}, "required"},
		{Name, []string{"Ada", "\x00"}, "name_characters"},
		{Name, []string{"Ada", "\xff"}, "name_characters"},
		{BirthDate, nil, "required"},
		{BirthDate, []string{"2026-11-24"}, "birth_date_future"},
		{BirthDate, []string{"1996-02-30"}, "date_format"},
		{NHSNumber, []string{"9434765918"}, "nhs_number_check_digit"},
		{NHSNumber, nil, ""},
		{Postcode, nil, "required"},
		{Postcode, []string{"No fixed abode"}, ""},
		{Postcode, []string{"LS1"}, "postcode_format"},
		{Sex, []string{"x"}, "sex_code"},
		{Sex, []string{"unknown"}, ""},
		{Mobile, []string{"12"}, "phone_format"},
		{Mobile, nil, ""},
		{SafeToText, []string{"maybe"}, "wrong_type"},
		{Pharmacy, []string{"?"}, "ods_code_format"},
		{Detail("shoe-size"), []string{"9"}, "unknown_detail"},
	} {
		l := newLine(t)
		c := l.start("callback", ChannelWeb)
		before := c.Details
		err := l.Give(c, tt.detail, tt.texts...)
		code := ""
		if err != nil {
			code = fault.As(err).Fields[0].Code
		}
		if code != tt.code {
			t.Errorf("%s %q: %q, want %q", tt.detail, tt.texts, code, tt.code)
		}
		if err != nil && (c.Details.GivenName != before.GivenName || len(c.Details.Unknown) != 0) {
			t.Errorf("%s %q: refused, and yet changed", tt.detail, tt.texts)
		}
	}
}

func TestAnotherMobileIsNotSafeBecauseTheFirstWas(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelWeb)
	must(t, l.Give(c, Mobile, "07700 900123"))
	must(t, l.Give(c, SafeToText, "yes"))
	must(t, l.Give(c, Mobile, "07700 900456"))
	if c.Details.SafeToText != nil || !slices.Contains(c.Details.missing(ChannelWeb), SafeToText) {
		t.Error("the new number counts as safe")
	}
}

func TestAProxySaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	if p, err := ParseProxy(" Ada ", "Lovelace", "mother"); err != nil || p.GivenName != "Ada" {
		t.Errorf("%v %v", p, err)
	}
	if _, err := ParseProxy("Ada", "", "mother"); !fault.Is(err, "required") {
		t.Error(err)
	}
}
