package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

// OrderState is how far an order for repeat medicines has come.
type OrderState string

const (
	OrderAsked   OrderState = "asked"   // stored, and being sent
	OrderPlaced  OrderState = "ordered" // a task of the practice's system
	OrderRefused OrderState = "refused" // it did not arrive, for certain
	OrderUnknown OrderState = "unknown" // sent, and not confirmed: it is read back
)

// MedicineOrder is an order as it is kept: stored, with the way it will go, before it is first sent.
type MedicineOrder struct {
	ID              uuid.UUID // ours, the same at every try
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	IntegrationID   uuid.UUID
	State           OrderState
	Sealed          []byte // a clinical.MedicineOrder: it names medicines
	Tries           int
	AskedAt         time.Time
	SettledAt       time.Time // when it became certain; zero before
	NextAt          time.Time // when it is read back next; zero once it is certain
	LastError       string    // plain words, nothing identifiable
}

// Store keeps orders. Each method is a transaction of its own, in the scope of a patient's way in or of a job.
type Store interface {
	// Ask stores an order before it is first sent. One more of a request while another is open, or has arrived, is order_exists.
	Ask(ctx context.Context, o MedicineOrder) error
	// Save writes what became of an order that is still open; one that is certain is left as it is.
	Save(ctx context.Context, o MedicineOrder) error
	// Get is one order.
	Get(ctx context.Context, neighbourhood, id uuid.UUID) (MedicineOrder, error)
	// Due are open orders that may be read back now, at most so many; each is put off until the time given, so that no other
	// process takes it up meanwhile.
	Due(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, most int) ([]MedicineOrder, error)
}

// OfferedMedicine is one that somebody takes regularly, and the token that stands for it; empty where it cannot be asked for.
type OfferedMedicine struct {
	Token string
	clinical.Medicine
}

const (
	orderSettleAfter = 5 * time.Second
	orderLease       = 30 * time.Second
	ordersMost       = 20
	// orderArrives is how long a system that does not know an order is asked again before it counts as not arrived.
	orderArrives = 2 * time.Minute
)

// dispensary is the practice's system, where repeats can be asked for by somebody who proved themselves by a code or a PIN.
// GP Connect's patient-facing interface asks for an identity of level P9, which nobody has here: then it stays a person's task.
func (s *Service) dispensary(ctx context.Context, own requests.Own) (clinical.RepeatMedicines, clinical.Integration, error) {
	system, integration, err := s.o.Systems.For(ctx, own.NeighbourhoodID, own.OrganisationID, clinical.UseMedicines, own.Kind)
	if away(err) {
		return nil, clinical.Integration{}, notOffered().Because(err)
	}
	if err != nil {
		return nil, clinical.Integration{}, err
	}
	dispensary, ok := system.(clinical.RepeatMedicines)
	if !ok || integration.Kind == clinical.PatientFacing {
		return nil, clinical.Integration{}, notOffered()
	}
	return dispensary, integration, nil
}

// Medicines are what the person takes regularly, as the practice's system has it. Errors: medicines_not_offered,
// medicines_unavailable, not_proved.
func (s *Service) Medicines(ctx context.Context, v Visit, proof callers.Proof) ([]OfferedMedicine, error) {
	own, err := s.let(ctx, v, proof, Order)
	if err != nil {
		return nil, err
	}
	dispensary, _, err := s.dispensary(ctx, own)
	if err != nil {
		return nil, err
	}
	reading, cancel := context.WithTimeout(ctx, s.o.Budget)
	defer cancel()
	list, err := dispensary.Repeats(reading, own.Patient.NHSNumber)
	if away(err) {
		return nil, notOffered().Because(err)
	}
	if err != nil {
		return nil, medicinesUnavailable(err)
	}
	offered := make([]OfferedMedicine, len(list))
	for i, m := range list {
		offered[i].Medicine = m
		if !m.May {
			continue
		}
		if offered[i].Token, err = seal(ctx, s, own, aMedicine, m); err != nil {
			return nil, err
		}
	}
	return offered, nil
}

func medicinesUnavailable(err error) *fault.Error {
	return fault.New(fault.Unavailable, "medicines_unavailable", "The practice’s system cannot be asked now. Nothing was ordered.").Because(err)
}

