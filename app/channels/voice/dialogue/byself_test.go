package dialogue_test

import (
	"strings"
	"testing"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/requests"
	"onedoor/app/selfservice/selfservicetest"
)

// newSettling is a line whose callers' practice lets them settle things by themselves.
func newSettling(t *testing.T) (*rig, *selfservicetest.Desk) {
	t.Helper()
	var desk *selfservicetest.Desk
	r := newRigWith(t, func(r *rig, o *dialogue.Options) {
		desk = selfservicetest.New(t, r.World)
		o.Callers, o.SelfService = desk.Callers, desk.Service
	})
	return r, desk
}

// sendsOff asks for something, leaves out what may be, and sends it.
func (c *call) sendsOff(kind string, keysOfNumber, birth string) *call {
	c.t.Helper()
	c.ask(kind).safe()
	for range 30 {
		switch {
		case c.state.Step == "question" || c.state.Step == "pharmacy":
			before := c.state.Place
			c.hash()
			for _, key := range []string{"1", "2", "01122026"} {
				if c.state.Step == "question" && c.state.Place == before {
					c.press(key)
				}
			}
		case c.state.Place.Detail == "nhs-number" && c.state.Step == "detail":
			c.press(keysOfNumber)
		case c.state.Place.Detail == "birth-date" && c.state.Step == "detail":
			c.press(birth)
		case c.state.Step == "detail":
			before := c.state.Place
			c.hash()
			if c.state.Step == "detail" && c.state.Place == before {
				c.press("1")
			}
		case c.state.Step == "check":
			return c.press("1").wantHeard("Its reference is")
		default:
			c.t.Fatalf("at %s: %s", c.state.Step, c.heard())
		}
	}
	c.t.Fatalf("no end at %s: %s", c.state.Step, c.heard())
	return c
}

func (c *call) provesBy(d *selfservicetest.Desk) *call {
	c.t.Helper()
	c.press("1").wantHeard("code by text")
	c.press("1").wantHeard("Key its 6 digits")
	c.press("000000").wantHeard("could not check who you are")
	return c.press(d.Code())
}

func standsAs(t *testing.T, r *rig, d *selfservicetest.Desk, c *call) requests.View {
	t.Helper()
	v, err := d.Requests.Get(t.Context(), r.Actor(t, receptionist), c.state.Sent)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestACallerBooksByThemselves(t *testing.T) {
	t.Parallel()
	r, d := newSettling(t)
	who := r.Patients[0]
	c := r.recorded(d.Calls).sendsOff("appointment-book", string(who.NHSNumber), keysOf(who.BirthDate)).wantHeard("You can choose an appointment now")
	c.provesBy(d).wantHeard("next appointments that are free", "9am on Tuesday 24 November, Dr Aisha Rahman", "press 5")
	c.press("9").wantHeard("next appointments")
	d.Fail(selfservicetest.Taken)
	c.press("1").wantHeard("9am on Tuesday 24 November", "To book it, press 1").press("1").wantHeard("Somebody else has just taken", "9:15am")
	d.Fail(selfservicetest.Well)
	c.press("1").wantHeard("9:15am").press("2").wantHeard("next appointments").press("2").wantHeard("9:30am").press("1")
	c.wantHeard("Your appointment is booked", "9:30am", "anything else")
	if v := standsAs(t, r, d, c); v.Status != requests.Closed || v.Outcome.Code != "appointment-booked" || d.Effects() != 1 {
		t.Errorf("%s, %d effects", v.Status, d.Effects())
	}
}

func TestACallerLeavesItToThePractice(t *testing.T) {
	t.Parallel()
	r, d := newSettling(t)
	who := r.Patients[0]
	c := r.recorded(d.Calls).sendsOff("appointment-book", string(who.NHSNumber), keysOf(who.BirthDate)).press("2").wantHeard("Your request is with the practice", "anything else")
	if v := standsAs(t, r, d, c); v.Status != requests.Queued {
		t.Errorf("%s", v.Status)
	}
	d.Fail(selfservicetest.Lost)
	c = r.recorded(d.Calls).sendsOff("appointment-book", string(who.NHSNumber), keysOf(who.BirthDate)).provesBy(d).press("1").press("1")
	c.wantHeard("could not confirm this", "Your request is with the practice")
	if v := standsAs(t, r, d, c); v.Status != requests.Queued {
		t.Errorf("%s", v.Status)
	}
}

func TestACallerChangesCancelsAndOrdersByThemselves(t *testing.T) {
	t.Parallel()
	r, d := newSettling(t)
	who := r.Patients[0]
	number, birth := string(who.NHSNumber), keysOf(who.BirthDate)
	c := r.recorded(d.Calls).sendsOff("appointment-change", number, birth).provesBy(d).wantHeard("These are your appointments", "Nurse Joy Adu")
	c.press("1").wantHeard("next appointments that are free").press("1").wantHeard("in place of your appointment").press("1").wantHeard("Your appointment is changed")
	c.press("1").sendsOff("appointment-cancel", number, birth).press("1").wantHeard("These are your appointments") // proved once for the call
	c.press("1").wantHeard("To cancel this appointment").press("1").wantHeard("Your appointment is cancelled")
	c = r.recorded(d.Calls).sendsOff("repeat-prescription", number, birth).provesBy(d).wantHeard("Amlodipine 5mg tablets")
	if strings.Contains(c.heard(), "Zopiclone") {
		t.Error("a medicine is offered that cannot be ordered")
	}
	c.press("1").wantHeard("To order this, press 1").press("1").wantHeard("Your order is with the practice")
	if orders := d.Orders(); len(orders) != 1 || d.Effects() != 3 {
		t.Errorf("%d orders, %d effects", len(orders), d.Effects())
	}
}
