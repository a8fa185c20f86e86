package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/web"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

func itoa(n int) string { return strconv.Itoa(n) }

var referenceForm = regexp.MustCompile(`<strong class="app-reference">(\d{3}) (\d{3}) (\d{4})</strong>`)

func (v *visitor) reference() string {
	v.t.Helper()
	m := referenceForm.FindStringSubmatch(v.body)
	if m == nil {
		v.t.Fatalf("%s shows no reference:\n%s", v.at, v.body)
	}
	return m[1] + m[2] + m[3]
}

func TestAPatientAsksAndChoosesAPharmacy(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.get("/")
	v.wants("Which area do you live in?")
	v.shows(`href="/riverside/"`, `href="/hillside/"`)
	v.soreThroat()
	v.wants("What is the name of the person who needs help?")
	v.about(s.person(0))
	v.wants("Which pharmacy do you want to use?")
	v.shows("Bridge Street Pharmacy", "Open day and night.", "18 Bridge Street, Riverside, RS1 2BC. Open now, until 1pm.")
	if strings.Contains(v.body, "checked") {
		t.Error("a pharmacy is chosen before the patient chose")
	}
	if first, second := strings.Index(v.body, "Bridge Street Pharmacy"), strings.Index(v.body, "Quayside Pharmacy"); first > second {
		t.Error("the list is not in alphabetical order")
	}
	v.send("pharmacy", "FRV02")
	v.wants("Check your answers before you send your request")
	v.shows("It hurts to swallow.", "Bridge Street Pharmacy", "Do not send", s.Patients[0].NHSNumber.Spaced())
	v.send()
	v.wants("Request sent")
	v.shows("Bridge Street Pharmacy", "Weir Lane Surgery", "6:30pm", "You asked us not to send text messages")
	reference := v.reference()

	v.get("sent")
	if again := v.reference(); again != reference {
		t.Errorf("looked at again, the reference is %s and was %s", again, reference)
	}
	v.get("status")
	form := s.person(0)
	form.Set("reference", reference)
	v.post("status", form)
	v.wants("Your request")
	v.shows("Waiting to be checked", "Weir Lane Surgery", reference[:3]+" "+reference[3:6]+" "+reference[6:])

	for _, address := range v.addresses {
		for _, secret := range append([]string{reference, "sore", "throat"}, s.person(0)["given-name"][0], s.person(0)["family-name"][0], string(s.Patients[0].NHSNumber)) {
			if strings.Contains(strings.ToLower(address), strings.ToLower(secret)) {
				t.Errorf("the address %s holds %q", address, secret)
			}
		}
	}
}

func TestTheNominatedPharmacyIsNotGivenAway(t *testing.T) {
	t.Parallel()
	s := open(t)
	nominated, stranger := s.visit(t), s.visit(t)
	nominated.soreThroat()
	nominated.about(s.person(0)) // has nominated one
	stranger.soreThroat()
	form := s.person(0)
	form.Set("family-name", "Nobodysname")
	stranger.about(form)
	nominated.wants("Which pharmacy do you want to use?")
	if nonce := regexp.MustCompile(`nonce="[^"]*"`); nonce.ReplaceAllString(nominated.body, "") != nonce.ReplaceAllString(stranger.body, "") {
		t.Error("the page tells whether somebody is on the register")
	}
}

func TestWhoWantsNoPharmacyKeepsTheirPractice(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "none")
	v.send()
	v.wants("Request sent")
	v.shows("Weir Lane Surgery has your request")
	if strings.Contains(v.body, "Pharmacy") {
		t.Error("a pharmacy is named")
	}
}

func TestAPharmacyAnywhereCanBeChosen(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "other")
	v.wants("Which other pharmacy do you want to use?")
	v.send("code", "??")
	v.shows("Enter an ODS code")
	v.send("code", "fa123")
	v.wants("Check your answers before you send your request")
	v.shows("FA123")
	v.send()
	v.wants("Request sent")
}

