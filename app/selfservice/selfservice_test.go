package selfservice_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/selfservice"
	"onedoor/app/selfservice/selfservicetest"
)

var riverside = demo.NeighbourhoodID("riverside")

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("got %v; want %s", err, code)
	}
}

func status(t *testing.T, d *selfservicetest.Desk, v selfservice.Visit) requests.View {
	t.Helper()
	view, err := d.Requests.Get(t.Context(), d.Actor(t, "sam.carter"), v.Reference)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func slots(t *testing.T, d *selfservicetest.Desk, v selfservice.Visit, proof callers.Proof) []selfservice.OfferedSlot {
	t.Helper()
	list, err := d.Service.Slots(t.Context(), v, proof, clinical.SlotQuery{})
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	return list
}

func TestAnAppointmentIsBookedOnceAndClosesTheRequest(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "appointment-book")
	if acts, err := d.Service.Offers(t.Context(), v); err != nil || !slices.Equal(acts, []selfservice.Act{selfservice.Book}) {
		t.Fatal(acts, err)
	}
	proof := d.Prove(t, v)
	offered := slots(t, d, v, proof)
	booked, err := d.Service.Book(t.Context(), v, proof, offered[1].Token)
	if err != nil || !booked.Start.Equal(offered[1].Start) {
		t.Fatal(booked, err)
	}
	_, err = d.Service.Book(t.Context(), v, proof, offered[0].Token) // once more, such as by an app that heard no answer
	wantCode(t, err, "request_closed")
	if acts, err := d.Service.Offers(t.Context(), v); err != nil || len(acts) != 0 {
		t.Errorf("offered %v, %v", acts, err)
	}
	after := status(t, d, v)
	if after.Status != requests.Closed || after.Outcome.Code != "appointment-booked" || d.Effects() != 1 {
		t.Errorf("%+v, %d effects", after.Outcome, d.Effects())
	}
}

func TestWhoDidNotProveWhoTheyAreSeesNothing(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "appointment-book")
	another := d.Submit(t, 1, "appointment-book")
	_, err := d.Service.Prove(t.Context(), v, "000000")
	wantCode(t, err, "not_proved")
	proof := d.Prove(t, v)
	for name, p := range map[string]callers.Proof{"none": {}, "made up": {ID: uuid.New(), NeighbourhoodID: riverside, CallID: proof.CallID, Outside: true}} {
		if _, err := d.Service.Slots(t.Context(), v, p, clinical.SlotQuery{}); !fault.Is(err, "not_proved") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = d.Service.Slots(t.Context(), another, proof, clinical.SlotQuery{}) // one's own proof at another's request
	wantCode(t, err, "not_proved")
	elsewhere := v
	elsewhere.NeighbourhoodID = demo.NeighbourhoodID("hillside")
	_, err = d.Service.Slots(t.Context(), elsewhere, proof, clinical.SlotQuery{})
	wantCode(t, err, "not_found")
	d.Pass(31 * time.Minute)
	_, err = d.Service.Slots(t.Context(), v, proof, clinical.SlotQuery{})
	wantCode(t, err, "not_proved")
}

func TestOnlyWhatNeedsNobodysJudgementIsOffered(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	none := func(name string, v selfservice.Visit) {
		t.Helper()
		if acts, err := d.Service.Offers(t.Context(), v); err != nil || len(acts) != 0 {
			t.Errorf("%s: offered %v, %v", name, acts, err)
		}
		if err := d.Service.SendCode(t.Context(), v, "en"); name != "off" && name != "symptoms" && !fault.Is(err, "not_by_self") {
			t.Errorf("%s: a code: %v", name, err)
		}
	}
	none("urgent", d.Submit(t, 0, "appointment-book", func(in *requests.Submission) { in.Answers = nil }))
	none("for somebody else", d.Submit(t, 0, "appointment-book", func(in *requests.Submission) { in.Proxy = &requests.Proxy{Name: "A Friend", Relationship: "friend"} }))
	none("symptoms", d.Submit(t, 0, "admin"))
	claimed := d.Submit(t, 0, "appointment-book")
	if _, err := d.Requests.Claim(t.Context(), d.Actor(t, "sam.carter"), requests.Command{Reference: claimed.Reference}); err != nil {
		t.Fatal(err)
	}
	none("claimed", claimed)
	v := d.Submit(t, 0, "appointment-book")
	d.Switch(false, clinical.FHIR)
	none("off", v)
}

