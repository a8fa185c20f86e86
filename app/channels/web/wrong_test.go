package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestEveryPageSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	refused := func(says ...string) {
		t.Helper()
		if v.status != http.StatusUnprocessableEntity || !strings.HasPrefix(v.title, "Error: ") {
			t.Fatalf("%s gave %d, %q", v.at, v.status, v.title)
		}
		v.shows("There is a problem")
		v.shows(says...)
	}
	v.get("")
	v.send()
	refused("Select what you need help with")
	v.get("")
	v.send("kind", "haircut")
	refused("Select what you need help with")
	v.get("")
	v.send("kind", "repeat-prescription")
	v.send()
	refused("Select an answer")
	v.send("answer", "16-or-over")
	v.send()
	refused("Select all that apply")
	v.send("answer", "chest-pain", "answer", "none")
	refused("but not both")
	v.send("answer", "unlisted")
	refused("Select all that apply")
	v.send("answer", "none")
	v.send("answer", "some")
	v.send("answer", strings.Repeat("é", 2001))
	refused("characters or fewer")
	v.send("answer", "Two of the blue ones")
	v.send("answer", "many")
	refused("Enter a whole number")
	v.send("answer", "3")
	for strings.HasPrefix(v.at, "/riverside/question/") {
		if v.send("answer", ""); v.status == http.StatusUnprocessableEntity {
			v.send("answer", "practice")
		}
	}
	v.wants("What is the name of the person who needs help?")
	v.send("given-name", " ")
	refused("Enter a first name", "Enter a last name")
	v.send("given-name", "A\x01", "family-name", "B")
	refused("cannot be printed")
	v.send("given-name", strings.Repeat("a", 101), "family-name", "B")
	refused("100 characters or fewer")
	v.send("given-name", "Zoë", "family-name", "O’Neill-李")
	for _, c := range []struct {
		day, month, year, says string
	}{
		{"", "", "", "Enter the date of birth"},
		{"", "3", "1980", "must include a day"},
		{"3", "", "1980", "must include a month"},
		{"3", "3", "", "must include a year"},
		{"30", "2", "1980", "must be a real date"},
		{"3", "March", "1980", "must be a real date"},
		{"3", "3", "80", "must be a real date"},
		{"3", "3", "2099", "must be today or in the past"},
		{"3", "3", "1850", "within the last 130 years"},
	} {
		v.send("birth-day", c.day, "birth-month", c.month, "birth-year", c.year)
		refused(c.says)
	}
	v.send("birth-day", "3", "birth-month", "3", "birth-year", "1980")
	v.send()
	refused("Enter the NHS number, or select that you do not know it")
	v.send("nhs-number", "999 123 4567", "nhs-number-unknown", "yes")
	refused("not both")
	v.send("nhs-number", "12345")
	refused("10 digits")
	v.send("nhs-number", "999 123 4567")
	refused("not a valid NHS number")
	v.send("nhs-number-unknown", "yes")
	v.send()
	refused("Enter a postcode, or select")
	v.send("postcode", "LS1")
	refused("full UK postcode")
	v.send("no-fixed-address", "yes")
	v.send("sex", "both")
	refused("Select a sex")
	v.send("sex", "unknown")
	v.send()
	refused("Enter a mobile phone number, or select that there is none")
	v.send("mobile", "12", "safe", "yes")
	refused("Enter a phone number")
	v.send("mobile", "07700 900123")
	refused("Select yes if it is safe")
	v.send("no-mobile", "yes")
	v.wants("Check your answers before you send your request")
	v.shows("No fixed address", "Not known", "Zoë O’Neill-李", "Not given")
	v.send()
	v.wants("Request sent")
}

func TestTroubleIsExplained(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("/nowhere/")
	if v.wants("Page not found"); v.status != http.StatusNotFound {
		t.Errorf("status %d", v.status)
	}
	v.shows("call 111")
	v.get("/riverside")
	if v.at != "/riverside/" {
		t.Errorf("without its slash it led to %s", v.at)
	}
	v.get("")
	v.post("start", url.Values{"kind": {"\xff\xfe"}})
	if v.wants("This page could not be used"); v.status != http.StatusBadRequest {
		t.Errorf("invalid UTF-8 gave %d", v.status)
	}
	v.post("start", url.Values{"kind": {strings.Repeat("x", 1<<20)}})
	if v.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form gave %d", v.status)
	}
	v.do(http.MethodPost, "start", strings.NewReader("kind=symptoms"), "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://elsewhere.example")
	if v.status != http.StatusForbidden {
		t.Errorf("another site's form gave %d", v.status)
	}
}

func TestWhatIsTypedIsNeverMarkup(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	form := s.person(2)
	form.Set("given-name", `<script>alert(1)</script>`)
	v.about(form)
	if v.at == "/riverside/pharmacy" {
		v.send("pharmacy", "FRV01")
	}
	v.wants("Check your answers before you send your request")
	if strings.Contains(v.body, "<script>alert") {
		t.Error("markup came through")
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Content-Language": "en"} {
		if got := v.header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
}