func TestARedFlagStopsEverything(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.get("")
	v.send("kind", "repeat-prescription")
	v.send("answer", "16-or-over")
	v.send("answer", "chest-pain", "answer", "stroke-signs")
	v.wants("Immediate action required: Call 999 now")
	v.shows(`href="tel:999"`, "18001 999", "999bsl.co.uk", "We have recorded your answers so far", "They do not know who you are")
	reference := v.reference()
	if strings.Contains(v.body, "Samaritans") {
		t.Error("help for a crisis is offered to somebody with chest pain")
	}

	v.get("question")
	v.wants("Immediate action required: Call 999 now")
	if again := v.reference(); again != reference {
		t.Errorf("looked at again, the reference is %s and was %s", again, reference)
	}
	v.get("check-answers")
	v.wants("Immediate action required: Call 999 now")
	v.get("")
	v.wants("What do you need help with?")
}

func TestACrisisIsToldWhereElseToTurn(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("?lang=cy")
	v.send("kind", "callback")
	v.send("answer", "16-or-over")
	v.send("answer", "danger-of-suicide-or-self-harm")
	v.wants("Angen gweithredu ar unwaith: Ffoniwch 999 nawr")
	v.shows("116 123", `<div lang="en">`, "Call 999 now")
}

func TestAnEmergencyThatCannotBeRecordedIsStillAnEmergency(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *web.Options) {
		o.Requests = requestsThat{o.Requests, func(context.Context, requests.Submission) (requests.Receipt, error) {
			return requests.Receipt{}, errors.New("the database is away")
		}}
	})
	v := s.visit(t)
	v.get("")
	v.send("kind", "symptoms")
	v.send("answer", "under-5")
	v.send("answer", "child-fit")
	v.wants("Immediate action required: Call 999 now")
	v.shows("We could not record your answers")
	if v.status != http.StatusOK {
		t.Errorf("status %d", v.status)
	}
}

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

func TestAnswersCanBeChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "FRV01")
	v.wants("Check your answers before you send your request")
	v.get("about-you/name")
	v.wants("What is the name of the person who needs help?")
	v.shows(`value="` + s.Patients[0].GivenName + `"`)
	v.send("given-name", "Another", "family-name", s.Patients[0].FamilyName)
	v.wants("Check your answers before you send your request")
	v.shows("Another " + s.Patients[0].FamilyName)
	v.get("pharmacy")
	v.shows(`value="FRV01" checked`)
}

func TestNoPageIsShownBeforeItsTurn(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	for _, page := range []string{"question", "question/4", "about-you/name", "pharmacy", "check-answers"} {
		v.get(page)
		if v.at != "/riverside/" {
			t.Errorf("without a conversation %s led to %s", page, v.at)
		}
	}
	for _, page := range []string{"sent", "emergency"} {
		v.get(page)
		if v.at != "/riverside/status" {
			t.Errorf("without a conversation %s led to %s", page, v.at)
		}
	}
	v.get("")
	v.send("kind", "symptoms")
	first := v.at
	for _, page := range []string{"question", "question/0", "question/99", "question/x", "question/6", "about-you/name", "pharmacy", "pharmacy/other", "check-answers", "sent", "emergency"} {
		v.get(page)
		if v.at != first {
			t.Errorf("%s led to %s, not to the first question", page, v.at)
		}
	}
	v.post("check-answers", nil)
	if v.at != first {
		t.Errorf("sent before it was finished, it led to %s", v.at)
	}
}

func TestAConversationIsForgottenAfterAnHour(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.get("")
	v.send("kind", "symptoms")
	v.send("answer", "16-or-over")
	s.Pass(59 * time.Minute)
	v.get("question")
	v.send("answer", "none")
	s.Pass(time.Hour)
	v.get("question")
	v.wants("Your answers have been deleted")
	if v.status != http.StatusGone {
		t.Errorf("status %d", v.status)
	}
	v.get("question")
	v.wants("What do you need help with?")
}

func TestFinishingForgetsAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	address, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	kept := v.client.Jar.Cookies(address)
	v.post("forget", nil)
	v.wants("What do you need help with?")
	v.client.Jar.SetCookies(address, kept) // somebody who had copied the cookie
	v.get("question")
	v.wants("Your answers have been deleted")
}

func TestAConversationBelongsToItsNeighbourhood(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.soreThroat()
	v.get("/hillside/question")
	if v.heading == "What is the name of the person who needs help?" {
		t.Error("hillside shows riverside's conversation")
	}
}

func TestSentManyTimesAtOnceItIsOneRequest(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(1))
	if v.at == "/riverside/pharmacy" {
		v.send("pharmacy", "FRV01")
	}
	v.wants("Check your answers before you send your request")
	const times = 8
	references := make([]string, times)
	var sending sync.WaitGroup
	for i := range times {
		sending.Go(func() {
			one := s.visit(t)
			one.client.Jar = v.client.Jar
			one.post("check-answers", nil)
			references[i] = one.reference()
		})
	}
	sending.Wait()
	for _, r := range references {
		if r != references[0] {
			t.Fatalf("got several references: %v", references)
		}
	}
}

func TestAReplyThatWasLostIsFoundAgain(t *testing.T) {
	t.Parallel()
	var first sync.Once
	s := open(t, func(o *web.Options) {
		whole := o.Requests
		o.Requests = requestsThat{whole, func(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
			receipt, err := whole.Submit(ctx, in)
			first.Do(func() {
				err = fault.New(fault.Unavailable, "database_away", "Please try again in a moment.")
			})
			return receipt, err
		}}
	})
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "FRV01")
	v.send()
	v.wants("Sorry, this service is not working for the moment")
	if v.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", v.status)
	}
	v.get("check-answers")
	v.send()
	v.wants("Request sent")
	reference := v.reference()
	v.get("sent")
	if v.reference() != reference {
		t.Error("the reference changed")
	}
}

func TestPagesSpeakWelsh(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("", "Accept-Language", "cy-GB, en;q=0.5")
	v.wants("Gyda beth mae angen help arnoch chi?")
	v.shows(`<html lang="cy">`, `<span lang="en">Get help with symptoms</span>`)
	v.get("?lang=cy")
	if v.at != "/riverside/" {
		t.Errorf("the choice stays in the address: %s", v.at)
	}
	v.send("kind", "symptoms")
	v.send()
	v.shows("Gwall:", "Dewiswch ateb", `lang="en"`)
	v.get("/riverside/?lang=en")
	v.wants("What do you need help with?")
}

func TestStatusTellsNothingToWhoDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "FRV01")
	v.send()
	reference := v.reference()
	stranger := s.visit(t)
	birth := s.person(0)
	for name, form := range map[string]url.Values{
		"another birth date": fields("reference", reference, "birth-day", "1", "birth-month", "1", "birth-year", "1999"),
		"no such reference":  fields("reference", "123 456 7894", "birth-day", birth.Get("birth-day"), "birth-month", birth.Get("birth-month"), "birth-year", birth.Get("birth-year")),
	} {
		stranger.post("status", form)
		if stranger.status != http.StatusUnprocessableEntity {
			t.Errorf("%s gave %d", name, stranger.status)
		}
		stranger.shows("We cannot find a request with this reference number and date of birth")
	}
	stranger.post("status", fields("reference", "12"))
	stranger.shows("Enter a reference number of 10 digits", "Enter the date of birth")
	birth.Set("reference", reference)
	stranger.post("/hillside/status", birth)
	stranger.shows("We cannot find a request")
	s.Pass(100 * time.Hour)
	stranger.post("status", birth)
	stranger.shows("You should have had an answer by now")
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
