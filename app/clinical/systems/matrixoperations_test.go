package systems_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/selfservice"
	"onedoor/tenants"
)

// operations are what is asked of each system while somebody waits: by patients themselves where the interface is for
// them, else by staff.
func (d *desk) operations() map[string][]operation {
	return map[string][]operation{
		"FHIR R4": {
			d.freeSlots(true), d.ownAppointments(), d.book(true, "book"), d.move(true, 1), d.cancel(true), d.amend(),
			d.listMedicines(), d.order("order a medicine", 1, 1), d.order("order two medicines", 2, 1), d.track(),
		},
		"GP Connect":     {d.freeSlots(false), d.theirs(), d.book(false, "book"), d.move(false, 2), atSecond(d.move(false, 2)), d.cancel(false), d.amend()},
		"BaRS":           {d.freeSlots(false), d.book(false, "book"), d.move(false, 2), atSecond(d.move(false, 2)), d.cancel(false)},
		"Patient Facing": {d.listMedicines(), d.order("order a medicine", 1, 1), d.order("order two medicines", 2, 2), atSecond(d.order("order two medicines", 2, 2)), d.track()},
	}
}

// atSecond is an operation of two steps whose fault begins after the first.
func atSecond(o operation) operation {
	o.name, o.second = o.name+", 2nd step", true
	return o
}

func (d *desk) services(a *attempt) (*bookings.Service, *selfservice.Service) {
	return d.bookings[hurries(a.mode)], d.self[hurries(a.mode)]
}

func (d *desk) visit(ctx context.Context, a *attempt) (selfservice.Visit, callers.Proof, error) {
	v := selfservice.Visit{NeighbourhoodID: riverside, Reference: a.reference, Channel: requests.Web}
	_, self := d.services(a)
	proof, err := self.Prove(ctx, v, "000000")
	return v, proof, err
}

// slots are the free ones, as they are when all is well.
func (d *desk) slots(ctx context.Context, a *attempt) ([]clinical.Slot, error) {
	list, err := d.bookings[false].Free(ctx, d.who(a.reference, a.request), clinical.SlotQuery{Most: 4})
	if err == nil && len(list) < 3 {
		err = fmt.Errorf("only %d are free", len(list))
	}
	return list, err
}

// had is an appointment that somebody has already.
func (d *desk) had(ctx context.Context, a *attempt, slot clinical.Slot) (clinical.Appointment, error) {
	scheduler, ok := a.end.system.(clinical.Scheduler)
	if !ok {
		return clinical.Appointment{}, errors.New("it books nothing")
	}
	who := d.who(a.reference, a.request)
	return scheduler.Book(ctx, clinical.Booking{
		ID: uuid.New(), Reference: "4820017365", Slot: slot, Patient: who.Patient, Reason: "Before", At: d.Now(), By: who.By, Actor: who.Actor,
	})
}

// acted is what we keep of an act on an appointment, and of its request.
func (d *desk) acted(self bool) func(context.Context, *attempt) (string, bool, bool, error) {
	return func(ctx context.Context, a *attempt) (string, bool, bool, error) {
		acts, err := d.bookings[false].OfRequest(ctx, tenants.JobOf(riverside), a.request)
		if err != nil || len(acts) > 1 {
			return "", false, false, fmt.Errorf("%d acts, %w", len(acts), err)
		}
		view, err := d.Requests.Get(ctx, d.staff, a.reference)
		if err != nil {
			return "", false, false, err
		}
		if len(acts) == 0 {
			return "nothing kept; request " + string(view.Status), false, false, nil
		}
		b := acts[0]
		done := !b.State.Open() && b.State != bookings.Refused
		closed := view.Status == requests.Closed
		if closed != (done && self) && b.Act != bookings.ActAmend {
			err = fmt.Errorf("the act is %s, and the request %s", b.State, view.Status)
		}
		return string(b.State) + "; request " + string(view.Status), done, b.State.Open(), err
	}
}

// unchanged is the state of a question: nothing is kept of it.
func unchanged(context.Context, *attempt) (string, bool, bool, error) {
	return "nothing to keep", false, false, nil
}

