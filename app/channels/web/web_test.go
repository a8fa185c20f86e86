package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
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
	if nonce := regexp.MustCompile(`nonce="[^"]*"|\d{3} \d{3} \d{4}`); nonce.ReplaceAllString(nominated.body, "") != nonce.ReplaceAllString(stranger.body, "") {
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

func TestPagesSpeakWelsh(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("", "Accept-Language", "cy-GB, en;q=0.5")
	v.wants("Gyda beth mae angen help arnoch chi?")
	v.shows(`<html lang="cy">`, "Cael help gyda symptomau")
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