func TestAStrangerIsAnsweredLikeAnybody(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "appointment-book", func(in *requests.Submission) {
		in.Patient.NHSNumber, in.AskedOf = "9434765919", demo.OrganisationID("A81001")
	})
	if acts, err := d.Service.Offers(t.Context(), v); err != nil || len(acts) != 1 {
		t.Fatal(acts, err)
	}
	if err := d.Service.SendCode(t.Context(), v, "en"); err != nil || d.Code() != "" {
		t.Error(d.Code(), err)
	}
	_, err := d.Service.Prove(t.Context(), v, "000000")
	wantCode(t, err, "not_proved")
}

func TestATakenSlotOffersTheNextOnes(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "appointment-book")
	proof := d.Prove(t, v)
	offered := slots(t, d, v, proof)
	d.Fail(selfservicetest.Taken)
	_, err := d.Service.Book(t.Context(), v, proof, offered[0].Token)
	var taken *selfservice.TakenError
	if !errors.As(err, &taken) || len(taken.Next) != 2 || !fault.Is(err, "slot_taken") {
		t.Fatalf("%v", err)
	}
	d.Fail(selfservicetest.Well)
	if _, err := d.Service.Book(t.Context(), v, proof, taken.Next[0].Token); err != nil {
		t.Fatal(err)
	}
	if got := status(t, d, v); got.Status != requests.Closed || d.Effects() != 1 {
		t.Errorf("%s, %d effects", got.Status, d.Effects())
	}
}

func TestWhatFailsLeavesTheRequestInTheQueueAndIsToldAsItIs(t *testing.T) {
	t.Parallel()
	for fails, code := range map[selfservicetest.Fault]string{
		selfservicetest.Down: "appointments_unavailable", selfservicetest.Refuse: "booking_refused", selfservicetest.Lost: "booking_unknown",
	} {
		t.Run(string(fails), func(t *testing.T) {
			t.Parallel()
			d := selfservicetest.New(t, demotest.New(t))
			v := d.Submit(t, 0, "appointment-book")
			proof := d.Prove(t, v)
			offered := slots(t, d, v, proof)
			d.Fail(fails)
			_, err := d.Service.Book(t.Context(), v, proof, offered[0].Token)
			wantCode(t, err, code)
			if got := status(t, d, v); got.Status != requests.Queued {
				t.Errorf("the request is %s", got.Status)
			}
			d.Fail(selfservicetest.Well)
			d.Pass(time.Minute)
			if _, err := d.Bookings.Settle(t.Context(), riverside); err != nil {
				t.Fatal(err)
			}
			want := requests.Queued
			if fails == selfservicetest.Lost { // it had arrived
				want = requests.Closed
			}
			if got := status(t, d, v); got.Status != want || d.Effects() > 1 {
				t.Errorf("after it was read back the request is %s, with %d effects", got.Status, d.Effects())
			}
		})
	}
}

func TestAnAppointmentIsMovedAndCancelled(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	ctx := t.Context()
	change := d.Submit(t, 0, "appointment-change")
	proof := d.Prove(t, change)
	list, err := d.Service.Appointments(ctx, change, proof)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	_, err = d.Service.Cancel(ctx, change, proof, slots(t, d, change, proof)[0].Token)
	wantCode(t, err, "offer_ended") // a slot's token is no appointment's
	_, err = d.Service.Book(ctx, change, proof, slots(t, d, change, proof)[0].Token)
	wantCode(t, err, "not_by_self") // a second appointment is no answer to this
	_, err = d.Service.Medicines(ctx, change, proof)
	wantCode(t, err, "not_by_self")
	if _, err := d.Service.Move(ctx, change, proof, list[0].Token, slots(t, d, change, proof)[2].Token); err != nil {
		t.Fatal(err)
	}
	if got := status(t, d, change); got.Outcome == nil || got.Outcome.Code != "appointment-moved" {
		t.Errorf("%+v", got.Outcome)
	}
	cancel := d.Submit(t, 0, "appointment-cancel")
	_, err = d.Service.Cancel(ctx, cancel, proof, list[0].Token)
	wantCode(t, err, "not_proved") // of another request
	proof = d.Prove(t, cancel)
	_, err = d.Service.Cancel(ctx, cancel, proof, list[0].Token)
	wantCode(t, err, "offer_ended")
	if list, err = d.Service.Appointments(ctx, cancel, proof); err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if _, err := d.Service.Cancel(ctx, cancel, proof, list[0].Token); err != nil {
		t.Fatal(err)
	}
	if got := status(t, d, cancel); got.Outcome == nil || got.Outcome.Code != "appointment-cancelled" || d.Effects() != 2 {
		t.Errorf("%+v, %d effects", got.Outcome, d.Effects())
	}
}