func (d *desk) freeSlots(self bool) operation {
	return operation{name: "find free times", kind: "appointment-book", asks: true, state: unchanged, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		before, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		v, proof, err := d.visit(ctx, a)
		booked, own := d.services(a)
		return func(ctx context.Context) error {
			n := 0
			var err error
			if self {
				var list []selfservice.OfferedSlot
				list, err = own.Slots(ctx, v, proof, clinical.SlotQuery{Most: 4})
				n = len(list)
			} else {
				var list []clinical.Slot
				list, err = booked.Free(ctx, d.who(a.reference, a.request), clinical.SlotQuery{Most: 4})
				n = len(list)
			}
			if err == nil && n != len(before) {
				a.errorf("%d of %d times are shown as free", n, len(before))
			}
			return err
		}, err
	}}
}

func (d *desk) ownAppointments() operation {
	return operation{name: "see own appointments", kind: "appointment-change", asks: true, state: unchanged, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		if _, err := d.had(ctx, a, slots[0]); err != nil {
			return nil, err
		}
		v, proof, err := d.visit(ctx, a)
		_, own := d.services(a)
		return func(ctx context.Context) error {
			list, err := own.Appointments(ctx, v, proof)
			if err == nil && len(list) != 1 {
				a.errorf("%d appointments are told", len(list))
			}
			return err
		}, err
	}}
}

func (d *desk) theirs() operation {
	return operation{name: "see their appointments", kind: "callback", asks: true, state: unchanged, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		_, err = d.had(ctx, a, slots[0])
		booked, _ := d.services(a)
		return func(ctx context.Context) error {
			list, err := booked.Theirs(ctx, d.who(a.reference, a.request))
			if err == nil && len(list) != 1 {
				a.errorf("%d appointments are told", len(list))
			}
			return err
		}, err
	}}
}

func kindOf(self bool, kind string) string {
	if self {
		return kind
	}
	return "callback"
}

func (d *desk) book(self bool, name string) operation {
	return operation{name: name, kind: kindOf(self, "appointment-book"), effects: 1, state: d.acted(self), ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		booked, own := d.services(a)
		if !self {
			return func(ctx context.Context) error {
				_, err := booked.Book(ctx, d.who(a.reference, a.request), slots[1], bookings.Change{Reason: "Blood pressure"})
				return err
			}, nil
		}
		v, proof, err := d.visit(ctx, a)
		if err != nil {
			return nil, err
		}
		offered, err := own.Slots(ctx, v, proof, clinical.SlotQuery{})
		return func(ctx context.Context) error {
			got, err := own.Book(ctx, v, proof, offered[1].Token)
			if err == nil && !got.Start.Equal(offered[1].Start) {
				a.errorf("told of an appointment at %s", got.Start)
			}
			return err
		}, err
	}}
}

func (d *desk) move(self bool, effects int) operation {
	return operation{name: "change the time", kind: kindOf(self, "appointment-change"), effects: effects, state: d.acted(self), ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		had, err := d.had(ctx, a, slots[0])
		if err != nil {
			return nil, err
		}
		booked, own := d.services(a)
		if !self {
			return func(ctx context.Context) error {
				_, err := booked.Move(ctx, d.who(a.reference, a.request), had, slots[2], bookings.Change{})
				return err
			}, nil
		}
		v, proof, err := d.visit(ctx, a)
		if err != nil {
			return nil, err
		}
		list, err := own.Appointments(ctx, v, proof)
		if err != nil || len(list) != 1 {
			return nil, fmt.Errorf("%d appointments, %w", len(list), err)
		}
		offered, err := own.Slots(ctx, v, proof, clinical.SlotQuery{})
		return func(ctx context.Context) error {
			_, err := own.Move(ctx, v, proof, list[0].Token, offered[1].Token)
			return err
		}, err
	}}
}

func (d *desk) cancel(self bool) operation {
	return operation{name: "cancel", kind: kindOf(self, "appointment-cancel"), effects: 1, state: d.acted(self), ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		had, err := d.had(ctx, a, slots[0])
		if err != nil {
			return nil, err
		}
		booked, own := d.services(a)
		if !self {
			return func(ctx context.Context) error {
				_, err := booked.Cancel(ctx, d.who(a.reference, a.request), had, bookings.Change{})
				return err
			}, nil
		}
		v, proof, err := d.visit(ctx, a)
		if err != nil {
			return nil, err
		}
		list, err := own.Appointments(ctx, v, proof)
		if err != nil || len(list) != 1 {
			return nil, fmt.Errorf("%d appointments, %w", len(list), err)
		}
		return func(ctx context.Context) error {
			_, err := own.Cancel(ctx, v, proof, list[0].Token)
			return err
		}, nil
	}}
}