// Order asks for medicines that were offered. From then on the practice's system has the order as a task for a prescriber, and
// the request stays open until that system says what became of it. Errors: order_unknown (it is read back), order_refused,
// medicines_unavailable, order_exists, offer_ended, not_proved: the request stands in the queue in each of these.
func (s *Service) Order(ctx context.Context, v Visit, proof callers.Proof, medicines []string) error {
	own, err := s.let(ctx, v, proof, Order)
	if err != nil {
		return err
	}
	dispensary, integration, err := s.dispensary(ctx, own)
	if err != nil {
		return err
	}
	if len(medicines) == 0 {
		return fault.New(fault.Invalid, "medicine_missing", "Choose at least one medicine.")
	}
	order := clinical.MedicineOrder{
		ID: uuid.Must(uuid.NewV7()), Reference: string(own.Reference), Patient: own.Patient, At: s.o.Now(), By: own.Practice,
	}
	for _, token := range medicines {
		m, err := open[clinical.Medicine](ctx, s, own, aMedicine, token)
		if err != nil {
			return err
		}
		order.Medicines = append(order.Medicines, m)
	}
	kept, err := s.keep(ctx, own, integration, order)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // it is finished whether or not the visitor still waits
	sending, cancel := context.WithTimeout(ctx, s.o.Budget)
	_, tried := dispensary.Ask(sending, order)
	cancel()
	kept = kept.after(tried, s.o.Now())
	if err := s.o.Store.Save(ctx, kept); err != nil {
		return orderUnknown(err) // it is stored as asked, and is read back
	}
	return s.placed(ctx, kept, own.Reference, tried)
}

func (s *Service) keep(ctx context.Context, own requests.Own, way clinical.Integration, order clinical.MedicineOrder) (MedicineOrder, error) {
	plain, err := json.Marshal(order)
	if err != nil {
		return MedicineOrder{}, err
	}
	now := s.o.Now()
	kept := MedicineOrder{
		ID: order.ID, NeighbourhoodID: own.NeighbourhoodID, RequestID: own.ID, OrganisationID: own.OrganisationID, IntegrationID: way.ID,
		State: OrderAsked, AskedAt: now, NextAt: now.Add(s.o.Budget + orderSettleAfter),
	}
	if kept.Sealed, err = s.o.Sealer.Seal(ctx, own.NeighbourhoodID, plain, orderContext(order.ID)); err != nil {
		return MedicineOrder{}, err
	}
	return kept, s.o.Store.Ask(ctx, kept)
}

func orderContext(id uuid.UUID) []byte { return []byte("medicine-order/" + id.String()) }

// after is an order after a try.
func (o MedicineOrder) after(err error, now time.Time) MedicineOrder {
	o.Tries++
	var lost *clinical.Unknown
	var refused *clinical.Refused
	var unavailable *clinical.Unavailable
	switch {
	case err == nil:
		o.State, o.SettledAt, o.NextAt, o.LastError = OrderPlaced, now, time.Time{}, ""
	case errors.As(err, &lost): // first: it may wrap one of the others
		o.State, o.LastError = OrderUnknown, lost.Says
	case errors.As(err, &refused):
		o.State, o.SettledAt, o.NextAt, o.LastError = OrderRefused, now, time.Time{}, refused.Says
	case errors.As(err, &unavailable):
		o.State, o.SettledAt, o.NextAt, o.LastError = OrderRefused, now, time.Time{}, unavailable.Says
	default: // an error that we did not foresee may hold anything, so its text is not kept
		o.State, o.LastError = OrderUnknown, "The practice’s system did not confirm it in time."
	}
	if o.State == OrderUnknown {
		o.NextAt = now.Add(orderSettleAfter << min(o.Tries, 5))
	}
	return o
}

// placed says what came of an order, and notes one that arrived at its request.
func (s *Service) placed(ctx context.Context, o MedicineOrder, reference requests.Reference, tried error) error {
	var refused *clinical.Refused
	switch o.State {
	case OrderPlaced:
		return s.o.Requests.Ordered(ctx, o.NeighbourhoodID, reference, o.OrganisationID, o.ID)
	case OrderRefused:
		if errors.As(tried, &refused) {
			return fault.New(fault.Conflict, "order_refused", "The practice’s system did not take the order. A person will help.").Because(tried)
		}
		return medicinesUnavailable(tried)
	case OrderAsked, OrderUnknown:
	}
	return orderUnknown(tried)
}

func orderUnknown(err error) *fault.Error {
	return fault.New(fault.Unavailable, "order_unknown", "We could not confirm the order with the practice’s system in time. We are checking.").Because(err)
}
