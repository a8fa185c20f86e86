package web_test

import (
	"regexp"
	"strings"
	"testing"

	"onedoor/app/channels/web"
	"onedoor/app/clinical"
	"onedoor/app/selfservice/selfservicetest"
)

// openDesk is a site whose practice's system lets people settle things by themselves.
func openDesk(t *testing.T) (*site, *selfservicetest.Desk) {
	t.Helper()
	var d *selfservicetest.Desk
	s := open(t, func(o *web.Options) { o.SelfService = lateDesk{&d} })
	d = selfservicetest.New(t, s.World)
	return s, d
}

// asksFor sends a request of a kind, with nothing but what must be answered, as a person of the register.
func (v *visitor) asksFor(kind string, person int, safe string) {
	v.t.Helper()
	v.get("")
	v.send("kind", kind)
	for range 30 {
		switch {
		case strings.HasPrefix(v.at, "/riverside/question/"):
			v.answerAnyhow()
		case strings.HasPrefix(v.at, "/riverside/about-you/"):
			form := v.site.person(person)
			form.Set("safe", safe)
			v.about(form)
		case v.at == "/riverside/check-answers":
			v.send()
			v.wants("Request sent")
			return
		default:
			v.t.Fatalf("at %s (%d)\n%s", v.at, v.status, v.body)
		}
	}
	v.t.Fatalf("no end of questions at %s", v.at)
}

var values = regexp.MustCompile(`name="answer"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="answer"`)

// answerAnyhow leaves a question out, or gives the answer that is no reason for haste, or the first.
func (v *visitor) answerAnyhow() {
	v.t.Helper()
	before := v.at
	for _, answer := range []string{"", "16-or-over", "none", "no", "false"} {
		if answer == "" {
			v.send()
		} else {
			v.send("answer", answer)
		}
		if v.at != before {
			return
		}
	}
	for _, m := range values.FindAllStringSubmatch(v.body, -1) {
		v.send("answer", m[1]+m[2])
		if v.at != before {
			return
		}
	}
	v.send("answer", "Some words.")
	if v.at == before {
		v.send("answer-day", "1", "answer-month", "12", "answer-year", "2026")
	}
}

// letIn proves who somebody is by a code.
func (v *visitor) letIn(d *selfservicetest.Desk) {
	v.t.Helper()
	v.get("by-yourself")
	v.wants("Check that it is you")
	v.send("by", "code")
	v.wants("Enter the code that we sent you")
	v.send("proof", "000000")
	v.shows("That did not work")
	v.send("proof", d.Code())
}

var tokens = regexp.MustCompile(`value="([A-Za-z0-9_-]{60,})"`)

func (v *visitor) tokens() []string {
	v.t.Helper()
	var list []string
	for _, m := range tokens.FindAllStringSubmatch(v.body, -1) {
		list = append(list, m[1])
	}
	if len(list) == 0 {
		v.t.Fatalf("%s offers nothing\n%s", v.at, v.body)
	}
	return list
}

func TestAPatientBooksAnAppointmentByThemselves(t *testing.T) {
	t.Parallel()
	s, d := openDesk(t)
	v := s.visit(t)
	v.asksFor("appointment-book", 0, "yes")
	v.shows("You can choose an appointment now", `href="/riverside/by-yourself"`)
	reference := v.reference()
	v.get("by-yourself/appointment")
	v.wants("Check that it is you")
	v.letIn(d)
	v.wants("Choose an appointment")
	v.shows("9am on Tuesday 24 November", "Dr Aisha Rahman, Weir Lane Surgery", "None of these")
	v.send()
	v.shows("Select an appointment")
	d.Fail(selfservicetest.Taken)
	v.send("slot", v.tokens()[0])
	v.shows("Somebody else has just taken this appointment", "9:15am on Tuesday 24 November")
	d.Fail(selfservicetest.Well)
	v.send("slot", v.tokens()[0])
	v.wants("Appointment booked")
	v.shows("9:15am on Tuesday 24 November", reference[:3]+" "+reference[3:6])
	if d.Effects() != 1 {
		t.Errorf("%d effects", d.Effects())
	}
	v.get("sent")
	v.wants("Your request")
	v.shows("Finished")
	v.get("by-yourself/appointment")
	v.wants("Your request") // nothing more is offered
	for _, address := range v.addresses {
		if strings.Contains(address, reference) || strings.Contains(address, "Slot") {
			t.Errorf("the address %s holds what it should not", address)
		}
	}
}