func TestAnOfferEnds(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "appointment-book")
	proof := d.Prove(t, v)
	token := slots(t, d, v, proof)[0].Token
	for name, bad := range map[string]string{"empty": "", "not a token": "&&", "cut": token[:len(token)-4], "changed": "AAAA" + token[4:]} {
		if _, err := d.Service.Book(t.Context(), v, proof, bad); !fault.Is(err, "offer_ended") {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.Pass(21 * time.Minute)
	_, err := d.Service.Book(t.Context(), v, proof, token)
	wantCode(t, err, "offer_ended")
	if d.Effects() != 0 {
		t.Error("something was booked")
	}
}

func TestRepeatsAreOrderedOnceAndClosedWhenThePracticeSays(t *testing.T) {
	t.Parallel()
	for _, fails := range []selfservicetest.Fault{selfservicetest.Well, selfservicetest.Lost} {
		t.Run("fault "+string(fails), func(t *testing.T) {
			t.Parallel()
			d := selfservicetest.New(t, demotest.New(t))
			ctx := t.Context()
			v := d.Submit(t, 0, "repeat-prescription")
			proof := d.Prove(t, v)
			list, err := d.Service.Medicines(ctx, v, proof)
			if err != nil || len(list) != 2 || list[0].Token == "" || list[1].Token != "" {
				t.Fatal(list, err)
			}
			d.Fail(fails)
			err = d.Service.Order(ctx, v, proof, []string{list[0].Token})
			if fails == selfservicetest.Lost {
				wantCode(t, err, "order_unknown")
				d.Fail(selfservicetest.Well)
				d.Pass(time.Minute)
				if n, err := d.Service.SettleOrders(ctx, riverside); n != 1 || err != nil {
					t.Fatal(n, err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			wantCode(t, d.Service.Order(ctx, v, d.Prove(t, v), []string{list[0].Token}), "order_exists")
			orders := d.Orders()
			if len(orders) != 1 || d.Effects() != 1 || orders[0].Medicines[0].Name != list[0].Name {
				t.Fatalf("%+v", orders)
			}
			got := status(t, d, v)
			if got.Status != requests.Queued || len(got.Staff.Arrivals) != 1 || !got.Staff.Arrivals[0].Standing {
				t.Errorf("%s, %+v", got.Status, got.Staff.Arrivals)
			}
			d.Finish(orders[0].ID)
			d.Pass(time.Minute)
			due, err := d.Requests.DueArrivals(ctx, riverside, 10)
			if err != nil || len(due) != 1 || !due[0].Ordered {
				t.Fatal(due, err)
			}
			reference, standing, found, err := d.Service.OrderStanding(ctx, due[0])
			if err != nil || !found || reference != v.Reference {
				t.Fatal(reference, found, err)
			}
			if err := d.Requests.StoodOrder(ctx, due[0], reference, standing, found); err != nil {
				t.Fatal(err)
			}
			if got := status(t, d, v); got.Status != requests.Closed || got.Outcome.Code != "done" {
				t.Errorf("%s", got.Status)
			}
		})
	}
}

func TestAnOrderThatDidNotArriveIsNotSentAgain(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	ctx := t.Context()
	v := d.Submit(t, 0, "repeat-prescription")
	proof := d.Prove(t, v)
	list, err := d.Service.Medicines(ctx, v, proof)
	if err != nil {
		t.Fatal(err)
	}
	d.Fail(selfservicetest.Down)
	wantCode(t, d.Service.Order(ctx, v, proof, []string{list[0].Token}), "medicines_unavailable")
	d.Fail(selfservicetest.Well)
	if err := d.Service.Order(ctx, v, proof, []string{list[0].Token}); err != nil { // by hand, anew
		t.Fatal(err)
	}
	if d.Effects() != 1 {
		t.Errorf("%d effects", d.Effects())
	}
}

func TestMedicinesAreNotNamedWhereTheInterfaceAsksForMore(t *testing.T) {
	t.Parallel()
	d := selfservicetest.New(t, demotest.New(t))
	v := d.Submit(t, 0, "repeat-prescription")
	proof := d.Prove(t, v)
	d.Switch(true, clinical.PatientFacing)
	if acts, err := d.Service.Offers(t.Context(), v); err != nil || len(acts) != 0 {
		t.Errorf("offered %v, %v", acts, err)
	}
	_, err := d.Service.Medicines(t.Context(), v, proof)
	wantCode(t, err, "medicines_not_offered")
	if err != nil && strings.Contains(err.Error(), "mlodipine") {
		t.Error("a medicine is named")
	}
}