func (d *desk) amend() operation {
	return operation{name: "change the reason", kind: "callback", effects: 1, state: d.acted(false), ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		slots, err := d.slots(ctx, a)
		if err != nil {
			return nil, err
		}
		had, err := d.had(ctx, a, slots[0])
		booked, _ := d.services(a)
		return func(ctx context.Context) error {
			_, err := booked.Amend(ctx, d.who(a.reference, a.request), had, bookings.Change{Reason: "Blood pressure and weight"})
			return err
		}, err
	}}
}

func (d *desk) listMedicines() operation {
	return operation{name: "list repeat medicines", kind: "repeat-prescription", asks: true, state: unchanged, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		v, proof, err := d.visit(ctx, a)
		_, own := d.services(a)
		return func(ctx context.Context) error {
			list, err := own.Medicines(ctx, v, proof)
			if err == nil && len(list) != 2 {
				a.errorf("%d medicines are told", len(list))
			}
			return err
		}, err
	}}
}

// ordered is what we keep of an order: whether its request says that the practice's system has it.
func (d *desk) ordered(ctx context.Context, a *attempt) (string, bool, bool, error) {
	view, err := d.Requests.Get(ctx, d.staff, a.reference)
	if err != nil {
		return "", false, false, err
	}
	if len(view.Staff.Arrivals) == 1 {
		var order uuid.UUID
		if err := d.DB.InTx(ctx, tenants.JobOf(riverside), func(tx *database.Tx) error {
			return tx.Pgx().QueryRow(ctx, "select id from medicine_orders where request_id = $1", a.request).Scan(&order)
		}); err != nil {
			return "", false, false, err
		}
		_, standing, found, err := d.self[false].OrderStanding(ctx, requests.Arrival{NeighbourhoodID: riverside, ID: order})
		if err == nil && (!found || standing.Stage != clinical.StageWaiting) {
			if a.inPart = standing.Stage == clinical.StageRefused && strings.HasPrefix(standing.Says, "1 of 2 medicines did not arrive"); !a.inPart {
				err = fmt.Errorf("the order stands %q, there %v", standing.Stage, found)
			}
		}
		return "ordered" + map[bool]string{true: " in part", false: ""}[a.inPart] + "; request " + string(view.Status), true, false, err
	}
	return "not ordered; request " + string(view.Status), false, false, nil
}

func (d *desk) order(name string, medicines, effects int) operation {
	return operation{name: name, kind: "repeat-prescription", effects: effects, state: d.ordered, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		v, proof, err := d.visit(ctx, a)
		if err != nil {
			return nil, err
		}
		_, own := d.services(a)
		list, err := own.Medicines(ctx, v, proof)
		if err != nil || len(list) < medicines {
			return nil, fmt.Errorf("%d medicines, %w", len(list), err)
		}
		var chosen []string
		for _, m := range list[:medicines] {
			chosen = append(chosen, m.Token)
		}
		return func(ctx context.Context) error { return own.Order(ctx, v, proof, chosen) }, nil
	}}
}

// track asks what became of an order that the system has. Under a fault nobody says that it is not there.
func (d *desk) track() operation {
	return operation{name: "track an order", kind: "repeat-prescription", asks: true, state: unchanged, ready: func(ctx context.Context, a *attempt) (func(context.Context) error, error) {
		dispensary, ok := a.end.system.(clinical.RepeatMedicines)
		if !ok {
			return nil, errors.New("it takes no orders")
		}
		order := clinical.MedicineOrder{
			ID: uuid.New(), Reference: string(a.reference), Patient: d.about(), Medicines: []clinical.Medicine{{ID: "MedicationRequest/m0", Name: "Medicine 0"}}, At: d.Now(),
		}
		if _, err := dispensary.Ask(ctx, order); err != nil {
			return nil, err
		}
		asked := func(ctx context.Context) error {
			asking, cancel := context.WithTimeout(ctx, map[bool]time.Duration{true: selfservice.Budget, false: time.Minute}[hurries(a.mode)])
			defer cancel()
			standing, found, err := dispensary.Asked(asking, order)
			if err == nil && (!found || standing.Stage != clinical.StageWaiting) {
				a.errorf("it is said to stand %q, there %v", standing.Stage, found)
			}
			if errors.As(err, new(*clinical.Unavailable)) || errors.As(err, new(*clinical.Unknown)) {
				return unavailableNow(err)
			}
			return err
		}
		return asked, nil
	}}
}

// unavailableNow is what the job that tracks makes of an error: it asks again, and nobody hears anything.
func unavailableNow(err error) error {
	return fault.New(fault.Unavailable, "medicines_unavailable", "%s", words(err)).Because(err)
}