func TestWhatCouldNotBeConfirmedIsToldSo(t *testing.T) {
	t.Parallel()
	for fails, says := range map[selfservicetest.Fault]string{
		selfservicetest.Lost: "Do not take it as booked", selfservicetest.Down: "Nothing was changed", selfservicetest.Refuse: "Nothing was changed",
	} {
		t.Run(string(fails), func(t *testing.T) {
			t.Parallel()
			s, d := openDesk(t)
			v := s.visit(t)
			v.asksFor("appointment-book", 0, "yes")
			v.letIn(d)
			d.Fail(fails)
			v.send("slot", v.tokens()[0])
			v.wants("Your request is with the practice")
			v.shows(says, "You need not do anything else")
			v.get("sent")
			v.wants("Request sent")
		})
	}
}

func TestAPatientChangesAndCancelsByThemselves(t *testing.T) {
	t.Parallel()
	s, d := openDesk(t)
	v := s.visit(t)
	v.asksFor("appointment-change", 0, "yes")
	v.letIn(d)
	v.wants("Your appointments")
	v.shows("Nurse Joy Adu")
	v.send()
	v.shows("Select what you want to do")
	v.send("appointment", v.tokens()[0], "act", "change")
	v.wants("Choose another time")
	all := v.tokens()
	v.send("appointment", all[0], "slot", all[1])
	v.wants("Appointment changed")
	v.asksFor("appointment-cancel", 0, "yes")
	v.letIn(d)
	v.send("appointment", v.tokens()[0], "act", "cancel")
	v.wants("Appointment cancelled")
	if d.Effects() != 2 {
		t.Errorf("%d effects", d.Effects())
	}
}

func TestAPatientOrdersRepeatsByThemselves(t *testing.T) {
	t.Parallel()
	s, d := openDesk(t)
	v := s.visit(t)
	v.asksFor("repeat-prescription", 0, "yes")
	v.letIn(d)
	v.wants("Which medicines do you want to order?")
	v.shows("Amlodipine 5mg tablets", "Zopiclone 7.5mg tablets cannot be ordered now")
	v.send()
	v.shows("Select at least one medicine")
	v.send("medicine", "0", "token-0", v.tokens()[0])
	v.wants("Order sent to the practice")
	if orders := d.Orders(); len(orders) != 1 || len(orders[0].Medicines) != 1 {
		t.Errorf("%+v", orders)
	}
	v.get("sent")
	v.wants("Request sent") // it stays open until the practice says
}

func TestWhoMustNotBeTextedIsAskedForTheirPIN(t *testing.T) {
	t.Parallel()
	s, d := openDesk(t)
	v := s.visit(t)
	v.asksFor("appointment-book", 0, "no")
	v.get("by-yourself")
	if strings.Contains(v.body, "Text me a code") {
		t.Error("a text is offered to somebody who said that it is not safe")
	}
	v.post("by-yourself/who", fields("by", "code"))
	if d.Code() != "" {
		t.Error("a code was texted")
	}
	v.send("by", "pin")
	v.wants("Enter your PIN")
	for range 3 {
		v.send("proof", "135790")
	}
	v.send("proof", "135790")
	v.wants("Your request is with the practice")
}

func TestNothingIsOfferedWhereThePracticeOffersNothing(t *testing.T) {
	t.Parallel()
	s, d := openDesk(t)
	v := s.visit(t)
	v.get("by-yourself/appointment")
	if v.at != "/riverside/status" {
		t.Errorf("without a conversation it led to %s", v.at)
	}
	d.Switch(false, clinical.FHIR)
	v.asksFor("appointment-book", 0, "yes")
	if strings.Contains(v.body, "by-yourself") {
		t.Error("something is offered")
	}
	v.get("by-yourself/code")
	v.wants("Request sent")
}
