package dialogue_test

import (
	"strings"
	"testing"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/nhs"
	"onedoor/app/requests"
)

// toDetails answers a callback's questions as shortly as can be.
func (c *call) toDetails() *call {
	c.t.Helper()
	return c.ask("callback").safe().press("1").hash().hash().wantHeard("NHS number")
}

func TestWithoutAnNHSNumberTheAddressIsKeyed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().toDetails().hash().press(keysOf(who.BirthDate)).wantHeard("Now their postcode", "S is 7, 4")
	c.press("12345678#").wantHeard("That is not a full postcode.")
	c.press("*").wantHeard("Now their postcode")
	c.press("7374112132#").wantHeard("R S 1, 1 A E", "To key it again, press 2.")
	c.press("2").wantHeard("Now their postcode").press("7374112131#").wantHeard("R S 1, 1 A D").press("1").wantHeard("house or flat")
	c.press("12#").wantHeard("their sex").press("2").hash().wantHeard("R S 1, 1 A D", "House number: 12", "Telephone number: Not given.")
	c.press("1").wantHeard("Its reference is")
	sent := r.only()
	if sent.Patient.Postcode != "RS1 1AD" || sent.Patient.HouseNumber != "12" || sent.Receipt.Accountable.ODS != "A81001" {
		t.Errorf("handed in %+v to %+v", sent.Patient, sent.Receipt.Accountable)
	}
}

func TestNoFixedAbodeIsOneKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().toDetails().hash().press("25021977").press("1#").wantHeard("their sex") // and no house number
	c.press("2").hash().wantHeard("No fixed address.").press("1")
	if got := r.only().Patient.Postcode; got != nhs.NoFixedAbode {
		t.Errorf("the postcode is %s", got)
	}
}

func TestWhoCannotSayWhoItIsForReachesAPerson(t *testing.T) {
	t.Parallel()
	c := newRig(t).call(transferring).toDetails().hash().wantHeard("date of birth")
	c.hash().wantHeard("We need this to know who needs help.").hash().hash()
	if c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("%s", c.heard())
	}
}

func TestWrongDetailsAreSaidAndAskedAgain(t *testing.T) {
	t.Parallel()
	c := newRig(t).call().toDetails()
	c.press("9434765918").wantHeard("not an NHS number", "Key their 10-digit").hash()
	c.press("31022000").wantHeard("cannot use that date", "Key their date of birth")
	c.press("01012999").wantHeard("cannot use that date")
}

func TestTheCallersNumberIsOnlyOffered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	toNumber := func(c *call) *call {
		return c.toDetails().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2")
	}
	c := toNumber(r.call()).wantHeard("May we use the number that you call from?", "07700, 900077")
	c.press("2").wantHeard("Key the telephone number").press("123#").wantHeard("cannot use that number")
	c.press("07700900555#").wantHeard("safe to text").press("2").wantHeard("07700, 900555", "May we text it? No.").press("1")
	if sent := r.only(); sent.Patient.Mobile != "+447700900555" || *sent.Patient.SafeToText || len(r.texts) != 0 {
		t.Errorf("handed in %+v, texted %+v", sent.Patient, r.texts)
	}
	// A landline and a withheld number are not offered for texts.
	toNumber(r.call(func(s *dialogue.Start) { s.Caller = "+441134960000" })).wantHeard("Key the telephone number")
	toNumber(r.call(withheld)).wantHeard("Key the telephone number")
}

func TestOneAnswerIsChangedAtTheReadBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().toDetails().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").hash().wantHeard("A health problem.")
	c.press("2").wantHeard("Does the person who needs help have any of these now?", "To change it, press 1.")
	c.press("2").wantHeard("What is it about?").press("1").wantHeard("Medicines, press 2.")
	c.press("2").wantHeard("Here is what you told us", "Medicines.")
	if strings.Contains(c.heard(), "A health problem.") {
		t.Errorf("the old answer stands: %s", c.heard())
	}
	// A detail, too; and after the last line comes the first.
	c.press("2")
	for range 20 {
		if strings.Contains(c.heard(), "Date of birth:") {
			break
		}
		c.press("2")
	}
	c.press("1").wantHeard("Key their date of birth").press("01011990").wantHeard("1 January 1990")
	c.press("2").press("3").wantHeard("Its reference is")
	if sent := r.only(); string(sent.Answers["callback-topic"]) != `"medicines"` || sent.Patient.BirthDate.String() != "1990-01-01" {
		t.Errorf("handed in %s, %s", sent.Answers["callback-topic"], sent.Patient.BirthDate)
	}
}

func TestADangerSignAtTheReadBackStopsToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().toDetails().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").hash()
	c.press("21").wantHeard("Is any of these happening now?").press("11").wantHeard("call 999 now")
	if sent := r.only(); sent.Receipt.Status != requests.Diverted || sent.Patient.NHSNumber != who.NHSNumber {
		t.Errorf("handed in %+v", sent.Submission)
	}
}

func TestThePharmacyIsChosenFromANeutralList(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	toPharmacy := func() *call {
		k, _ := r.Catalogue.Kind("symptoms")
		c := r.call().press("1" + k.Key).safe().press("11").wantHeard("tell us about the problem")
		c.speak()
		return c.press("2").press("3").press("2").press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").hash()
	}
	c := toPharmacy().wantHeard("The choice is yours", "Bridge Street Pharmacy, press 1. Millpond Chemist, press 2. Quayside Pharmacy, press 3. Towpath Pharmacy, press 4.")
	c.press("3").wantHeard("Pharmacy: Quayside Pharmacy", "Your own words are recorded.").press("1").wantHeard("Its reference is")
	if sent := r.only(); sent.ChosenPharmacy != "FRV01" || len(sent.Recordings) != 1 {
		t.Errorf("handed in %+v", sent.Submission)
	}
	c = toPharmacy().press("5").wantHeard("Pharmacy: Not given.").press("1")
	if sent := r.sent[1]; sent.ChosenPharmacy != "" || !sent.OwnPracticeOnly {
		t.Errorf("handed in %+v", sent.Submission)
	}
	c.wantHeard("Its reference is")
}

func TestRefusingToBeRecordedLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().ask("appointment-book").safe().wantHeard("If you would rather not, press hash: nothing is lost.")
	c.hash().wantHeard("How would you like the appointment to happen?")
	c.press("1").press("4") // a particular person, whose name would be spoken
	if strings.Contains(c.heard(), "We record") {
		t.Errorf("the notice is said twice: %s", c.heard())
	}
	c.handle(dialogue.Event{Kind: dialogue.LineTrouble})
	c.wantHeard("we could not record that", "When would you like the appointment?")
	c.press("1").hash().hash().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").hash().press("1").wantHeard("Its reference is")
	r.only()
}

func TestAWholeCallInWelsh(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().wantHeard("Am Gymraeg, pwyswch 8.").press("8").wantHeard("Dyma Weir Lane Surgery", "For English, press 8.")
	k, _ := r.Catalogue.Kind("callback")
	c.press("1" + k.Key).safe().press("1").hash().hash().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").press("1").press("1")
	c.wantHeard("27 Ebrill", "I anfon hyn, pwyswch 1.")
	for _, p := range c.turn.Say {
		if p.Language != "cy" {
			t.Errorf("%q is said in %s", p.Text, p.Language)
		}
	}
	c.press("1").wantHeard("Ei gyfeirnod yw", "Cewch ateb erbyn")
	if sent := r.only(); sent.Language != "cy" || len(r.texts) != 1 || r.texts[0].Text.Language != "cy" {
		t.Errorf("handed in %+v, texted %+v", sent.Submission, r.texts)
	}
}
